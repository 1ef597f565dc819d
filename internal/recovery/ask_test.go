package recovery_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// shopSystem answers what it is told to, and counts how often it was asked.
type shopSystem struct {
	told  *recovery.Told
	err   error
	hangs bool
	then  func() // happens while it answers
	asked []string
}

func (s *shopSystem) Ordered(ctx context.Context, id string) (*recovery.Told, error) {
	s.asked = append(s.asked, id)
	if s.then != nil {
		s.then()
	}
	if s.hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return s.told, s.err
}

// leftAt is a shop whose system reported a checkout, half an hour ago.
func leftAt(t *testing.T, p recovery.Platform, system *shopSystem, change func(*recovery.Store)) *shop {
	t.Helper()
	st := testStore()
	if change != nil {
		change(st)
	}
	s := open(t, st)
	s.Orders = map[string]recovery.OrderSource{"default": system}
	s.Deadlines.Ask = 10 * time.Millisecond
	n := left("7781")
	n.Platform = p
	s.post(n)
	s.clock.Set(t0.Add(30 * time.Minute))
	return s
}

// Promise 1, where the order was told of in vain.
func TestAskForTheOrder(t *testing.T) {
	t.Parallel()
	paid := &recovery.Told{News: recovery.OrderNews{OrderID: "7781", CheckoutID: "7781", PlacedAt: t0.Add(10 * time.Minute)}}
	back := &recovery.Told{News: paid.News}
	back.News.Refunds = map[string]recovery.Refund{recovery.Cancelled: {}}
	for name, tc := range map[string]struct {
		platform recovery.Platform
		system   shopSystem
		change   func(*recovery.Store)
		want     recovery.Action
		asked    int
	}{
		"paid":                    {recovery.WooCommerce, shopSystem{told: paid}, nil, recovery.Nothing, 1},
		"paid and refunded":       {recovery.WooCommerce, shopSystem{told: back}, nil, recovery.Nothing, 1},
		"not paid":                {recovery.WooCommerce, shopSystem{}, nil, recovery.Send, 1},
		"no answer":               {recovery.WooCommerce, shopSystem{err: errors.New("404")}, nil, recovery.Send, 1},
		"no answer in time":       {recovery.WooCommerce, shopSystem{hangs: true}, nil, recovery.Send, 1},
		"reported by a backend":   {"", shopSystem{told: paid}, nil, recovery.Send, 0},
		"reported by Shopify":     {recovery.Shopify, shopSystem{told: paid}, nil, recovery.Send, 0},
		"would not be mailed":     {recovery.WooCommerce, shopSystem{told: paid}, func(st *recovery.Store) { st.Shadow = true }, recovery.Skip, 0},
		"nobody to be asked here": {recovery.WooCommerce, shopSystem{told: paid}, func(st *recovery.Store) { st.ID = "other" }, recovery.Send, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := leftAt(t, tc.platform, &tc.system, tc.change)
			run, err := s.Remind(t.Context(), s.task("7781", 1, 0))
			if err != nil || run.Do != tc.want || len(tc.system.asked) != tc.asked {
				t.Errorf("got %+v, %v, asked %d times; want %s, asked %d times", run, err, len(tc.system.asked), tc.want, tc.asked)
			}
			if tc.system.told != nil && tc.asked > 0 {
				s.wantOrdered("7781")
				o, err := s.KnownOrder(t.Context(), "default", "7781")
				if err != nil || o == nil || len(o.Refunds) != len(tc.system.told.News.Refunds) {
					t.Errorf("the order is %+v, %v", o, err)
				}
			}
		})
	}
}

// A checkout that cannot be paid any more is mailed with the way to the cart.
func TestAskedAndGone(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]time.Time{"told when": t0.Add(10 * time.Minute), "not told when": {}} {
		system := &shopSystem{told: &recovery.Told{Gone: true, GoneAt: at}}
		s := leftAt(t, recovery.WooCommerce, system, nil)
		n := left("7781")
		n.Platform, n.UpdatedAt, n.RecoverURL = recovery.WooCommerce, t0.Add(time.Minute), recovery.Given("https://shop.example.com/pay/1")
		s.post(n)
		run, err := s.Remind(t.Context(), s.task("7781", 1, 0))
		if err != nil || run.Mail != recovery.MailAccepted {
			t.Fatalf("%s: got %+v, %v; want it mailed", name, run, err)
		}
		if got := s.checkout("7781").RecoverURL; got != "" {
			t.Errorf("%s: it leads to %q", name, got)
		}
		if mails := s.mailer.Sent(); len(mails) != 1 || strings.Contains(mails[0].Text, "/pay/1") {
			t.Errorf("%s: got %+v", name, mails)
		}
		if o, err := s.KnownOrder(t.Context(), "default", "7781"); o != nil || err != nil {
			t.Errorf("%s: got the order %+v, %v", name, o, err)
		}
	}
}

// A checkout that the shop deals with in a way of its own is not mailed, nor any more.
func TestAskedAndOwn(t *testing.T) {
	t.Parallel()
	s := leftAt(t, recovery.WooCommerce, &shopSystem{told: &recovery.Told{Own: true}}, nil)
	if run, err := s.Remind(t.Context(), s.task("7781", 1, 0)); err != nil || run.Mail != "" {
		t.Fatalf("got %+v, %v; want no mail", run, err)
	}
	s.wantReminders("7781", 1, "skipped stopped", "skipped stopped", "skipped stopped")
}

// It is asked when the reminder is due, not before, and once in a run.
func TestAskWhenDue(t *testing.T) {
	t.Parallel()
	system := &shopSystem{}
	s := leftAt(t, recovery.WooCommerce, system, nil)
	s.clock.Set(t0.Add(29*time.Minute + 57*time.Second))
	if run, err := s.Remind(t.Context(), s.task("7781", 1, 0)); err != nil || run.Mail != recovery.MailAccepted {
		t.Fatalf("got %+v, %v", run, err)
	}
	if s.clock.Now().Before(t0.Add(30*time.Minute)) || len(system.asked) != 1 || system.asked[0] != "7781" {
		t.Errorf("asked for %q by %v", system.asked, s.clock.Now())
	}
	if _, err := s.Remind(t.Context(), s.task("7781", 1, 0)); err != nil || len(system.asked) != 1 {
		t.Errorf("asked again for what was mailed: %q, %v", system.asked, err)
	}
	if _, err := s.Remind(t.Context(), s.task("7781", 1, 1)); !errors.Is(err, recovery.ErrEarly) || len(system.asked) != 1 {
		t.Errorf("asked for what is not due: %q, %v", system.asked, err)
	}
}

// An order that is told of and cannot be recorded keeps the mail back.
func TestAskedAndNotRecorded(t *testing.T) {
	t.Parallel()
	system := &shopSystem{told: &recovery.Told{News: recovery.OrderNews{OrderID: "7781"}}}
	s := leftAt(t, recovery.WooCommerce, system, nil)
	system.then = func() { s.db.FailNext(recovery.ErrOverload) }
	if run, err := s.Remind(t.Context(), s.task("7781", 1, 0)); !errors.Is(err, recovery.ErrOverload) || run.Mail != "" {
		t.Fatalf("got %+v, %v; want the task again", run, err)
	}
	system.then = nil
	if run, err := s.Remind(t.Context(), s.task("7781", 1, 0)); err != nil || run.Mail != "" {
		t.Errorf("then: got %+v, %v; want no mail", run, err)
	}
	s.wantOrdered("7781")
}

// wantOrdered wants every reminder of the checkout skipped for its order.
func (s *shop) wantOrdered(id string) {
	s.Helper()
	for reminder, r := range s.checkout(id).Reminders {
		if r.State != recovery.Skipped || r.Reason != recovery.ReasonOrdered {
			s.Errorf("reminder %s is %s %s, want skipped as ordered", reminder, r.State, r.Reason)
		}
	}
}
