package firestoredb

import (
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/recovery/recoverytest"
	"github.com/comeback-checkout/comeback/terraform"
)

// fuzzed are the documents that a run of a reminder, an order, events or the sweep
// read back, and the fields that FuzzDocument damages.
var fuzzed = []struct{ collection, fields string }{
	{"checkouts", "v id email shopper cart_id cart total total.minor items locale timezone accepts_marketing test t recorded news generation status order order.by reminders reminders.1-0 reminders.1-0.state reminders.1-0.due_at reminders.1-0.after reminders.1-0.claimed_until reminders.1-0.look reminders.1-0.sweeps reminders.x last_sent last_sent.0 last_sent.x check_at shard expires_at"},
	{"shoppers", "last_order newest_t messages expires_at"},
	{"suppressions", "v reason at"},
	{"carts", "last_order checkout expires_at"},
	{"messages", "v state sent_at delivered_at shopper expires_at"},
	{"orders", "v id matched placed_at attribution_step expires_at"},
	{"heard", "at"},
}

// FuzzDocument looks for a document, of another release or damaged, that ends the
// process, or after which a reminder is mailed that is not scheduled.
func FuzzDocument(f *testing.F) {
	for doc, of := range fuzzed {
		for field := range strings.Fields(of.fields) {
			for _, value := range []string{"null", "-1", "1e300", `"0001-01-01T00:00:00Z"`, "[null,{}]"} {
				f.Add(uint8(doc), uint8(field), value)
			}
		}
	}
	f.Fuzz(func(t *testing.T, doc, field uint8, text string) {
		var value any
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if d.Decode(&value) != nil {
			return // not JSON: there is no value to damage a field with
		}
		of := fuzzed[int(doc)%len(fuzzed)]
		fields := strings.Fields(of.fields)
		readDamaged(t, of.collection, fields[int(field)%len(fields)], natural(value))
	})
}

// natural turns JSON into what a document of ours would hold.
func natural(value any) any {
	switch v := value.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		x, _ := v.Float64() // infinite if it is too large
		return x
	case string:
		if at, err := time.Parse(time.RFC3339, v); err == nil {
			return at
		}
		return strings.ToValidUTF8(v, "?")
	case []any:
		list := []any{}
		for _, e := range v {
			if e = natural(e); !isList(e) { // Firestore has no arrays of arrays
				list = append(list, e)
			}
		}
		return list
	case map[string]any:
		m := map[string]any{}
		for name, e := range v {
			if name = strings.ToValidUTF8(name, "?"); name != "" && !strings.HasPrefix(name, "__") {
				m[name] = natural(e)
			}
		}
		return m
	}
	return value
}

func isList(v any) bool {
	_, ok := v.([]any)
	return ok
}

// readDamaged stores a checkout that is due, with all that it is judged by, damages one
// field, and lets all of the product read it.
func readDamaged(t *testing.T, collection, field string, value any) {
	t.Helper()
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	clock := recoverytest.NewClock(now)
	db, mailer := open(t, clock, terraform.Indexes), &recoverytest.Mailer{}
	s := &recovery.Service{
		DB: db, Queue: &recoverytest.Queue{}, Mailer: mailer, Renderer: recoverytest.Renderer{}, Clock: clock, Log: slog.New(slog.DiscardHandler),
		Deadlines: recovery.DefaultDeadlines(), NewID: func() string { return "id" }, Stores: map[string]*recovery.Store{"s": {
			ID: "s", Steps: recovery.DefaultSteps(), Consent: recovery.ConsentAny, MaxLate: time.Hour, Retention: time.Hour, Cap: recovery.Cap{Messages: 3, Per: time.Hour},
		}},
	}
	news := recovery.News{CheckoutID: "c", Email: "ana@example.net", CartID: recovery.Given("k"), AbandonedAt: now}
	c, _, err := s.RecordCheckout(t.Context(), "s", news)
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]string{
		"checkouts": c.Key, "messages": c.Key + "-1-0", "shoppers": c.ShopperKey, "suppressions": c.ShopperKey, "carts": c.CartKey, "orders": recovery.OrderKey("s", "o"), "heard": "Checkout",
	}
	if _, err := db.doc("s", collection, keys[collection]).Set(t.Context(), nested(field, value), firestore.MergeAll); status.Code(err) == codes.InvalidArgument {
		return // Firestore has no such value: no document can hold it
	} else if err != nil {
		t.Fatal(err)
	}
	clock.Set(now.Add(30 * time.Minute))
	task := recovery.Task{Store: "s", Checkout: c.Key, Reminder: recovery.ReminderID{Generation: 1}}
	run, err := s.Remind(t.Context(), task)
	if sent := len(mailer.Sent()); sent > 1 || sent == 1 && (err != nil || run.State != recovery.Sent && run.State != recovery.Scheduled) {
		t.Errorf("%s.%s = %v: %d mails, the run was %+v, %v", collection, field, value, sent, run, err)
	}
	if field == "reminders.1-0.state" && len(mailer.Sent()) > 0 && value != "scheduled" && value != "claimed" && value != "unknown" {
		t.Errorf("a reminder of state %v was mailed", value)
	}
	_, _ = s.Remind(t.Context(), task)
	if len(mailer.Sent()) > 1 {
		t.Errorf("%s.%s = %v: mailed twice", collection, field, value)
	}
	_, _ = s.Sweep(t.Context())
	_, _ = s.Silences(t.Context(), []string{"Checkout"})
	_, _ = s.RecordEvents(t.Context(), []recovery.Event{{Store: "s", Checkout: c.Key, Reminder: task.Reminder, Kind: recovery.EventDelivered, Email: "ana@example.net", At: now}})
	_, _, _ = s.RecordCheckout(t.Context(), "s", news)
	_, err = s.RecordOrder(t.Context(), "s", recovery.OrderNews{OrderID: "o", CheckoutID: "c", CartID: "k", Email: "ana@example.net"})
	if errors.Is(err, recovery.ErrConflict) {
		t.Errorf("%s.%s = %v: an order finds no end: %v", collection, field, value, err)
	}
}

// nested puts a value at a path of names between dots.
func nested(path string, value any) map[string]any {
	names := strings.Split(path, ".")
	slices.Reverse(names)
	for _, name := range names {
		value = map[string]any{name: value}
	}
	return value.(map[string]any)
}
