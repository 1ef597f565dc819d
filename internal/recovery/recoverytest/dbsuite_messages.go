package recoverytest

import (
	"math/rand/v2"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

func (s *dbSuite) messages() {
	m := recovery.Message{}
	(&filler{base: suiteTime.Add(time.Hour)}).fill(&m)
	m.Store, m.Checkout, m.State = "default", "checkout", recovery.Unknown
	s.commit(recovery.Change{Message: &m})
	s.same("every field", []recovery.Message{m}, s.db.Messages())
	m.State, m.Provider, m.SentAt, m.Total = recovery.Sent, "id", suiteTime, &recovery.Money{Minor: 7, Currency: "JPY"}
	s.commit(recovery.Change{Message: &m})
	s.same("of news, the newest", []recovery.Message{m}, s.db.Messages())
	s.commit(recovery.Change{Message: &recovery.Message{Store: "default", Checkout: "checkout", Reminder: m.Reminder, ExpiresAt: m.ExpiresAt}})
	s.same("what is not said stays", []recovery.Message{m}, s.db.Messages())
}

// messagePieces: a row comes piece by piece, in any order, in transactions and without.
func (s *dbSuite) messagePieces() {
	key := s.create(checkout("a"))[0].Key
	expires := suiteTime.Add(time.Hour)
	id := recovery.ReminderID{Generation: 1}
	piece := func(fill func(*recovery.Message)) recovery.Change {
		m := &recovery.Message{Store: "default", Checkout: key, Reminder: id, ExpiresAt: expires}
		fill(m)
		return recovery.Change{Message: m}
	}
	at := func(n int) time.Time { return suiteTime.Add(time.Duration(n) * us) }
	pieces := []recovery.Change{
		piece(func(m *recovery.Message) { m.Delivered, m.Opened = at(2), at(9) }),
		piece(func(m *recovery.Message) { m.Delivered, m.Clicked = at(1), at(8) }),
		piece(func(m *recovery.Message) { m.Delivered, m.Opened, m.Bounced = at(3), at(4), at(6) }),
		piece(func(m *recovery.Message) { m.Complained, m.Bounced = at(7), at(6) }),
		piece(func(m *recovery.Message) {
			m.State, m.Provider, m.SentAt, m.Email = recovery.Sent, "id", at(0), "ana@example.net"
		}),
		piece(func(m *recovery.Message) { m.Subject = "hello" }),
		piece(func(m *recovery.Message) { m.Clicks, m.LastClicked, m.ClickCount = []time.Time{at(10)}, at(10), 1 }),
		piece(func(m *recovery.Message) { m.Clicks, m.LastClicked, m.ClickCount = []time.Time{at(12)}, at(12), 2 }),
		piece(func(m *recovery.Message) { m.LastClicked, m.ClickCount = at(11), 101 }),
	}
	want := recovery.Message{
		Store: "default", Checkout: key, Reminder: id, ExpiresAt: expires,
		State: recovery.Sent, Provider: "id", SentAt: at(0), Email: "ana@example.net", Subject: "hello",
		Delivered: at(1), Opened: at(4), Clicked: at(8), Bounced: at(6), Complained: at(7),
		Clicks: []time.Time{at(10), at(12)}, LastClicked: at(12), ClickCount: 101,
	}
	for i := range 8 {
		id.Step = i // a row of its own
		want.Reminder = id
		for _, n := range rand.New(rand.NewPCG(uint64(i), 0)).Perm(2 * len(pieces)) {
			ch := pieces[n%len(pieces)]
			ch.Message.Reminder = id
			err := s.db.UpdateCheckout(s.Context(), "default", key, recovery.CheckoutOnly, func(recovery.Case) (recovery.Change, error) { return ch, nil })
			if n < len(pieces) {
				err = s.db.Commit(s.Context(), "default", ch)
			}
			if err != nil {
				s.Fatalf("write a piece: %v", err)
			}
		}
		s.same("each twice, in some order", want, s.db.Messages()[i])
	}
}

func (s *dbSuite) suppress(store, shopper string, x recovery.Suppression) {
	s.Helper()
	if err := s.db.Suppress(s.Context(), store, shopper, x); err != nil {
		s.Fatalf("suppress %s of %s: %v", shopper, store, err)
	}
}

// suppressions: what counts earlier wins, then what came first.
func (s *dbSuite) suppressions() {
	key := s.create(checkout("a"))[0].Key
	later := suiteTime.Add(time.Second)
	for _, step := range []struct {
		what        string
		write, want recovery.Suppression
	}{
		{"first", recovery.Suppression{Reason: recovery.ReasonBounced, At: later}, recovery.Suppression{Reason: recovery.ReasonBounced, At: later}},
		{"again", recovery.Suppression{Reason: recovery.ReasonBounced, At: later}, recovery.Suppression{Reason: recovery.ReasonBounced, At: later}},
		{"the same, later", recovery.Suppression{Reason: recovery.ReasonBounced, At: later.Add(us)}, recovery.Suppression{Reason: recovery.ReasonBounced, At: later}},
		{"the same, earlier", recovery.Suppression{Reason: recovery.ReasonBounced, At: suiteTime}, recovery.Suppression{Reason: recovery.ReasonBounced, At: suiteTime}},
		{"stronger, later", recovery.Suppression{Reason: recovery.ReasonComplained, At: later}, recovery.Suppression{Reason: recovery.ReasonComplained, At: later}},
		{"weaker, earlier", recovery.Suppression{Reason: recovery.ReasonBounced, At: suiteTime}, recovery.Suppression{Reason: recovery.ReasonComplained, At: later}},
		{"stronger", recovery.Suppression{Reason: recovery.ReasonUnsubscribed, At: later}, recovery.Suppression{Reason: recovery.ReasonUnsubscribed, At: later}},
		{"the strongest", recovery.Suppression{Reason: recovery.ReasonErased, At: later}, recovery.Suppression{Reason: recovery.ReasonErased, At: later}},
		{"after the strongest", recovery.Suppression{Reason: recovery.ReasonUnsubscribed, At: suiteTime}, recovery.Suppression{Reason: recovery.ReasonErased, At: later}},
	} {
		s.suppress("default", "shopper", step.write)
		s.same(step.what, &step.want, s.read(key, recovery.WholeCase).Suppression)
	}
}

// suppressionsAtOnce: of several writers at once the strongest wins.
func (s *dbSuite) suppressionsAtOnce() {
	key := s.create(checkout("a"))[0].Key
	reasons := []recovery.Reason{recovery.ReasonBounced, recovery.ReasonComplained, recovery.ReasonUnsubscribed}
	errs := make(chan error)
	for i := range 9 {
		go func() {
			at := suiteTime.Add(time.Duration(i) * us)
			errs <- s.db.Suppress(s.Context(), "default", "shopper", recovery.Suppression{Reason: reasons[i%3], At: at})
		}()
	}
	for range 9 {
		if err := <-errs; err != nil {
			s.Errorf("suppress: %v", err)
		}
	}
	want := &recovery.Suppression{Reason: recovery.ReasonUnsubscribed, At: suiteTime.Add(2 * us)}
	s.same("nine at once", want, s.read(key, recovery.WholeCase).Suppression)
}
