package recovery_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/recovery/recoverytest"
)

// t0 is when the example's shopper leaves.
var t0 = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// anAddress is the example shopper's.
const anAddress = "ana.lima@example.net"

// testStore has the default reminders and rules.
func testStore() *recovery.Store {
	return &recovery.Store{
		ID: "default", Name: "Northwind", From: recovery.Address{Name: "Northwind", Email: "shop@example.com"},
		Steps: recovery.DefaultSteps(), Consent: recovery.ConsentAny, MaxLate: 6 * time.Hour,
		Cooldown: recovery.Cooldown{SameStep: 24 * time.Hour}, Cap: recovery.Cap{Messages: 10, Per: 7 * 24 * time.Hour},
		Retention: 90 * 24 * time.Hour, IDKey: []byte("id key"),
	}
}

// left is the news that the example's shopper left a checkout at t0.
func left(id string) recovery.News {
	return recovery.News{
		CheckoutID: id, Email: anAddress, AbandonedAt: t0,
		CartID: recovery.Given("cart-" + id), Items: recovery.Given([]recovery.Item{{ID: "mug", Quantity: 1}}),
	}
}

// tb is what *testing.T and *rapid.T have in common here.
type tb interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// shop is the Service on fakes, with a stand-in for what calls it in the cloud: the
// queue's dispatcher with its retries, and the sweep of each minute.
type shop struct {
	tb
	*recovery.Service
	store    *recovery.Store
	clock    *recoverytest.Clock
	db       *recoverytest.DB
	queue    *recoverytest.Queue
	mailer   *recoverytest.Mailer
	retries  []retry
	sweeping bool
	swept    time.Time
}

// retry is a task that was answered with an error.
type retry struct {
	task      recovery.Task
	at, until time.Time
	pause     time.Duration
}

// open starts a shop at t0, on the store or, without one, on testStore.
func open(t tb, store *recovery.Store) *shop {
	if store == nil {
		store = testStore()
	}
	clock := recoverytest.NewClock(t0)
	s := &shop{
		tb: t, store: store, clock: clock, db: recoverytest.NewDB(clock), queue: &recoverytest.Queue{},
		mailer: &recoverytest.Mailer{}, sweeping: true,
	}
	var ids atomic.Int64
	s.Service = &recovery.Service{
		DB: s.db, Queue: s.queue, Mailer: s.mailer, Renderer: recoverytest.Renderer{}, Clock: clock,
		Stores:    map[string]*recovery.Store{store.ID: store},
		NewID:     func() string { return fmt.Sprintf("run-%d", ids.Add(1)) },
		Log:       slog.New(slog.DiscardHandler),
		Deadlines: recovery.DefaultDeadlines(),
	}
	return s
}

// post records news and wants it to succeed.
func (s *shop) post(n recovery.News) (*recovery.Checkout, recovery.Effect) {
	s.Helper()
	c, effect, err := s.RecordCheckout(context.Background(), s.store.ID, n)
	if err != nil {
		s.Fatalf("recording the checkout: %v", err)
	}
	return c, effect
}

// order records an order and wants it to succeed.
func (s *shop) order(n recovery.OrderNews) recovery.OrderResult {
	s.Helper()
	result, err := s.RecordOrder(context.Background(), s.store.ID, n)
	if err != nil {
		s.Fatalf("recording the order: %v", err)
	}
	return result
}

// checkout reads what is recorded.
func (s *shop) checkout(id string) *recovery.Checkout {
	s.Helper()
	key := recovery.CheckoutKey(s.store.ID, id)
	for _, c := range s.db.Checkouts() {
		if c.Key == key {
			return c
		}
	}
	s.Fatalf("checkout %s is not recorded", id)
	return nil
}

// task is the first task of a reminder.
func (s *shop) task(id string, generation, step int) recovery.Task {
	return recovery.Task{
		Store: s.store.ID, Checkout: recovery.CheckoutKey(s.store.ID, id),
		Reminder: recovery.ReminderID{Generation: generation, Step: step},
	}
}

// remind runs a reminder's task now, once.
func (s *shop) remind(id string, generation, step int) (recovery.Run, error) {
	return s.Remind(context.Background(), s.task(id, generation, step))
}

// sweep runs one sweep and wants it to succeed.
func (s *shop) sweep() recovery.SweepResult {
	s.Helper()
	result, err := s.Sweep(context.Background())
	if err != nil {
		s.Fatalf("sweep: %v", err)
	}
	return result
}

// until moves the clock to each instant up to t0+d at which something is due, and
// runs it.
func (s *shop) until(d time.Duration) {
	s.Helper()
	target := t0.Add(d)
	for {
		at := s.next()
		if at.IsZero() || at.After(target) {
			break
		}
		s.clock.Set(at)
		s.runDue()
	}
	s.clock.Set(target)
}

// next is when the next thing is due; zero for never.
func (s *shop) next() time.Time {
	var at time.Time
	earliest := func(t time.Time) {
		if at.IsZero() || t.Before(at) {
			at = t
		}
	}
	for _, t := range s.queue.Pending() {
		earliest(t.At)
	}
	for _, r := range s.retries {
		earliest(r.at)
	}
	for _, c := range s.db.Checkouts() {
		if s.sweeping && !c.CheckAt.IsZero() {
			minute := c.CheckAt.Add(time.Minute - 1).Truncate(time.Minute)
			if !minute.After(s.swept) { // it was there and could not help: the next minute
				minute = s.swept.Add(time.Minute)
			}
			earliest(minute)
		}
	}
	return at
}

// runDue runs what is due now: tasks, what is to be repeated, the minute's sweep.
func (s *shop) runDue() {
	now := s.clock.Now()
	var due []retry
	for _, t := range s.queue.Take(now) {
		due = append(due, retry{task: t, until: now.Add(24 * time.Hour), pause: 10 * time.Second})
	}
	s.retries = slices.DeleteFunc(s.retries, func(r retry) bool {
		if !r.at.After(now) {
			due = append(due, r)
		}
		return !r.at.After(now)
	})
	for _, r := range due {
		if err := s.dispatch(r.task); err != nil && now.Add(r.pause).Before(r.until) {
			r.at = s.clock.Now().Add(r.pause)
			r.pause = min(2*r.pause, 10*time.Minute)
			s.retries = append(s.retries, r)
		}
	}
	if minute := now.Truncate(time.Minute); s.sweeping && minute.After(s.swept) {
		s.swept = minute
		_, _ = s.Sweep(context.Background()) // a failed one is made up for by the next
	}
}

// dispatch runs a task as a handler does, which survives a panic.
func (s *shop) dispatch(t recovery.Task) (err error) {
	defer func() {
		if p := recover(); p == errDied {
			err = errDied
		} else if p != nil {
			panic(p)
		}
	}()
	_, err = s.Remind(context.Background(), t)
	return err
}

// errDied stands for the end of a process half-way.
var errDied = fmt.Errorf("died")

// wantReminders compares the reminders of a generation, by step: "sent",
// "skipped ordered", …
func (s *shop) wantReminders(id string, generation int, want ...string) {
	s.Helper()
	c := s.checkout(id)
	var got []string
	for step := range len(s.store.Steps) {
		r := c.Reminders[recovery.ReminderID{Generation: generation, Step: step}]
		state := string(r.State)
		if r.Reason != "" {
			state += " " + string(r.Reason)
		}
		got = append(got, state)
	}
	if !slices.Equal(got, want) {
		s.Errorf("checkout %s, generation %d: got %q, want %q", id, generation, got, want)
	}
}

// wantMails compares the IDs of what the mail service was handed, by checkout and
// reminder: "a 1-0".
func (s *shop) wantMails(want ...string) {
	s.Helper()
	var got []string
	for _, m := range s.mailer.Sent() {
		got = append(got, m.MessageID)
	}
	var ids []string
	for _, w := range want {
		var id, reminder string
		if _, err := fmt.Sscan(w, &id, &reminder); err != nil {
			s.Fatalf("want %q: %v", w, err)
		}
		ids = append(ids, s.store.ID+"."+recovery.CheckoutKey(s.store.ID, id)+"-"+reminder)
	}
	if !slices.Equal(got, ids) {
		s.Errorf("mails: got %q, want %q (%q)", got, ids, want)
	}
}

// mailerFunc is a Mailer of one function.
type mailerFunc func(context.Context, recovery.Mail) (string, error)

func (f mailerFunc) Send(ctx context.Context, m recovery.Mail) (string, error) { return f(ctx, m) }

var _ tb = (*testing.T)(nil)
