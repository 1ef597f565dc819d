package sendgridmail

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

const eventCheckout = "abcdefghijklmnopqrstuvwxyz"

// anEvent is what SendGrid posts, with further fields.
func anEvent(more string) string {
	return `{"email":"ana@example.net","timestamp":1795428000,"event":"delivered","message_id":"default.` + eventCheckout + `-2-1",` +
		`"sg_event_id":"x","sg_message_id":"abc.recvd-1.0","smtp-id":"<1@geopod>","category":["reminder"]` + more + `}`
}

func TestParseEvents(t *testing.T) {
	t.Parallel()
	want := func(change func(*recovery.Event)) *recovery.Event {
		e := recovery.Event{
			Store: "default", Checkout: eventCheckout, Reminder: recovery.ReminderID{Generation: 2, Step: 1}, Kind: recovery.EventDelivered,
			At: time.Unix(1795428000, 0).UTC(), Email: "ana@example.net", Provider: "abc",
		}
		change(&e)
		return &e
	}
	kind := func(k recovery.EventKind, reason ...recovery.Reason) *recovery.Event {
		return want(func(e *recovery.Event) { e.Kind = k; e.Reason = append(reason, "")[0] })
	}
	same := kind(recovery.EventDelivered)
	at := func(at time.Time) *recovery.Event { return want(func(e *recovery.Event) { e.At = at }) }
	for _, tc := range []struct {
		name  string
		event string // a later field of the same name counts
		want  *recovery.Event
	}{
		{"delivered", anEvent(``), same},
		{"one category", anEvent(`,"category":"reminder"`), same},
		{"a category of another type", anEvent(`,"category":7`), same},
		{"custom arguments of others", anEvent(`,"Event":"bounce","TIMESTAMP":{},"Email":["x"]`), same},
		{"processed", anEvent(`,"event":"processed"`), kind(recovery.EventProcessed)},
		{"deferred", anEvent(`,"event":"deferred","attempt":"1"`), kind(recovery.EventDeferred)},
		{"open", anEvent(`,"event":"open","sg_machine_open":false`), kind(recovery.EventOpened)},
		{"open by a machine", anEvent(`,"event":"open","sg_machine_open":true`), kind(recovery.EventProcessed)},
		{"click", anEvent(`,"event":"click","url":"https://x.example.com"`), kind(recovery.EventClicked)},
		{"bounce", anEvent(`,"event":"bounce","type":"bounce"`), kind(recovery.EventBounced)},
		{"bounce, blocked", anEvent(`,"event":"bounce","type":"blocked"`), kind(recovery.EventBlocked)},
		{"bounce, without a type", anEvent(`,"event":"bounce"`), kind(recovery.EventBlocked)},
		{"dropped", anEvent(`,"event":"dropped"`), kind(recovery.EventDropped)},
		{"dropped, bounced", anEvent(`,"event":"dropped","reason":"Bounced Address"`), kind(recovery.EventDropped, recovery.ReasonBounced)},
		{"dropped, invalid", anEvent(`,"event":"dropped","reason":"Invalid"`), kind(recovery.EventDropped, recovery.ReasonBounced)},
		{"dropped, unsubscribed", anEvent(`,"event":"dropped","reason":"unsubscribed address"`), kind(recovery.EventDropped, recovery.ReasonUnsubscribed)},
		{"dropped, complained", anEvent(`,"event":"dropped","reason":"Spam Reporting Address"`), kind(recovery.EventDropped, recovery.ReasonComplained)},
		{"dropped, our fault", anEvent(`,"event":"dropped","reason":"Invalid SMTPAPI header"`), kind(recovery.EventDropped)},
		{"spamreport", anEvent(`,"event":"spamreport"`), kind(recovery.EventComplained)},
		{"unsubscribe", anEvent(`,"event":"unsubscribe"`), kind(recovery.EventUnsubscribed)},
		{"group_unsubscribe", anEvent(`,"event":"group_unsubscribe","asm_group_id":1`), kind(recovery.EventUnsubscribed)},
		{"group_resubscribe", anEvent(`,"event":"group_resubscribe"`), nil},
		{"a kind to come", anEvent(`,"event":"teleported"`), nil},
		{"no kind", anEvent(`,"event":null`), nil},
		{"another kind of kind", anEvent(`,"event":1`), nil},
		{"seconds in quotes", anEvent(`,"timestamp":"1795428001"`), at(time.Unix(1795428001, 0).UTC())},
		{"parts of seconds", anEvent(`,"timestamp":1795428001.25`), at(time.Unix(1795428001, 25e7).UTC())},
		{"no seconds", anEvent(`,"timestamp":null`), at(time.Time{})},
		{"seconds that are none", anEvent(`,"timestamp":"NaN"`), at(time.Time{})},
		{"seconds too many", anEvent(`,"timestamp":1e300`), at(time.Time{})},
		{"seconds too few", anEvent(`,"timestamp":-5`), at(time.Time{})},
		{"an address in capitals", anEvent(`,"email":" ANA@Example.NET"`), want(func(*recovery.Event) {})},
		{"an address beside a name", anEvent(`,"email":"Ana <ana@example.net>"`), want(func(*recovery.Event) {})},
		{"an address that is none", anEvent(`,"email":["ana@example.net"]`), want(func(e *recovery.Event) { e.Email = "" })},
		{"an ID without a dot", anEvent(`,"sg_message_id":"abc"`), same},
		{"no ID", anEvent(`,"sg_message_id":17`), want(func(e *recovery.Event) { e.Provider = "" })},
		{"somebody else's mail", anEvent(`,"message_id":"order-17"`), nil},
		{"a message of another form", anEvent(`,"message_id":{"a":1}`), nil},
		{"text", `"delivered"`, nil},
		{"nothing", `null`, nil},
		{"a list", `[` + anEvent(``) + `]`, nil},
		{"broken text", strings.Replace(anEvent(`,"useragent":"X"`), "X", "\xff", 1), same},
	} {
		events, ignored, err := ParseEvents([]byte("[" + tc.event + "]\r\n"))
		var want []recovery.Event
		if tc.want != nil {
			want = []recovery.Event{*tc.want}
		}
		if err != nil || len(events)+ignored != 1 {
			t.Errorf("%s: got %d events, %d ignored, %v; want one in all", tc.name, len(events), ignored, err)
		}
		if diff := cmp.Diff(want, events); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}

// One that cannot be read keeps none of the others from it.
func TestParseEventsOneByOne(t *testing.T) {
	t.Parallel()
	body := fmt.Sprintf("[%s,17,{},%s]", anEvent(``), anEvent(``))
	if events, ignored, err := ParseEvents([]byte(body)); len(events) != 2 || ignored != 2 || err != nil {
		t.Errorf("got %d events, %d ignored, %v; want 2 and 2", len(events), ignored, err)
	}
	if events, ignored, err := ParseEvents([]byte("[]")); len(events) != 0 || ignored != 0 || err != nil {
		t.Errorf("none: got %d events, %d ignored, %v; want none", len(events), ignored, err)
	}
}

func TestNotEvents(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "null", "{}", anEvent(``), `"[]"`, "[", "[]]", "[{]", "[] []", strings.Repeat("[", 100_000)} {
		if _, _, err := ParseEvents([]byte(body)); !errors.Is(err, ErrNotEvents) {
			t.Errorf("%.20q: got %v, want ErrNotEvents", body, err)
		}
	}
}
