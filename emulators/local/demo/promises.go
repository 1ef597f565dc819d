package demo

import (
	"fmt"
	"slices"
	"time"
)

// promise is one that can be checked from outside. Its check returns the stories of
// those that it was broken for.
type promise struct {
	number int
	text   string
	broken func(*record) []string
}

var promises = []promise{
	{1, "never after the order", (*record).mailedAfterOrder},
	{2, "never twice", (*record).mailedTwice},
	{3, "never early", (*record).mailedEarly},
	{4, "never lost", (*record).lost},
	{6, "repeated and older news change nothing", (*record).miscounted},
}

// mailedAfterOrder finds mails that went out after an order that counts for them was
// answered. (promise 1)
func (r *record) mailedAfterOrder() (stories []string) {
	for _, m := range r.mails {
		g := m.began()
		if g == nil {
			continue // not started by the shop: another check's story
		}
		for _, o := range r.orders {
			if o.stops(m.of, g.t) && m.sentAt.After(o.answered) {
				stories = append(stories, fmt.Sprintf("%s was mailed at %s, %s after order %s, placed at %s, was answered",
					m.name(), stamp(m.sentAt), span(m.sentAt.Sub(o.answered)), o.ID, stamp(o.placed)))
				break
			}
		}
	}
	return stories
}

// mailedTwice finds reminders with more than one mail. (promise 2)
func (r *record) mailedTwice() (stories []string) {
	type key struct {
		of               *history
		generation, step int
	}
	first := map[key]*mail{}
	for _, m := range r.mails {
		k := key{m.of, m.generation, m.step}
		if before := first[k]; before != nil {
			stories = append(stories, fmt.Sprintf("%s was mailed at %s and again at %s", m.name(), stamp(before.sentAt), stamp(m.sentAt)))
			continue
		}
		first[k] = m
	}
	return stories
}

// mailedEarly finds mails that went out before T and their step's offset, or before
// the due instant that was answered. (promise 3)
func (r *record) mailedEarly() (stories []string) {
	offsets := r.offsets()
	for _, m := range r.mails {
		g := m.began()
		if g == nil {
			continue
		}
		due := g.t.Add(offsets[m.step])
		if answered := g.due[m.step]; answered.After(due) {
			due = answered
		}
		if m.sentAt.Before(due) {
			stories = append(stories, fmt.Sprintf("%s was mailed at %s, %s before it was due at %s (left at %s)",
				m.name(), stamp(m.sentAt), span(due.Sub(m.sentAt)), stamp(due), stamp(g.t)))
		}
	}
	return stories
}

// offsets learns each step's from the first generations' answers: the least that any
// of them was due after T, since a spread or a send window only ever adds to it.
func (r *record) offsets() map[int]time.Duration {
	offsets := map[int]time.Duration{}
	for _, h := range r.checkouts {
		for step, due := range h.generations[0].due {
			after := due.Sub(h.generations[0].t)
			if least, ok := offsets[step]; !ok || after < least {
				offsets[step] = after
			}
		}
	}
	return offsets
}

// miscounted finds checkouts whose clock Comeback started at other times than the shop
// did. (promise 6)
func (r *record) miscounted() (stories []string) {
	for _, h := range r.checkouts {
		if h.counted != len(h.generations) {
			stories = append(stories, fmt.Sprintf("checkout %s: the shop started its clock %s, and Comeback counts %d",
				h.id, times(len(h.generations)), h.counted))
		}
	}
	for _, m := range r.mails {
		if m.began() == nil {
			stories = append(stories, fmt.Sprintf("%s was mailed at %s, and the shop started that checkout's clock only %s",
				m.name(), stamp(m.sentAt), times(len(m.of.generations))))
		}
	}
	return stories
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func (m *mail) name() string { return name(m.of, m.generation, m.step) }

func name(h *history, generation, step int) string {
	return fmt.Sprintf("step %d of checkout %s (generation %d)", step, h.id, generation)
}

// steps lists the steps that any checkout has.
func (r *record) steps() []int {
	var all []int
	for _, h := range r.checkouts {
		for i := range h.generations {
			for step := range h.generations[i].due {
				if !slices.Contains(all, step) {
					all = append(all, step)
				}
			}
		}
	}
	slices.Sort(all)
	return all
}
