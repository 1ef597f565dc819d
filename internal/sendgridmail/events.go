package sendgridmail

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/comeback-checkout/comeback/internal/address"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// ErrNotEvents says that a body is no JSON array, and so no events.
var ErrNotEvents = errors.New("want a JSON array of events")

// ParseEvents reads the body of an event webhook. What is not an event of one of our
// messages, or of no kind that we know, is counted as ignored: an account sends other
// mail too, and nobody could mend what SendGrid sends. The error is ErrNotEvents.
func ParseEvents(body []byte) (events []recovery.Event, ignored int, err error) {
	var list []json.RawMessage
	if err := json.Unmarshal(body, &list); err != nil || list == nil { // null is no array
		return nil, 0, ErrNotEvents
	}
	for _, one := range list {
		// Not a struct: it would take fields of other cases for its own, and custom
		// arguments, which stand beside SendGrid's fields, have any name and type.
		var f fields
		if json.Unmarshal(one, &f) != nil {
			ignored++
			continue
		}
		if e, ok := f.event(); ok {
			events = append(events, e)
		} else {
			ignored++
		}
	}
	return events, ignored, nil
}

// fields are those of one event.
type fields map[string]json.RawMessage

func (f fields) event() (e recovery.Event, ok bool) {
	e.Store, e.Checkout, e.Reminder, ok = f.message()
	if !ok {
		return e, false
	}
	e.Kind, e.Reason = f.kind()
	e.At = f.instant("timestamp")
	e.Email = address.Find(f.text("email"))
	// What mail/send answers as the message's ID is the part before the first dot.
	e.Provider, _, _ = strings.Cut(f.text("sg_message_id"), ".")
	return e, e.Kind != ""
}

func (f fields) message() (store, checkout string, id recovery.ReminderID, ok bool) {
	store, checkout, id, err := recovery.ParseMessageID(f.text("message_id"))
	return store, checkout, id, err == nil
}

// kind gives SendGrid's word the sense that package recovery has for it; "" for one
// that changes nothing.
func (f fields) kind() (recovery.EventKind, recovery.Reason) {
	switch f.text("event") {
	case "processed":
		return recovery.EventProcessed, ""
	case "deferred":
		return recovery.EventDeferred, ""
	case "delivered":
		return recovery.EventDelivered, ""
	case "open":
		if string(f["sg_machine_open"]) == "true" { // a mail program that loads all images unseen
			return recovery.EventProcessed, ""
		}
		return recovery.EventOpened, ""
	case "click":
		return recovery.EventClicked, ""
	case "bounce":
		if f.text("type") == "bounce" {
			return recovery.EventBounced, ""
		}
		return recovery.EventBlocked, "" // the mailbox is full, the server is wary of us
	case "dropped":
		return recovery.EventDropped, dropReason(f.text("reason"))
	case "spamreport":
		return recovery.EventComplained, ""
	case "unsubscribe", "group_unsubscribe":
		return recovery.EventUnsubscribed, ""
	}
	return "", ""
}

// dropReason is the standing decision that SendGrid drops a message for. It drops
// others for what is wrong with them, such as "Invalid SMTPAPI header".
func dropReason(s string) recovery.Reason {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "bounced address", "invalid", "invalid address":
		return recovery.ReasonBounced
	case "unsubscribed address":
		return recovery.ReasonUnsubscribed
	case "spam reporting address":
		return recovery.ReasonComplained
	}
	return ""
}

// text is a field that is a string; "" if it is not.
func (f fields) text(name string) string {
	var s string
	if json.Unmarshal(f[name], &s) != nil {
		return ""
	}
	return s
}

// instant is a field of seconds since 1970, as a number or in quotes; zero if it is not.
func (f fields) instant(name string) time.Time {
	seconds, err := strconv.ParseFloat(strings.Trim(string(f[name]), `"`), 64)
	if err != nil || !(seconds > 0 && seconds < math.MaxInt32*1000) { // NaN is refused too
		return time.Time{}
	}
	return recovery.Instant(time.UnixMicro(int64(seconds * 1e6)))
}
