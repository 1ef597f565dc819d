package functions

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/language"

	"github.com/comeback-checkout/comeback/internal/address"
	"github.com/comeback-checkout/comeback/internal/money"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Limits on text, in characters.
const (
	maxID    = 200
	maxName  = 100
	maxTitle = 500
	maxURL   = 2048
	maxShort = 100 // locales, time zones, codes
	maxItems = 250
	maxCount = 99_999
	maxAhead = 5 * time.Minute
)

// object reads the fields of a JSON object by their exact names. The first fault is
// kept in *err and names its field; reading goes on without effect. Unknown fields
// are ignored.
type object struct {
	fields map[string]json.RawMessage
	path   string // before the fields' names, "items[3]."
	err    *error
}

// parseObject reads a body that is one JSON object and nothing else.
func parseObject(body []byte, err *error) object {
	o := object{err: err}
	e := json.Unmarshal(body, &o.fields)
	if syntax := (*json.SyntaxError)(nil); errors.As(e, &syntax) {
		*err = invalid("", "the body is not one JSON object: %v at byte %d", syntax, syntax.Offset)
	} else if e != nil || o.fields == nil {
		*err = invalid("", "the body is not one JSON object like {…}")
	}
	return o
}

func (o object) fault(name, format string, args ...any) {
	if *o.err == nil {
		*o.err = invalid(o.path+name, format, args...)
	}
}

// get finds a field; null says that it is given and has no value.
func (o object) get(name string) (raw json.RawMessage, given, null bool) {
	if *o.err != nil {
		return nil, false, false
	}
	raw, given = o.fields[name]
	return raw, given, string(raw) == "null"
}

// unquote reads a JSON string. One without escapes is what stands between its quotes.
func unquote(raw json.RawMessage) (s string, ok bool) {
	if len(raw) > 1 && raw[0] == '"' && !bytes.Contains(raw, []byte(`\`)) {
		return string(raw[1 : len(raw)-1]), true
	}
	return s, json.Unmarshal(raw, &s) == nil
}

// text reads a string of at most limit characters.
func (o object) text(name string, limit int) recovery.Field[string] {
	raw, given, null := o.get(name)
	f := recovery.Field[string]{Given: given}
	if given && !null {
		value, ok := unquote(raw)
		if !ok {
			o.fault(name, "want a string")
		}
		f.Value = value
	}
	if utf8.RuneCountInString(f.Value) > limit {
		o.fault(name, "want at most %d characters", limit)
	}
	return f
}

func (o object) boolean(name string) recovery.Field[*bool] {
	raw, given, null := o.get(name)
	if !given || null {
		return recovery.Field[*bool]{Given: given}
	}
	value := string(raw) == "true"
	if !value && string(raw) != "false" {
		o.fault(name, "want true or false")
	}
	return recovery.Given(&value)
}

// email reads an address in its normal form; it must be given.
func (o object) email(name string, required bool) string {
	text := o.text(name, address.Max).Value
	if strings.TrimSpace(text) == "" {
		if required {
			o.fault(name, "want the shopper's e-mail address")
		}
		return ""
	}
	email, ok := address.Parse(text)
	if !ok {
		o.fault(name, "want one e-mail address like ana@example.net")
	}
	return email
}

// locale reads a BCP 47 tag. Subtags that the registry does not know are let pass.
func (o object) locale(name string) recovery.Field[string] {
	f := o.text(name, maxShort)
	if f.Value != "" {
		_, err := language.Parse(f.Value)
		if _, unknown := err.(language.ValueError); err != nil && !unknown || strings.Contains(f.Value, "_") {
			o.fault(name, "want a BCP 47 language tag like pt-BR")
		}
	}
	return f
}

func (o object) timezone(name string) recovery.Field[string] {
	f := o.text(name, maxShort)
	if f.Value != "" {
		if recovery.TimeZone(f.Value) == nil || f.Value == "Local" {
			o.fault(name, "want an IANA time zone like America/Sao_Paulo")
		}
	}
	return f
}

// instant reads an RFC 3339 time; the zero time if none is given.
func (o object) instant(name string) time.Time {
	f := o.text(name, maxShort)
	if f.Value == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, f.Value)
	if err != nil || t.Year() < 1970 || t.Year() > 9000 {
		o.fault(name, "want an RFC 3339 time like 2026-11-20T17:30:00Z")
		return time.Time{}
	}
	return recovery.Instant(t)
}

// pastInstant is an instant that may be ahead of now by what clocks differ at most.
func (o object) pastInstant(name string, now time.Time) time.Time {
	t := o.instant(name)
	if t.Sub(now) > maxAhead {
		o.fault(name, "is more than 5 minutes ahead of now")
	}
	return t
}

// amount reads a decimal string in the currency, which is read from its own field.
func (o object) amount(name string, currency string) recovery.Field[*recovery.Money] {
	f := o.text(name, maxShort)
	if f.Value == "" {
		if _, given, null := o.get(name); given && !null {
			o.fault(name, "want a decimal string like \"19.90\"")
		}
		return recovery.Field[*recovery.Money]{Given: f.Given}
	}
	if currency == "" {
		if *o.err == nil {
			*o.err = invalid("currency", "an amount needs a currency")
		}
		return recovery.Field[*recovery.Money]{}
	}
	m, err := money.Parse(f.Value, currency)
	if err != nil {
		o.fault(name, "%v", err)
	}
	return recovery.Given(&m)
}

func (o object) currency(name string) string {
	f := o.text(name, maxShort)
	if f.Value != "" && !money.Known(f.Value) {
		o.fault(name, "want an ISO 4217 currency code like EUR")
	}
	return f.Value
}

// link reads an http or https URL, on one of the hosts unless hosts is nil.
func (o object) link(name string, httpsOnly bool, hosts []string) recovery.Field[string] {
	f := o.text(name, maxURL)
	if f.Value == "" {
		return f
	}
	schemes := "http:// or https://"
	if httpsOnly {
		schemes = "https://"
	}
	u, err := url.Parse(f.Value)
	switch {
	case err != nil, strings.ContainsAny(f.Value, " \\\"<>"):
		o.fault(name, "is not a well-formed URL: spaces, quotes and the like are written %%20, %%22 and so on")
	case u.Host == "", u.Scheme != "https" && (httpsOnly || u.Scheme != "http"):
		o.fault(name, "want a URL that begins with %s and a host", schemes)
	case u.User != nil:
		o.fault(name, "want a URL without a user and password")
	case hosts != nil && !recovery.HostAllowed(hosts, u.Hostname()):
		o.fault(name, "leads to %s, which is not one of the store's link_hosts", u.Hostname())
	}
	return f
}

// integer reads a whole number within the bounds; missing if it is not given.
func (o object) integer(name string, from, to, missing int) int {
	raw, given, null := o.get(name)
	if !given || null {
		return missing
	}
	n, err := strconv.Atoi(string(raw))
	if err != nil || n < from || n > to {
		o.fault(name, "want a whole number from %d to %d", from, to)
	}
	return n
}

// sub reads a field that is an object.
func (o object) sub(name string) (fields object, given, null bool) {
	raw, given, null := o.get(name)
	fields = object{path: o.path + name + ".", err: o.err}
	if given && !null {
		if err := json.Unmarshal(raw, &fields.fields); err != nil {
			o.fault(name, "want an object")
		}
	}
	return fields, given, null
}

// list reads a field that is an array of at most limit objects.
func (o object) list(name string, limit int) (elements []object, given bool) {
	raw, given, null := o.get(name)
	if !given || null {
		return nil, given
	}
	var raws []json.RawMessage
	if err := json.Unmarshal(raw, &raws); err != nil {
		o.fault(name, "want an array")
	}
	if len(raws) > limit {
		o.fault(name, "want at most %d, got %d", limit, len(raws))
		return nil, given
	}
	for i, raw := range raws {
		at := fmt.Sprintf("%s[%d]", name, i)
		e := object{path: o.path + at + ".", err: o.err}
		if !bytes.HasPrefix(raw, []byte("{")) || json.Unmarshal(raw, &e.fields) != nil {
			o.fault(at, "want an object")
		}
		elements = append(elements, e)
	}
	return elements, given
}
