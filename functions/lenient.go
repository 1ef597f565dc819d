package functions

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/comeback-checkout/comeback/internal/address"
	"github.com/comeback-checkout/comeback/internal/lenient"
	"github.com/comeback-checkout/comeback/internal/money"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// usable reads a text of a shop system as a storefront's own call has to give it, and
// is "" where that would be refused: a shop system cannot mend it.
func usable(text string, read func(object) string) string {
	raw, err := json.Marshal(text)
	if err != nil {
		return ""
	}
	var fault error
	value := read(object{fields: map[string]json.RawMessage{"": raw}, err: &fault})
	if fault != nil {
		return ""
	}
	return value
}

// usableEmail is the first address that the texts hold.
func usableEmail(texts ...string) string {
	for _, text := range texts {
		if email := address.Find(text); email != "" {
			return email
		}
	}
	return ""
}

// emailOf is the text of an object's address, which may say more than that.
func emailOf(o lenient.Object, name string) string { return o.Text(name, maxTitle) }

// usableLink is the text if it is a link on one of the hosts.
func usableLink(text string, hosts []string) string {
	return usable(text, func(o object) string { return o.link("", false, hosts).Value })
}

// usablePicture is the text if it is a link by https, also where it leaves that open.
func usablePicture(text string) string {
	if strings.HasPrefix(text, "//") {
		text = "https:" + text
	}
	return usable(text, func(o object) string { return o.link("", true, nil).Value })
}

// linkOf is the text of an object's link; too long for one where it was cut.
func linkOf(o lenient.Object, name string) string { return o.Text(name, maxURL+1) }

// usableLocale is the text as a tag, also with an underscore; not given if it is none,
// which leaves what is recorded.
func usableLocale(text string) recovery.Field[string] {
	tag := usable(strings.ReplaceAll(text, "_", "-"), func(o object) string { return o.locale("").Value })
	return recovery.Field[string]{Given: tag != "", Value: tag}
}

// usableCurrency is the code if there is such a currency.
func usableCurrency(o lenient.Object, name string) string {
	if code := strings.ToUpper(o.Text(name, maxShort)); money.Known(code) {
		return code
	}
	return ""
}

// usableAmount is the field's amount, rounded to the currency's decimals; nil where it is
// none, or negative.
func usableAmount(o lenient.Object, name, currency string) *recovery.Money {
	m, err := money.Nearest(o.Decimal(name), currency)
	if err != nil {
		return nil
	}
	return &m
}

// usableID is the first of the fields that has an ID. One that is too long to keep is
// kept by its hash, so that it still is the same as itself alone.
func usableID(o lenient.Object, names ...string) string {
	for _, name := range names {
		if id := o.ID(name); len(id) > maxID {
			return "hash_" + digest(id)
		} else if id != "" {
			return strings.ToValidUTF8(id, "\ufffd")
		}
	}
	return ""
}

// usableName is the name of the first of the people who has one: parts of two are nobody's.
func usableName(people ...lenient.Object) (first, last string) {
	for _, p := range people {
		first, last = p.Text("first_name", maxName), p.Text("last_name", maxName)
		if first+last != "" {
			break
		}
	}
	return first, last
}

// firstText is the first of the texts that is not empty.
func firstText(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// firstInstant is the first of the fields that has an instant: now where that is ahead.
func firstInstant(o lenient.Object, now time.Time, names ...string) time.Time {
	for _, name := range names {
		if t := o.Instant(name, time.UTC); !t.IsZero() {
			return pastOf(t, now)
		}
	}
	return time.Time{}
}

// dated says whether the field has an instant, also in a form that cannot be read. Zeros
// are none.
func dated(o lenient.Object, name string) bool {
	return strings.ContainsAny(o.Text(name, maxShort), "123456789")
}

// pastOf is the instant, or now if it is ahead.
func pastOf(t, now time.Time) time.Time {
	if t.After(now) {
		return now
	}
	return recovery.Instant(t)
}
