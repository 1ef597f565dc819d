package demo

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// world is a record that tests write by hand. One checkout, chk_1, was left at day.
type world struct{ *record }

func newWorld() *world {
	w := &world{newRecord()}
	w.leave("chk_1", "ana@example.net", day)
	return w
}

// leave starts a checkout's clock; when it is reported is t, unless told.
func (w *world) leave(id, shopper string, t time.Time, reported ...time.Time) *history {
	at := append(reported, t)[0]
	w.started(&checkout{ID: id, Email: shopper, AbandonedAt: &t, article: "art. " + id}, at, schedule(t))
	h := w.byID[id]
	h.counted = len(h.generations)
	h.end = map[int]reminder{}
	return h
}

// buy reports an order of the shopper, by e-mail.
func (w *world) buy(shopper string, placed, reported time.Time) *purchase {
	o := &order{ID: "ord_" + stamp(reported), Email: shopper, PlacedAt: &placed, shopper: shopper}
	w.ordered(o, reported, reported.Add(time.Second))
	return w.orders[len(w.orders)-1]
}

// send mails the step of the latest generation, late after its time, and ends it as
// sent.
func (w *world) send(h *history, step int, late time.Duration) *mail {
	g := &h.generations[len(h.generations)-1]
	m := &mail{of: h, generation: len(h.generations), step: step, sentAt: g.expected(step).Add(late)}
	w.mails = append(w.mails, m)
	w.finish(h, step, "sent", "")
	return m
}

func (w *world) finish(h *history, step int, state, reason string) {
	g := &h.generations[len(h.generations)-1]
	h.end[step] = reminder{Step: step, DueAt: g.due[step], State: state, Reason: reason}
}

func (w *world) sendAll(h *history) {
	for step := range 3 {
		w.send(h, step, time.Second)
	}
}

// skip ends all three as skipped.
func (w *world) skip(h *history, reason string) {
	for step := range 3 {
		w.finish(h, step, "skipped", reason)
	}
}

// Histories in which every promise is kept.
var kept = map[string]func(w *world, h *history){
	"all are sent": func(w *world, h *history) { w.sendAll(h) },
	"the order stops the rest": func(w *world, h *history) {
		w.send(h, 0, 0)
		w.buy(h.shopper, day.Add(time.Hour), day.Add(2*time.Hour))
		w.finish(h, 1, "skipped", "ordered")
		w.finish(h, 2, "skipped", "ordered")
	},
	"an order of before does not": func(w *world, h *history) {
		w.buy(h.shopper, day.Add(-6*time.Second), day.Add(time.Minute))
		w.sendAll(h)
	},
	"one of seconds before does": func(w *world, h *history) {
		w.buy(h.shopper, day.Add(-5*time.Second), day.Add(time.Minute))
		w.skip(h, "ordered")
	},
	"an order of the checkout itself does, whenever placed": func(w *world, h *history) {
		w.buy("nobody@example.net", day.Add(-time.Hour), day.Add(time.Minute)).CheckoutID = h.id
		w.skip(h, "ordered")
	},
	"somebody else's order does not": func(w *world, h *history) {
		w.buy("ben@example.net", day.Add(time.Minute), day.Add(time.Minute))
		w.sendAll(h)
	},
	"a mail before the answer to the order": func(w *world, h *history) {
		m := w.send(h, 0, 0)
		w.buy(h.shopper, m.sentAt.Add(-time.Second), m.sentAt.Add(-time.Second)).answered = m.sentAt
		w.finish(h, 1, "skipped", "ordered")
		w.finish(h, 2, "skipped", "ordered")
	},
	"a changed cart": func(w *world, h *history) {
		w.send(h, 0, time.Second)
		w.leave(h.id, h.shopper, day.Add(time.Hour))
		w.finish(h, 0, "skipped", "cooldown")
		w.send(h, 1, 0)
		w.send(h, 2, 0)
	},
	"a newer checkout speaks": func(w *world, h *history) {
		w.sendAll(w.leave("chk_2", h.shopper, day.Add(time.Minute)))
		w.skip(h, "superseded")
	},
	"the last of three reported too late": func(w *world, _ *history) {
		h := w.leave("chk_2", "ben@example.net", day, day.Add(73*time.Hour))
		w.finish(h, 0, "skipped", "superseded")
		w.finish(h, 1, "skipped", "superseded")
		w.finish(h, 2, "skipped", "stale")
		w.sendAll(w.byID["chk_1"])
	},
	"a configured holdout": func(w *world, h *history) { w.skip(h, "holdout") },
	"faults are excuses": func(w *world, h *history) {
		w.faults = true
		w.send(h, 0, time.Second)
		w.finish(h, 0, "unknown", "")
		w.finish(h, 1, "failed", "provider")
		w.finish(h, 2, "unknown", "")
	},
}

func TestKeptPromises(t *testing.T) {
	t.Parallel()
	for name, play := range kept {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			play(w, w.byID["chk_1"])
			for _, p := range promises {
				for _, story := range p.broken(w.record) {
					t.Errorf("promise %d: %s", p.number, story)
				}
			}
		})
	}
}

// Histories in which one promise is broken, and a piece of the story.
var broken = []struct {
	name    string
	promise int
	story   string
	play    func(w *world, h *history)
}{
	{"mailed after the order", 1, ", 23h after order ord_", func(w *world, h *history) {
		w.buy(h.shopper, day.Add(time.Hour), day.Add(time.Hour))
		w.sendAll(h)
	}},
	{"mailed after an order that came before the checkout", 1, "step 0 of checkout chk_2", func(w *world, h *history) {
		w.sendAll(h)
		w.buy("ben@example.net", day.Add(time.Minute), day.Add(time.Minute))
		w.sendAll(w.leave("chk_2", "ben@example.net", day, day.Add(5*time.Minute)))
	}},
	{"mailed after an order of the checkout placed before T", 1, "step 0", func(w *world, h *history) {
		w.buy("nobody@example.net", day.Add(-time.Hour), day.Add(time.Minute)).CheckoutID = h.id
		w.sendAll(h)
	}},
	{"one reminder twice", 2, "and again at", func(w *world, h *history) {
		w.sendAll(h)
		w.send(h, 1, time.Hour)
	}},
	{"one reminder twice at the same instant", 2, "step 2", func(w *world, h *history) {
		w.sendAll(h)
		w.send(h, 2, time.Second)
	}},
	{"before it was due", 3, "1ms before it was due", func(w *world, h *history) {
		w.sendAll(h)
		w.mails[1].sentAt = h.generations[0].due[1].Add(-time.Millisecond)
	}},
	{"due too early for its T", 3, "50m before it was due", func(w *world, h *history) {
		w.sendAll(h)
		again := w.leave(h.id, h.shopper, day.Add(100*time.Hour))
		again.generations[1].due = map[int]time.Time{1: day.Add(124*time.Hour - 50*time.Minute)}
		w.send(h, 1, 0)
	}},
	{"never ended", 4, "still scheduled", func(w *world, h *history) {
		w.sendAll(h)
		delete(h.end, 2)
		w.mails = w.mails[:2]
		w.finish(h, 2, "scheduled", "")
	}},
	{"claimed for ever", 4, "still claimed", func(w *world, h *history) {
		w.sendAll(h)
		w.finish(h, 2, "claimed", "")
	}},
	{"not in the answer", 4, "is not in the checkout's last answer", func(w *world, h *history) {
		w.sendAll(h)
		delete(h.end, 0)
	}},
	{"recorded as sent, no mail", 4, "is recorded as sent, and the mailbox holds no mail of it", func(w *world, h *history) {
		w.sendAll(h)
		w.mails = w.mails[1:]
	}},
	{"recorded as skipped, and mailed", 4, "is recorded as skipped: stale, and the mailbox holds its mail", func(w *world, h *history) {
		w.sendAll(h)
		w.finish(h, 1, "skipped", "stale")
	}},
	{"skipped as ordered without an order", 4, "ended as skipped: ordered", func(w *world, h *history) { w.skip(h, "ordered") }},
	{"stopped by an order from before", 4, "ended as skipped: ordered", func(w *world, h *history) {
		w.buy(h.shopper, day.Add(-time.Hour), day.Add(time.Minute))
		w.skip(h, "ordered")
	}},
	{"stopped by an order that came after", 4, "step 0", func(w *world, h *history) {
		w.sendAll(h)
		w.mails = nil
		w.buy(h.shopper, day.Add(100*time.Hour), day.Add(100*time.Hour))
		w.skip(h, "ordered")
	}},
	{"stale without delay", 4, "ended as skipped: stale", func(w *world, h *history) { w.skip(h, "stale") }},
	{"unsubscribed by nobody", 4, "ended as skipped: unsubscribed", func(w *world, h *history) { w.skip(h, "unsubscribed") }},
	{"superseded by an older checkout", 4, "ended as skipped: superseded", func(w *world, h *history) {
		w.leave("chk_2", h.shopper, day.Add(-time.Hour))
		w.sendAll(w.byID["chk_2"])
		w.skip(h, "superseded")
	}},
	{"failed without a fault", 4, "ended as failed: provider", func(w *world, h *history) {
		w.sendAll(h)
		w.mails = w.mails[:2]
		w.finish(h, 2, "failed", "provider")
	}},
	{"lost before the cart changed", 4, "(generation 1) had to be mailed", func(w *world, h *history) {
		w.sendAll(w.leave(h.id, h.shopper, day.Add(2*time.Hour)))
	}},
	{"not ended, with faults", 4, "still scheduled", func(w *world, h *history) {
		w.faults = true
		w.sendAll(h)
		w.finish(h, 2, "scheduled", "")
	}},
	{"a repeat started the clock", 6, "started its clock once, and Comeback counts 2", func(w *world, h *history) {
		w.sendAll(h)
		h.counted = 2
	}},
	{"a mail of a start that never was", 6, "only once", func(w *world, h *history) {
		w.sendAll(h)
		w.mails = append(w.mails, &mail{of: h, generation: 2, step: 0, sentAt: day})
	}},
}

func TestBrokenPromises(t *testing.T) {
	t.Parallel()
	for _, test := range broken {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			test.play(w, w.byID["chk_1"])
			found := false
			for _, p := range promises {
				if p.number == test.promise {
					found = strings.Contains(strings.Join(p.broken(w.record), "\n"), test.story)
				}
			}
			var out strings.Builder
			err := report(&out, w.record)
			if !found || !errors.Is(err, ErrBroken) || !strings.Contains(out.String(), "BROKEN") {
				t.Errorf("got %v and\n%s\nwant promise %d broken, with %q", err, out.String(), test.promise, test.story)
			}
		})
	}
}
