package recovery_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// event is one of the first reminder of checkout "a".
func event(kind recovery.EventKind, at time.Time) recovery.Event {
	return recovery.Event{
		Store: "default", Checkout: recovery.CheckoutKey("default", "a"), Reminder: recovery.ReminderID{Generation: 1},
		Kind: kind, At: at, Email: anAddress, Provider: "event-id",
	}
}

// tell records events and wants it to succeed.
func (s *shop) tell(events ...recovery.Event) recovery.EventsResult {
	s.Helper()
	result, err := s.RecordEvents(context.Background(), events)
	if err != nil {
		s.Fatalf("recording events: %v", err)
	}
	return result
}

func (s *shop) wantResult(what string, got, want recovery.EventsResult) {
	s.Helper()
	if got != want {
		s.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

// row is the one message that there is.
func (s *shop) row() recovery.Message {
	s.Helper()
	rows := s.db.Messages()
	if len(rows) != 1 {
		s.Fatalf("there are %d rows of messages, want one", len(rows))
	}
	return rows[0]
}

// Whatever kind the event is of, it proves that the message was accepted.
func TestEventsSettle(t *testing.T) {
	t.Parallel()
	for _, kind := range []recovery.EventKind{
		recovery.EventProcessed, recovery.EventDeferred, recovery.EventDelivered, recovery.EventOpened, recovery.EventClicked,
		recovery.EventBounced, recovery.EventBlocked, recovery.EventDropped, recovery.EventComplained, recovery.EventUnsubscribed,
	} {
		s := open(t, nil)
		s.store.Steps = s.store.Steps[:1]
		s.post(left("a"))
		s.mailer.LoseNext(refused(recovery.ErrUnknown, "lost"))
		s.until(half)
		s.wantReminders("a", 1, "unknown")
		s.clock.Set(t0.Add(half + time.Minute))
		got := s.tell(event(kind, t0.Add(half+time.Second)))
		if got.Recorded != 1 || got.Settled != 1 || got.Ignored != 0 {
			t.Errorf("%s: got %+v, want one recorded that settles", kind, got)
		}
		s.wantReminders("a", 1, "sent")
		c := s.checkout("a")
		r := c.Reminders[recovery.ReminderID{Generation: 1}]
		if at := t0.Add(half); !r.SentAt.Equal(at) || !c.LastSent[0].Equal(at) || r.Message != "event-id" || !c.CheckAt.IsZero() {
			t.Errorf("%s: got sent at %v and %v as %q, check at %v; want %v, the event's ID, and never", kind, r.SentAt, c.LastSent[0], r.Message, c.CheckAt, at)
		}
		if row := s.row(); row.State != recovery.Sent || row.Provider != "event-id" || row.Subject == "" || row.Email != anAddress || !row.SentAt.Equal(r.SentAt) {
			t.Errorf("%s: the row is %+v", kind, row)
		}
		if got := s.tell(event(kind, t0.Add(half+time.Second))); got.Settled != 0 || got.Recorded != 1 {
			t.Errorf("%s, again: got %+v, want one recorded that settles nothing", kind, got)
		}
	}
}

// An event comes while its reminder is in any state.
func TestEventsByState(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		before func(*shop)
		want   string
		result recovery.EventsResult
	}{
		{"claimed: the process died", func(s *shop) {
			s.Mailer = mailerFunc(func(context.Context, recovery.Mail) (string, error) { panic(errDied) })
			_ = s.dispatch(s.task("a", 1, 0))
		}, "sent", recovery.EventsResult{Recorded: 1, Settled: 1}},
		{"sent", func(s *shop) { _, _ = s.remind("a", 1, 0) }, "sent", recovery.EventsResult{Recorded: 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, nil)
			s.store.Steps = s.store.Steps[:1]
			s.post(left("a"))
			s.clock.Set(t0.Add(half))
			tc.before(s)
			s.queue.Purge()
			s.clock.Set(t0.Add(half + 2*time.Second))
			s.wantResult("the event", s.tell(event(recovery.EventDelivered, t0.Add(half+time.Second))), tc.result)
			s.Mailer = s.mailer
			s.until(2 * day)
			s.wantReminders("a", 1, tc.want)
			if n := len(s.mailer.Sent()); n > 1 {
				t.Errorf("%d mails went out, want one", n)
			}
			if row := s.row(); row.State != recovery.Sent || !row.Delivered.Equal(t0.Add(half+time.Second)) || row.SentAt.IsZero() || row.ExpiresAt.IsZero() {
				t.Errorf("the row is %+v, want it sent and delivered", row)
			}
		})
	}
}

// An event of a reminder of which nothing was handed over is of an earlier checkout with
// that ID: it changes nothing, and the reminder goes its way.
func TestEventsOfAnEarlierCheckout(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		before func(*shop)
		want   string
		mails  int
	}{
		"scheduled": {func(*shop) {}, "sent", 1},
		"refused for now": {func(s *shop) {
			s.mailer.FailNext(refused(recovery.ErrOverload, "503"))
			_, _ = s.remind("a", 1, 0)
		}, "sent", 1},
		"skipped": {func(s *shop) { s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "a"}) }, "skipped ordered", 0},
		"failed": {func(s *shop) {
			s.mailer.FailNext(refused(recovery.ErrRejected, "400"))
			_, _ = s.remind("a", 1, 0)
		}, "failed rejected", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, nil)
			s.store.Steps = s.store.Steps[:1]
			s.post(left("a"))
			s.clock.Set(t0.Add(half))
			tc.before(s)
			before := s.checkout("a")
			s.wantResult("the event", s.tell(event(recovery.EventOpened, s.clock.Now())), recovery.EventsResult{Ignored: 1})
			if diff := cmp.Diff(before, s.checkout("a")); diff != "" {
				t.Errorf("the event changed the checkout (-before +after):\n%s", diff)
			}
			if n := len(s.db.Messages()); n != 0 {
				t.Errorf("got %d rows of messages, want none", n)
			}
			s.until(2 * day)
			s.wantReminders("a", 1, tc.want)
			if n := len(s.mailer.Sent()); n != tc.mails {
				t.Errorf("got %d mails, want %d", n, tc.mails)
			}
		})
	}
}

// Most events of a mail tell nothing new: they cost a read, and no write.
func TestEventsWithoutNews(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.post(left("a"))
	s.until(half)
	row := s.row()
	s.clock.Set(t0.Add(day))
	for _, kind := range []recovery.EventKind{recovery.EventProcessed, recovery.EventDeferred, recovery.EventBlocked, recovery.EventDropped} {
		s.wantResult(string(kind), s.tell(event(kind, t0.Add(half))), recovery.EventsResult{Recorded: 1})
	}
	if diff := cmp.Diff(row, s.row()); diff != "" {
		t.Errorf("the row was written (-want +got):\n%s", diff)
	}
}

// Events of what we do not know, or may not keep, leave nothing.
func TestEventsIgnored(t *testing.T) {
	t.Parallel()
	e := event(recovery.EventDelivered, t0)
	elsewhere, unknown, other := e, e, e
	elsewhere.Store, unknown.Checkout, other.Reminder.Generation = "second", recovery.CheckoutKey("default", "b"), 2
	for name, tc := range map[string]struct {
		before func(*shop)
		event  recovery.Event
	}{
		"another store":    {func(*shop) {}, elsewhere},
		"no such checkout": {func(*shop) {}, unknown},
		"no such reminder": {func(*shop) {}, other},
		"expired":          {func(s *shop) { s.clock.Set(t0.Add(200 * day)) }, e},
		"only an order":    {func(s *shop) { s.order(recovery.OrderNews{OrderID: "o", CheckoutID: "b"}) }, unknown},
		"erased shopper": {func(s *shop) {
			key := recovery.ShopperKey(s.store.IDKey, "default", anAddress)
			_ = s.db.Suppress(t.Context(), "default", key, recovery.Suppression{Reason: recovery.ReasonErased, At: t0})
		}, e},
		"erased checkout": {func(s *shop) {
			c := s.checkout("a")
			c.Status = recovery.StatusErased
			if err := s.db.Commit(t.Context(), "default", recovery.Change{Update: []*recovery.Checkout{c}}); err != nil {
				t.Fatal(err)
			}
		}, e},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, nil)
			s.post(left("a"))
			tc.before(s)
			before := s.db.Checkouts()
			s.wantResult("the event", s.tell(tc.event), recovery.EventsResult{Ignored: 1})
			if diff := cmp.Diff(before, s.db.Checkouts()); diff != "" {
				t.Errorf("the checkouts changed:\n%s", diff)
			}
			if rows := s.db.Messages(); len(rows) != 0 {
				t.Errorf("there are rows: %+v", rows)
			}
		})
	}
}

// Events' instants are whole seconds of another clock, or missing.
func TestEventInstants(t *testing.T) {
	t.Parallel()
	now := t0.Add(half + time.Minute)
	for name, tc := range map[string]struct{ at, wantDelivered time.Time }{
		"in between":       {now.Add(-time.Second), now.Add(-time.Second)},
		"before it is due": {t0, t0},
		"ahead":            {now.Add(time.Hour), now},
		"not told":         {time.Time{}, now},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, nil)
			s.post(left("a"))
			s.mailer.LoseNext(refused(recovery.ErrUnknown, "lost"))
			s.until(half)
			s.clock.Set(now)
			s.tell(event(recovery.EventDelivered, tc.at))
			// It was sent when it was claimed, whenever the first event comes.
			if row := s.row(); !row.SentAt.Equal(t0.Add(half)) || !row.Delivered.Equal(tc.wantDelivered) {
				t.Errorf("got sent %v, delivered %v; want %v and %v", row.SentAt, row.Delivered, t0.Add(half), tc.wantDelivered)
			}
		})
	}
}

// A row names the shopper that the message went to, also where the checkout's address
// is another by now.
func TestEventsKeepWhomItWasSentTo(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.store.Steps = s.store.Steps[:1]
	s.post(left("a"))
	s.Mailer = mailerFunc(func(context.Context, recovery.Mail) (string, error) { panic(errDied) })
	s.until(half)
	moved := left("a")
	moved.Email, moved.UpdatedAt = "new@example.net", t0.Add(time.Minute)
	s.post(moved)
	e := event(recovery.EventDelivered, t0.Add(half))
	e.Email = anAddress
	s.tell(e)
	if row := s.row(); row.Email != e.Email || row.Shopper != recovery.ShopperKey(s.store.IDKey, "default", anAddress) {
		t.Errorf("the row is %s's with key %s, want %s and the key of the address that it was sent to", row.Email, row.Shopper, e.Email)
	}
}

// Messages are recorded sixty-four at once. One that cannot be recorded keeps no other
// from it; a database that is away does. What comes first is another each second, so that
// a post that never comes to its end is recorded in the end.
func TestEventBatches(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.store.EachCheckout, s.store.Cap = true, recovery.Cap{}
	var sizes []int
	s.Together = func(work ...func()) {
		sizes = append(sizes, len(work))
		for _, f := range work {
			f()
		}
	}
	var events []recovery.Event
	for i := range 150 {
		id := fmt.Sprint("c", i)
		s.post(left(id))
		e := event(recovery.EventDelivered, t0)
		e.Checkout = recovery.CheckoutKey(s.store.ID, id)
		events = append(events, e, e)
	}
	s.until(half)
	sizes = nil
	s.wantResult("150 messages", s.tell(events...), recovery.EventsResult{Recorded: 300})
	if want := []int{64, 64, 22}; !slices.Equal(sizes, want) {
		t.Errorf("recorded %v at once, want %v", sizes, want)
	}
	s.wantResult("none", s.tell(), recovery.EventsResult{})

	sizes = nil
	s.db.FailNext(errors.New("unreadable"))
	result, err := s.RecordEvents(t.Context(), events)
	if err == nil || errors.Is(err, recovery.ErrOverload) || result.Recorded != 298 || len(sizes) != 3 {
		t.Errorf("one unreadable: got %+v, %v after %d chunks; want its error, and the others recorded", result, err, len(sizes))
	}
	seen := map[string]bool{}
	for range 150 {
		sizes, s.DB = nil, &awayAfter{DB: s.db, left: 64, seen: seen}
		if _, err := s.RecordEvents(t.Context(), events); !errors.Is(err, recovery.ErrOverload) || len(sizes) != 2 {
			t.Fatalf("away: got %v after %d chunks, want ErrOverload after two", err, len(sizes))
		}
		s.clock.Set(s.clock.Now().Add(time.Second))
	}
	if len(seen) != 150 {
		t.Errorf("%d of 150 messages had their turn, want all", len(seen))
	}
}

// awayAfter is a DB that is away after so many calls.
type awayAfter struct {
	recovery.DB
	left int
	seen map[string]bool // checkouts that were updated
}

func (d *awayAfter) UpdateCheckout(ctx context.Context, store, key string, need recovery.Need, decide func(recovery.Case) (recovery.Change, error)) error {
	if d.left--; d.left < 0 {
		return recovery.ErrOverload
	}
	d.seen[key] = true
	return d.DB.UpdateCheckout(ctx, store, key, need, decide)
}
