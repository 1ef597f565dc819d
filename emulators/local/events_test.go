package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// event lets SendGrid tell of the n-th mail what the test wants, through the console.
func (w *world) event(n int, kind string) {
	w.t.Helper()
	a := w.console(http.StatusOK, http.MethodPost, "/api/messages/"+w.mails()[n].ID+"/events", toJSON(w.t, body{"event": kind}))
	if a.Body["delivered"] != true {
		w.t.Fatalf("the event %s was not taken: %s", kind, a.Raw)
	}
}

// The answer is lost, the events come: the reminder is sent, also where the store would
// have tried once more. Promises 2 and 4.
func TestEventsSettleWhatIsUnknown(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"leave", "resend"} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, withConfig(storeYAML("when_unknown: "+policy)))
			w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
			w.fault("sendgrid", "accept_then_drop", 1)
			w.advance(30 * time.Minute)
			w.heal()
			w.wantStates(w.checkoutNow(sample(t, "checkout.json")), "unknown", "scheduled", "scheduled")
			w.advance(5 * time.Second)
			w.wantStates(w.checkoutNow(sample(t, "checkout.json")), "sent", "scheduled", "scheduled")
			r := w.stored("chk_7f3a91").Reminders[recovery.ReminderID{Generation: 1}]
			if late := r.SentAt.Sub(r.Due); late < 0 || late > 5*time.Second || r.Message == "" {
				t.Errorf("sent %v after it was due, as %q; want at once, with SendGrid's ID", late, r.Message)
			}
			w.advance(80 * time.Hour)
			w.wantMails(ana, ana, ana)
		})
	}
}

// Firestore is away when the events come: they are refused, and come again. Promise 4.
func TestEventsWhileFirestoreIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
	w.fault("sendgrid", "accept_then_drop", 1)
	w.advance(30 * time.Minute)
	w.heal()
	w.fault("firestore", "unavailable", 1)
	w.advance(5 * time.Second)
	w.heal()
	w.wantStates(w.checkoutNow(sample(t, "checkout.json")), "unknown", "scheduled", "scheduled")
	w.advance(time.Minute)
	w.wantStates(w.checkoutNow(sample(t, "checkout.json")), "sent", "scheduled", "scheduled")
}

// Every event twice, as SendGrid does it: nothing is sent twice or told otherwise.
func TestEventsTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fault("sendgrid", "duplicate", 1)
	w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
	w.advance(25 * time.Hour)
	w.event(0, "bounce")
	w.wantStates(w.checkoutNow(sample(t, "checkout.json")), "sent", "sent", "scheduled")
	w.advance(80 * time.Hour)
	w.wantMails(ana, ana)
}

// What a shopper or their mailbox says of one mail decides on the next. Promise 7.
func TestEventsSuppress(t *testing.T) {
	t.Parallel()
	for event, want := range map[string]string{
		"bounce": "skipped:bounced", "dropped": "skipped:bounced", "spamreport": "skipped:complained", "unsubscribe": "skipped:unsubscribed",
		"blocked": "sent", "deferred": "sent", "open": "sent", "click": "sent",
	} {
		t.Run(event, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
			w.advance(40 * time.Minute)
			w.event(0, event)
			w.advance(80 * time.Hour)
			w.wantStates(w.checkoutNow(sample(t, "checkout.json")), "sent", want, want)
		})
	}
}

// eventsKey is a key as SendGrid has one for an account, and its public part.
func eventsKey(t *testing.T) (*ecdsa.PrivateKey, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return key, base64.StdEncoding.EncodeToString(der)
}

// postEvents posts events signed with the key, and wants the status.
func (w *world) postEvents(want int, key *ecdsa.PrivateKey, events string) answer {
	w.t.Helper()
	timestamp := strconv.FormatInt(w.Clock.Now().Unix(), 10)
	sum := sha256.Sum256([]byte(timestamp + events))
	signature, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		w.t.Fatal(err)
	}
	return w.post(want, "/webhooks/sendgrid", events,
		"X-Twilio-Email-Event-Webhook-Signature", base64.StdEncoding.EncodeToString(signature),
		"X-Twilio-Email-Event-Webhook-Timestamp", timestamp)
}

// SendGrid's sample, of the mails to five shoppers: what it tells of each is noted, and who
// is not to be mailed any more is not.
func TestSendGridSample(t *testing.T) {
	t.Parallel()
	key, public := eventsKey(t)
	w := newWorld(t, withConfig(storeYAML(`sendgrid: {events_public_key: "env:EVENTS_KEY"}`)), func(o *Options) {
		o.Now = time.Date(2026, 11, 21, 17, 0, 0, 0, time.UTC)
		o.Lookup = func(name string) (string, bool) {
			if name != "EVENTS_KEY" {
				return "", false
			}
			return public, true
		}
	})
	shoppers := []string{"ana.lima@example.net", "gone@example.net", "full@example.net", "angry@example.net", "done@example.net"}
	for _, email := range shoppers {
		w.post(http.StatusCreated, checkoutPath, toJSON(t, body{"checkout_id": email, "email": email, "abandoned_at": "2026-11-21T17:00:00Z"}))
	}
	w.advance(30 * time.Minute)
	ids := map[string]any{}
	for _, m := range w.mails() {
		ids[m.To] = m.CustomArgs["message_id"]
	}
	var events []body
	if err := json.Unmarshal([]byte(sample(t, "sendgrid/events.json")), &events); err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		email, _ := e["email"].(string)
		e["message_id"] = ids[email]
	}
	w.advance(3 * time.Minute)
	for range 2 {
		a := w.postEvents(http.StatusOK, key, toJSON(t, events))
		if a.Body["recorded"] != float64(len(events)) || a.Body["ignored"] != 0.0 {
			t.Errorf("got %s", a.Raw)
		}
	}
	p, err := w.App.Service.ExportShopper(t.Context(), "default", ana)
	if err != nil || len(p.Messages) != 1 {
		t.Fatalf("got %d messages, %v", len(p.Messages), err)
	}
	at := func(unix int64) time.Time { return time.Unix(unix, 0).UTC() }
	if m := p.Messages[0]; !m.Delivered.Equal(at(1795282203)) || !m.Opened.Equal(at(1795282260)) || !m.Clicked.Equal(at(1795282290)) || !m.Bounced.IsZero() {
		t.Errorf("the row is %+v", m)
	}
	before := len(w.mails())
	w.advance(24 * time.Hour)
	var mailed []string
	for _, m := range w.mails()[before:] {
		mailed = append(mailed, m.To)
	}
	slices.Sort(mailed)
	if want := []string{"ana.lima@example.net", "full@example.net"}; !slices.Equal(mailed, want) {
		t.Errorf("a day later %v were mailed, want %v", mailed, want)
	}
}

// Only the store's own key speaks for its messages. Promise 8.
func TestEventsOfOthers(t *testing.T) {
	t.Parallel()
	second, public := eventsKey(t)
	stranger, _ := eventsKey(t)
	yaml := storeYAML() + strings.Replace(strings.TrimPrefix(storeYAML(`sendgrid: {events_public_key: "env:SECOND_EVENTS_KEY"}`, `api_keys: ["env:SECOND_API_KEY"]`), "stores:\n"), "default:", "second:", 1)
	w := newWorld(t, withConfig(yaml), func(o *Options) {
		vars := map[string]string{"SECOND_EVENTS_KEY": public, "SECOND_API_KEY": "second's"}
		o.Lookup = func(name string) (string, bool) { v, ok := vars[name]; return v, ok }
	})
	w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
	w.advance(40 * time.Minute)
	mail := w.mails()[0]
	events := fmt.Sprintf(`[{"event":"unsubscribe","email":%q,"timestamp":%d,"message_id":%q,"sg_message_id":"forged.0"}]`,
		ana, w.Clock.Now().Unix(), mail.CustomArgs["message_id"])

	w.postEvents(http.StatusUnauthorized, stranger, events)
	w.post(http.StatusUnauthorized, "/webhooks/sendgrid", events)
	if got := w.postEvents(http.StatusOK, second, events); got.Body["recorded"] != 0.0 || got.Body["ignored"] != 1.0 {
		t.Errorf("another store's key: got %s, want the event ignored", got.Raw)
	}
	w.advance(80 * time.Hour)
	w.wantMails(ana, ana, ana)
}

// A test is repeated with its ID after the first has expired, and somebody opens the
// first mail: the second one comes all the same.
func TestEventOfAnExpiredCheckout(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withConfig(storeYAML("reminders: [{after: 30m, template: first}]", "test_recipients: [me@example.com]")))
	b := sampleBody(t, "checkout.json", body{"abandoned_at": nil, "test": true})
	w.post(http.StatusCreated, checkoutPath, b)
	w.advance(73 * time.Hour)
	w.wantMails("me@example.com")
	w.post(http.StatusCreated, checkoutPath, b)
	w.event(0, "open")
	w.advance(time.Hour)
	w.wantMails("me@example.com", "me@example.com")
}
