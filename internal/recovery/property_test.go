package recovery_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
	"pgregory.net/rapid"
)

// world is a shop in which anything happens in any order, and what must hold
// whatever does.
type world struct {
	*shop
	mu     sync.Mutex
	orders []recovery.OrderNews // recorded
	taken  map[string]int       // by message ID, how often it was or may have been accepted
	die    string               // how the next run of a reminder dies: "before" or "after" the mail
}

// Promises 1 to 5, under any mix of posts, orders, duplicate dispatches, lost tasks,
// failures and lost answers.
func TestAnythingInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := testStore()
		s.Steps = []recovery.Step{{After: 30 * time.Minute, Template: "first"}, {After: 2 * time.Hour, Template: "second"}, {After: day, Template: "last"}}
		s.EachCheckout = rapid.Bool().Draw(t, "each")
		s.Cooldown.SameStep = rapid.SampledFrom([]time.Duration{0, day}).Draw(t, "same step")
		s.Cap.Messages = rapid.SampledFrom([]int{0, 2}).Draw(t, "cap")
		if rapid.Bool().Draw(t, "windowed") {
			s.Window = &recovery.SendWindow{From: clockTime(8, 0), To: clockTime(21, 0)}
		}
		w := &world{shop: open(t, s), taken: map[string]int{}}
		w.Mailer = mailerFunc(w.send)
		t.Repeat(map[string]func(*rapid.T){
			"post": w.postAny, "order": w.orderAny, "dispatch": w.dispatchAny, "at once": w.dispatchAtOnce,
			"advance": w.advance, "sweep": func(*rapid.T) { _, _ = w.Sweep(context.Background()) },
			"purge": func(*rapid.T) { w.queue.Purge(); w.retries = nil },
			"database fails": func(t *rapid.T) {
				w.failNext(t, w.db.FailNext, w.db.LoseNext, recovery.ErrOverload)
			},
			"queue fails": func(t *rapid.T) {
				w.failNext(t, w.queue.FailNext, w.queue.LoseNext, recovery.ErrOverload)
			},
			"mail fails": w.mailFails,
			"dies":       func(t *rapid.T) { w.die = rapid.SampledFrom([]string{"before", "after"}).Draw(t, "death") },
		})
		w.end()
	})
}

var (
	anyID    = rapid.SampledFrom([]string{"a", "b", "c"})
	anyEmail = rapid.SampledFrom([]string{anAddress, "bo@example.net"})
	anyCart  = rapid.SampledFrom([]string{"", "x", "y"})
	anyBack  = rapid.SampledFrom([]time.Duration{0, time.Second, 5 * time.Second, 6 * time.Second, time.Minute, 3 * time.Hour})
)

func (w *world) postAny(t *rapid.T) {
	back := anyBack.Draw(t, "left ago")
	n := recovery.News{
		CheckoutID: anyID.Draw(t, "checkout"), Email: anyEmail.Draw(t, "email"), CartID: recovery.Given(anyCart.Draw(t, "cart")),
		Items: recovery.Given([]recovery.Item{{ID: "mug", Quantity: rapid.IntRange(1, 2).Draw(t, "quantity")}}),
	}
	if rapid.Bool().Draw(t, "abandoned_at") {
		n.AbandonedAt = w.clock.Now().Add(-back)
	}
	if rapid.Bool().Draw(t, "updated_at") {
		n.UpdatedAt = w.clock.Now().Add(-back / 2)
	}
	w.insist(func() error {
		_, _, err := w.RecordCheckout(context.Background(), "default", n)
		return err
	})
}

func (w *world) orderAny(t *rapid.T) {
	n := recovery.OrderNews{
		OrderID: rapid.SampledFrom([]string{"o", "p", "q", "r"}).Draw(t, "order"), CartID: anyCart.Draw(t, "cart"),
		PlacedAt: w.clock.Now().Add(-anyBack.Draw(t, "placed ago")),
	}
	if rapid.Bool().Draw(t, "names its checkout") {
		n.CheckoutID = anyID.Draw(t, "checkout")
	}
	if n.CheckoutID == "" && n.CartID == "" || rapid.Bool().Draw(t, "names its shopper") {
		n.Email = anyEmail.Draw(t, "email")
	}
	w.insist(func() error {
		result, err := w.RecordOrder(context.Background(), "default", n)
		if err == nil {
			n.PlacedAt = result.Order.PlacedAt // told again, the first instant stays
		}
		return err
	})
	w.orders = append(w.orders, n)
}

// insist repeats a request as its caller does, until it succeeds.
func (w *world) insist(request func() error) {
	for {
		err := request()
		if err == nil {
			return
		}
		if !errors.Is(err, recovery.ErrOverload) {
			w.Fatalf("got %v, want success or ErrOverload", err)
		}
	}
}

func (w *world) anyTask(t *rapid.T) recovery.Task {
	return w.task(anyID.Draw(t, "checkout"), rapid.IntRange(1, 3).Draw(t, "generation"), rapid.IntRange(0, 2).Draw(t, "step"))
}

func (w *world) dispatchAny(t *rapid.T) { _ = w.dispatch(w.anyTask(t)) }

func (w *world) dispatchAtOnce(t *rapid.T) {
	task := w.anyTask(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { _ = w.dispatch(task) })
	}
	wg.Wait()
}

func (w *world) advance(t *rapid.T) {
	d := rapid.SampledFrom([]time.Duration{us, time.Second, time.Minute, 25 * time.Minute, time.Hour, 7 * time.Hour}).Draw(t, "by")
	w.until(w.clock.Now().Sub(t0) + d)
}

// failNext makes the next call, or the next few, fail or lose their answers.
func (w *world) failNext(t *rapid.T, fail, lose func(error), err error) {
	f := rapid.SampledFrom([]func(error){fail, lose}).Draw(t, "how")
	for range rapid.IntRange(1, 3).Draw(t, "times") {
		f(err)
	}
}

func (w *world) mailFails(t *rapid.T) {
	if kind := rapid.SampledFrom([]error{recovery.ErrOverload, recovery.ErrRejected, recovery.ErrDeployment, nil}).Draw(t, "kind"); kind != nil {
		w.mailer.FailNext(refused(kind, "refused"))
	} else {
		w.mailer.LoseNext(refused(recovery.ErrUnknown, "lost"))
	}
}

// send is the mail service, which holds each mail against the promises.
func (w *world) send(ctx context.Context, m recovery.Mail) (string, error) {
	w.mu.Lock()
	death := w.die
	w.die = ""
	w.mu.Unlock()
	if death == "before" {
		panic(errDied)
	}
	id, err := w.mailer.Send(ctx, m)
	if err == nil || errors.Is(err, recovery.ErrUnknown) {
		w.accepted(m)
	}
	if death == "after" {
		panic(errDied)
	}
	return id, err
}

func (w *world) accepted(m recovery.Mail) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.taken[m.MessageID]++; w.taken[m.MessageID] > 1 { // promise 2
		w.Errorf("message %s was handed over %d times", m.MessageID, w.taken[m.MessageID])
	}
	key, reminder, _ := strings.Cut(strings.TrimPrefix(m.MessageID, "default."), "-")
	id, err := recovery.ParseReminderID(reminder)
	if err != nil {
		w.Fatalf("message ID %s: %v", m.MessageID, err)
	}
	for _, c := range w.db.Checkouts() {
		if c.Key == key {
			w.mayMail(c, id)
		}
	}
}

func (w *world) mayMail(c *recovery.Checkout, id recovery.ReminderID) {
	now, r := w.clock.Now(), c.Reminders[id]
	if now.Before(r.Due) || now.After(r.Due.Add(w.store.MaxLate)) { // promises 3 and 5
		w.Errorf("reminder %s of %s, due at %v, went out at %v", id, c.ID, r.Due, now)
	}
	if id.Generation != c.Generation {
		w.Errorf("reminder %s of %s went out in generation %d", id, c.ID, c.Generation)
	}
	for _, o := range w.orders { // promise 1
		counts := !o.PlacedAt.Before(c.T.Add(-5 * time.Second))
		if o.CheckoutID == c.ID || counts && (o.Email == c.Email || o.CartID != "" && o.CartID == c.CartID) {
			w.Errorf("reminder %s of %s, left at %v, went out after %+v", id, c.ID, c.T, o)
		}
	}
}

// end lets time pass, with nothing failing on purpose any more, until every reminder
// must have ended (promise 4).
func (w *world) end() {
	w.until(w.clock.Now().Sub(t0) + 5*day)
	for _, c := range w.db.Checkouts() {
		for id, r := range c.Reminders {
			if r.Open() {
				w.Errorf("reminder %s of %s is still %s", id, c.ID, r.State)
			}
			if (r.State == recovery.Skipped || r.State == recovery.Failed) == (r.Reason == "") { // promise 7
				w.Errorf("reminder %s of %s is %s for the reason %q", id, c.ID, r.State, r.Reason)
			}
			message := "default." + c.Key + "-" + id.String()
			if sent := w.taken[message] > 0; r.State == recovery.Sent != sent && r.State != recovery.Unknown {
				w.Errorf("reminder %s of %s is %s, its mail taken: %v", id, c.ID, r.State, sent)
			}
		}
		if c.Status == recovery.StatusOpen || !c.CheckAt.IsZero() {
			w.Errorf("checkout %s is %s, to be looked at %v; want it closed", c.ID, c.Status, c.CheckAt)
		}
	}
}
