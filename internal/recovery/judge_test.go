package recovery_test

import (
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// ruling is one row for Judge: a store and a case to be changed, and the verdict.
type ruling struct {
	name string
	set  func(*scene)
	want recovery.Verdict
}

// scene is what a ruling is about: the second reminder of a checkout at its due
// instant, with nothing against it.
type scene struct {
	store *recovery.Store
	k     recovery.Case
	id    recovery.ReminderID
	now   time.Time
}

// c is the scene's checkout.
func (sc *scene) c() *recovery.Checkout { return sc.k.Checkout }

// change edits the scene's reminder.
func (sc *scene) change(f func(*recovery.Reminder)) {
	r := sc.c().Reminders[sc.id]
	f(&r)
	sc.c().Reminders[sc.id] = r
}

func (sc *scene) suppress(why recovery.Reason) {
	sc.k.Suppression = &recovery.Suppression{Reason: why, At: t0}
}

func check(t *testing.T, rulings []ruling) {
	t.Helper()
	for _, row := range rulings {
		sc := &scene{store: testStore(), id: recovery.ReminderID{Generation: 1, Step: 1}, now: t0.Add(24 * time.Hour)}
		n := left("a")
		n.Arrived = t0
		sc.k.Checkout = recovery.NewCheckout(sc.store, &n)
		sc.k.Shopper.NewestT = t0
		row.set(sc)
		if got := recovery.Judge(sc.store, sc.k, sc.id, sc.now); got != row.want {
			t.Errorf("%s: got %+v, want %+v", row.name, got, row.want)
		}
	}
}

func skip(why recovery.Reason) recovery.Verdict {
	return recovery.Verdict{Do: recovery.Skip, Reason: why}
}

var (
	send    = recovery.Verdict{Do: recovery.Send}
	nothing = recovery.Verdict{Do: recovery.Nothing}
	failed  = recovery.Verdict{Do: recovery.Fail, Reason: recovery.ReasonProvider}
)

const us = time.Microsecond

// Promise 3, and the states that a run may find.
func TestJudgeStates(t *testing.T) {
	t.Parallel()
	due := t0.Add(24 * time.Hour)
	claimed := func(sc *scene) {
		sc.change(func(r *recovery.Reminder) { r.State, r.ClaimedUntil = recovery.Claimed, sc.now.Add(time.Minute) })
	}
	unknown := func(sc *scene) {
		sc.change(func(r *recovery.Reminder) { r.State, r.ClaimedUntil = recovery.Unknown, due.Add(time.Minute) })
		sc.store.ResendUnknown = true
		sc.now = due.Add(11 * time.Minute)
	}
	check(t, []ruling{
		{"due", func(*scene) {}, send},
		{"a microsecond early", func(sc *scene) { sc.now = due.Add(-us) }, recovery.Verdict{Do: recovery.Wait, Until: due}},
		{"early comes before every reason", func(sc *scene) { sc.now = due.Add(-us); sc.suppress(recovery.ReasonBounced) }, recovery.Verdict{Do: recovery.Wait, Until: due}},
		{"no checkout", func(sc *scene) { sc.k.Checkout = nil }, nothing},
		{"no such reminder", func(sc *scene) { sc.id.Step = 7 }, nothing},
		{"claimed by another", claimed, recovery.Verdict{Do: recovery.Busy, Until: due.Add(time.Minute)}},
		{"a claim's last microsecond", func(sc *scene) { claimed(sc); sc.now = sc.now.Add(time.Minute - us) }, recovery.Verdict{Do: recovery.Busy, Until: due.Add(time.Minute)}},
		{"a claim that ran out", func(sc *scene) { claimed(sc); sc.now = sc.now.Add(time.Minute) }, recovery.Verdict{Do: recovery.Lose}},
		{"a claim that ran out, after an order", func(sc *scene) { claimed(sc); sc.now = sc.now.Add(time.Minute); sc.k.Shopper.LastOrder = sc.now }, recovery.Verdict{Do: recovery.Lose}},
		{"sent", func(sc *scene) { sc.change(func(r *recovery.Reminder) { r.State = recovery.Sent }) }, nothing},
		{"skipped", func(sc *scene) { sc.change(func(r *recovery.Reminder) { r.State = recovery.Skipped }) }, nothing},
		{"failed", func(sc *scene) { sc.change(func(r *recovery.Reminder) { r.State = recovery.Failed }) }, nothing},
		{"unknown is left alone", func(sc *scene) { unknown(sc); sc.store.ResendUnknown = false }, nothing},
		{"unknown, resend", unknown, send},
		{"unknown, resend, too soon", func(sc *scene) { unknown(sc); sc.now = sc.now.Add(-us) }, nothing},
		{"unknown, resent before", func(sc *scene) { unknown(sc); sc.change(func(r *recovery.Reminder) { r.Resent = true }) }, nothing},
		{"unknown, resend, ordered", func(sc *scene) { unknown(sc); sc.k.Shopper.LastOrder = due }, skip(recovery.ReasonOrdered)},
	})
}

// Promise 7: each reason alone.
func TestJudgeReasons(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	check(t, []ruling{
		{"erased status", func(sc *scene) { sc.c().Status = recovery.StatusErased }, skip(recovery.ReasonErased)},
		{"erased shopper", func(sc *scene) { sc.suppress(recovery.ReasonErased) }, skip(recovery.ReasonErased)},
		{"stopped", func(sc *scene) { sc.c().Status = recovery.StatusStopped }, skip(recovery.ReasonStopped)},
		{"unsubscribed", func(sc *scene) { sc.suppress(recovery.ReasonUnsubscribed) }, skip(recovery.ReasonUnsubscribed)},
		{"complained", func(sc *scene) { sc.suppress(recovery.ReasonComplained) }, skip(recovery.ReasonComplained)},
		{"bounced", func(sc *scene) { sc.suppress(recovery.ReasonBounced) }, skip(recovery.ReasonBounced)},
		{"no address", func(sc *scene) { sc.c().Email = "" }, skip(recovery.ReasonInvalidAddress)},
		{"opt-in, not asked", func(sc *scene) { sc.store.Consent = recovery.ConsentOptIn }, skip(recovery.ReasonNoConsent)},
		{"opt-in, no", func(sc *scene) { sc.store.Consent = recovery.ConsentOptIn; sc.c().AcceptsMarketing = &no }, skip(recovery.ReasonNoConsent)},
		{"opt-in, yes", func(sc *scene) { sc.store.Consent = recovery.ConsentOptIn; sc.c().AcceptsMarketing = &yes }, send},
		{"customers, a stranger", func(sc *scene) { sc.store.Consent = recovery.ConsentCustomers }, skip(recovery.ReasonNoConsent)},
		{"customers, opted in", func(sc *scene) { sc.store.Consent = recovery.ConsentCustomers; sc.c().AcceptsMarketing = &yes }, send},
		{"customers, bought before", func(sc *scene) {
			sc.store.Consent = recovery.ConsentCustomers
			sc.k.Shopper.LastOrder = t0.Add(-time.Hour)
		}, send},
		{"any, never asked", func(sc *scene) { sc.store.Consent = recovery.ConsentAny }, send},
		{"left a microsecond before the activation", func(sc *scene) { sc.store.ActiveFrom = t0.Add(us) }, skip(recovery.ReasonInactive)},
		{"left at the activation", func(sc *scene) { sc.store.ActiveFrom = t0 }, send},
		{"older generation", func(sc *scene) { sc.c().Generation = 2 }, skip(recovery.ReasonSuperseded)},
		{"a newer checkout of the shopper", func(sc *scene) { sc.k.Shopper.NewestT = t0.Add(us) }, skip(recovery.ReasonSuperseded)},
		{"a newer checkout, each speaks", func(sc *scene) { sc.k.Shopper.NewestT = t0.Add(us); sc.store.EachCheckout = true }, send},
		{"a newer checkout, this one a test", func(sc *scene) {
			sc.k.Shopper.NewestT = t0.Add(us)
			sc.c().Test, sc.store.TestRecipients = true, []string{"qa@example.com"}
		}, send},
		{"a later step is due too", func(sc *scene) { sc.now = t0.Add(72 * time.Hour) }, skip(recovery.ReasonSuperseded)},
		{"a later step is nearly due", func(sc *scene) { sc.store.MaxLate = 72 * time.Hour; sc.now = t0.Add(72*time.Hour - us) }, send},
		{"the last step has none after it", func(sc *scene) { sc.id.Step = 2; sc.now = t0.Add(72 * time.Hour) }, send},
		{"held out", func(sc *scene) { sc.store.HoldoutPercent = 100 }, skip(recovery.ReasonHoldout)},
		{"held out, but a test", func(sc *scene) {
			sc.store.HoldoutPercent, sc.store.TestRecipients, sc.c().Test = 100, []string{"qa@example.com"}, true
		}, send},
		{"shadow", func(sc *scene) { sc.store.Shadow = true }, skip(recovery.ReasonShadow)},
		{"a test that nobody is to get", func(sc *scene) { sc.c().Test = true }, skip(recovery.ReasonShadow)},
	})
}

// Promise 7: of several reasons, the first in their order is recorded.
func TestJudgeOrderOfReasons(t *testing.T) {
	t.Parallel()
	// From the last to the first: each is added to those before it and then counts.
	reasons := []struct {
		want recovery.Reason
		set  func(*scene)
	}{
		{recovery.ReasonShadow, func(sc *scene) { sc.store.Shadow = true }},
		{recovery.ReasonCooldown, func(sc *scene) { sc.c().LastSent = map[int]time.Time{1: sc.now} }},
		{recovery.ReasonHoldout, func(sc *scene) { sc.store.HoldoutPercent = 100 }},
		{recovery.ReasonStale, func(sc *scene) { sc.now = sc.now.Add(7 * time.Hour) }},
		{recovery.ReasonSuperseded, func(sc *scene) { sc.c().Generation = 2 }},
		{recovery.ReasonInactive, func(sc *scene) { sc.store.ActiveFrom = t0.Add(time.Hour) }},
		{recovery.ReasonNoConsent, func(sc *scene) { sc.store.Consent = recovery.ConsentOptIn }},
		{recovery.ReasonInvalidAddress, func(sc *scene) { sc.c().Email = "" }},
		{recovery.ReasonUnsubscribed, func(sc *scene) { sc.suppress(recovery.ReasonUnsubscribed) }},
		{recovery.ReasonStopped, func(sc *scene) { sc.c().Status = recovery.StatusStopped }},
		{recovery.ReasonOrdered, func(sc *scene) { sc.k.Cart.LastOrder = t0 }},
		{recovery.ReasonErased, func(sc *scene) { sc.suppress(recovery.ReasonErased) }},
	}
	var rows []ruling
	for i, last := range reasons {
		rows = append(rows, ruling{string(last.want), func(sc *scene) {
			for _, r := range reasons[:i+1] {
				r.set(sc)
			}
		}, skip(last.want)})
	}
	check(t, rows)
}

// Promise 1: which orders count.
func TestJudgeOrders(t *testing.T) {
	t.Parallel()
	ordered := skip(recovery.ReasonOrdered)
	placed := func(at time.Time, by recovery.JoinedBy) func(*scene) {
		return func(sc *scene) { sc.c().Order = &recovery.OrderRef{Key: "o", At: at, By: by} }
	}
	check(t, []ruling{
		{"own, long before T", placed(t0.Add(-time.Hour), recovery.ByCheckout), ordered},
		{"by cart, 5 s before T", placed(t0.Add(-5*time.Second), recovery.ByCart), ordered},
		{"by cart, earlier", placed(t0.Add(-5*time.Second-us), recovery.ByCart), send},
		{"by e-mail, earlier", placed(t0.Add(-5*time.Second-us), recovery.ByEmail), send},
		{"the shopper's, 5 s before T", func(sc *scene) { sc.k.Shopper.LastOrder = t0.Add(-5 * time.Second) }, ordered},
		{"the shopper's, earlier", func(sc *scene) { sc.k.Shopper.LastOrder = t0.Add(-5*time.Second - us) }, send},
		{"the shopper's, after T", func(sc *scene) { sc.k.Shopper.LastOrder = t0.Add(time.Hour) }, ordered},
		{"the cart's, 5 s before T", func(sc *scene) { sc.k.Cart.LastOrder = t0.Add(-5 * time.Second) }, ordered},
		{"the cart's, earlier", func(sc *scene) { sc.k.Cart.LastOrder = t0.Add(-5*time.Second - us) }, send},
	})
}

// Promise 5: what is late ends, or waits for the window.
func TestJudgeLate(t *testing.T) {
	t.Parallel()
	due := t0.Add(24 * time.Hour) // 10:00
	window := func(from, to int) func(*scene) {
		return func(sc *scene) {
			sc.store.Window = &recovery.SendWindow{From: clockTime(from, 0), To: clockTime(to, 0)}
		}
	}
	late := func(d time.Duration, more ...func(*scene)) func(*scene) {
		return func(sc *scene) {
			sc.now = due.Add(d)
			for _, f := range more {
				f(sc)
			}
		}
	}
	tried := func(sc *scene) { sc.change(func(r *recovery.Reminder) { r.LastError = "503" }) }
	check(t, []ruling{
		{"max_late to the microsecond", late(6 * time.Hour), send},
		{"a microsecond later, nobody tried", late(6*time.Hour + us), skip(recovery.ReasonStale)},
		{"a microsecond later, refused before", late(6*time.Hour+us, tried), failed},
		{"tried, but in time", late(6*time.Hour, tried), send},
		{"ordered counts before provider", late(7*time.Hour, tried, func(sc *scene) { sc.k.Shopper.LastOrder = due }), skip(recovery.ReasonOrdered)},
		{"in the window", late(time.Hour, window(8, 21)), send},
		{"closed for a minute: it was due inside", late(time.Minute, window(8, 10)), send},
		{"closed, later", late(time.Minute+us, window(12, 10)), recovery.Verdict{Do: recovery.Later, Until: due.Add(2 * time.Hour)}},
		{"the opening is at max_late", late(time.Hour, window(16, 10)), recovery.Verdict{Do: recovery.Later, Until: due.Add(6 * time.Hour)}},
		{"the opening is after max_late", late(time.Hour, window(17, 10)), skip(recovery.ReasonStale)},
		{"the opening is after max_late, refused before", late(time.Hour, window(17, 10), tried), failed},
		{"the shopper's zone", late(time.Hour, window(8, 21), func(sc *scene) { sc.c().TimeZone = "Asia/Tokyo" }), send},
		{"the shopper's zone is closed", late(3*time.Hour, window(8, 21), func(sc *scene) { sc.c().TimeZone = "Asia/Tokyo" }), skip(recovery.ReasonStale)},
	})
}

func TestJudgeCooldowns(t *testing.T) {
	t.Parallel()
	due := t0.Add(24 * time.Hour)
	cooling := skip(recovery.ReasonCooldown)
	mark := func(checkout string, generation, step int, at time.Time) recovery.MessageMark {
		return recovery.MessageMark{Checkout: checkout, Reminder: recovery.ReminderID{Generation: generation, Step: step}, At: at}
	}
	marks := func(list ...recovery.MessageMark) func(*scene) {
		return func(sc *scene) {
			sc.store.Cooldown.BetweenMessages = 48 * time.Hour
			for _, m := range list {
				if m.Checkout == "own" {
					m.Checkout = sc.c().Key
				}
				sc.k.Shopper.Messages = append(sc.k.Shopper.Messages, m)
			}
		}
	}
	inFlight := func(state recovery.State, claimedAt time.Time) func(*scene) {
		return func(sc *scene) {
			sc.c().Generation, sc.id.Generation = 2, 2
			sc.c().Reminders[sc.id] = recovery.Reminder{Due: due, State: recovery.Scheduled}
			sc.c().Reminders[recovery.ReminderID{Generation: 1, Step: 1}] = recovery.Reminder{
				Due: due, State: state, ClaimedUntil: claimedAt.Add(recovery.ClaimFor),
			}
		}
	}
	capped := func(n int, at time.Time) func(*scene) {
		return func(sc *scene) {
			sc.store.Cap = recovery.Cap{Messages: 2, Per: 48 * time.Hour}
			for i := range n {
				sc.k.Shopper.Messages = append(sc.k.Shopper.Messages, mark("other", 1, i, at))
			}
		}
	}
	check(t, []ruling{
		{"another checkout's message", marks(mark("other", 1, 0, due.Add(-48*time.Hour+us))), cooling},
		{"long enough ago", marks(mark("other", 1, 0, due.Add(-48*time.Hour))), send},
		{"another generation's", marks(mark("own", 2, 0, due.Add(-time.Hour))), cooling},
		{"the same generation's never", marks(mark("own", 1, 0, due.Add(-time.Hour))), send},
		{"off", func(sc *scene) {
			marks(mark("other", 1, 0, due))(sc)
			sc.store.Cooldown.BetweenMessages = 0
		}, send},
		{"after an order", func(sc *scene) {
			sc.store.Cooldown.AfterOrder, sc.k.Shopper.LastOrder = 48*time.Hour, t0.Add(-24*time.Hour+us)
		}, cooling},
		{"long after an order", func(sc *scene) {
			sc.store.Cooldown.AfterOrder, sc.k.Shopper.LastOrder = 48*time.Hour, t0.Add(-24*time.Hour)
		}, send},
		{"same step", func(sc *scene) { sc.c().LastSent = map[int]time.Time{1: t0.Add(us)} }, cooling},
		{"same step, a day ago", func(sc *scene) { sc.c().LastSent = map[int]time.Time{1: t0} }, send},
		{"another step", func(sc *scene) { sc.c().LastSent = map[int]time.Time{0: due} }, send},
		{"same step in flight", inFlight(recovery.Claimed, due), cooling},
		{"same step unknown", inFlight(recovery.Unknown, t0.Add(us)), cooling},
		{"same step unknown, a day ago", inFlight(recovery.Unknown, t0), send},
		{"same step skipped", inFlight(recovery.Skipped, due), send},
		{"below the cap", capped(1, due), send},
		{"at the cap", capped(2, due.Add(-48*time.Hour+us)), cooling},
		{"at the cap, before the period", capped(2, due.Add(-48*time.Hour)), send},
		{"its own earlier claim does not count", func(sc *scene) {
			capped(1, due)(sc)
			sc.k.Shopper.Messages = append(sc.k.Shopper.Messages, mark(sc.c().Key, 1, 1, due))
		}, send},
		{"steps of one generation count for the cap", func(sc *scene) {
			capped(1, due)(sc)
			sc.k.Shopper.Messages = append(sc.k.Shopper.Messages, mark(sc.c().Key, 1, 0, due))
		}, cooling},
	})
}

// The holdout takes its share of the shoppers, and all of a shopper's checkouts.
func TestHoldoutShare(t *testing.T) {
	t.Parallel()
	s := testStore()
	s.HoldoutPercent = 20
	out := 0
	for i := range 1000 {
		n := left("a")
		n.Email, n.Arrived = string(rune('a'+i%26))+"."+time.Duration(i).String()+"@example.net", t0
		verdicts := map[recovery.Verdict]bool{}
		for _, id := range []string{"a", "b"} {
			n.CheckoutID = id
			k := recovery.Case{Checkout: recovery.NewCheckout(s, &n)}
			verdicts[recovery.Judge(s, k, recovery.ReminderID{Generation: 1}, t0.Add(30*time.Minute))] = true
		}
		if len(verdicts) != 1 {
			t.Fatalf("two checkouts of one shopper got %v, want the same", verdicts)
		}
		if verdicts[skip(recovery.ReasonHoldout)] {
			out++
		}
	}
	if out < 150 || out > 250 {
		t.Errorf("%d of 1000 shoppers held out, want about 200", out)
	}
}
