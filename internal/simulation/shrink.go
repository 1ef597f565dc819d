package simulation

import (
	"fmt"
	"slices"
	"strings"
)

// Story plays the history of a seed that breaks a promise, leaves out of it whatever
// the breach does not need, and tells what is left. It is "" if nothing is broken.
func (r *Runner) Story(seed uint64) string {
	p := newPlan(seed)
	h := r.play(p, nil)
	if len(h.Violations) == 0 {
		return ""
	}
	promise := h.Violations[0].Promise
	p = r.shrink(p, promise)
	return r.tell(p)
}

// Tell plays the history of a seed and tells all of it.
func (r *Runner) Tell(seed uint64) string { return r.tell(newPlan(seed)) }

func (r *Runner) tell(p plan) string {
	var lines []string
	h := r.play(p, &lines)
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d, with %d requests and %d faults, breaks %d promises:\n", p.seed, len(p.ops), len(p.faults), len(h.Violations))
	for _, v := range h.Violations {
		fmt.Fprintf(&b, "  %s\n", v)
	}
	for i, c := range p.configs {
		if i == 0 || c.store != p.configs[i-1].store {
			fmt.Fprintf(&b, "the store: %s\n", c)
		}
	}
	for _, l := range lines {
		fmt.Fprintf(&b, "  %s\n", strings.TrimSpace(l))
	}
	return b.String()
}

// shrink leaves out operations, faults and rules for as long as the promise is broken
// all the same.
func (r *Runner) shrink(p plan, promise int) plan {
	breaks := func(q plan) bool {
		return slices.ContainsFunc(r.play(q, nil).Violations, func(v Violation) bool { return v.Promise == promise })
	}
	bare := p
	if bare.least = 0; breaks(bare) {
		p = bare
	}
	for again := true; again; {
		again = false
		for i := len(p.ops) - 1; i >= 0 && len(p.ops) > 1; i-- {
			q := p
			q.ops = without(p.ops, i)
			if breaks(q) {
				p, again = q, true
			}
		}
		for i := len(p.faults) - 1; i >= 0; i-- {
			q := p
			q.faults = without(p.faults, i)
			if breaks(q) {
				p, again = q, true
			}
		}
	}
	for _, simpler := range []func(*config){
		func(c *config) { c.window = false },
		func(c *config) { c.cap, c.sameStep, c.between, c.afterOrder = 0, 0, 0, 0 },
		func(c *config) { c.each = true },
		func(c *config) { c.resend = false },
		func(c *config) { c.steps = c.steps[:1] },
	} {
		q := p
		q.configs = slices.Clone(p.configs)
		for i := range q.configs {
			simpler(&q.configs[i])
		}
		if breaks(q) {
			p = q
		}
	}
	return p
}

func without[T any](list []T, i int) []T { return slices.Delete(slices.Clone(list), i, i+1) }
