package simulation

import (
	"slices"
	"strings"
)

// addressee is the shopper's address for which a mail was judged, "" where it cannot be
// known: a test is judged by the shopper that it names, and goes to other people.
func (e *evidence) addressee(a *attempt) string {
	k := e.visits[a.checkout]
	switch {
	case !k.test:
		return a.to
	case len(k.emails) == 1:
		return k.emails[0]
	}
	return ""
}

// goesTo: a mail goes to the shopper, that of a test to those who test, and to nobody
// else.
func (e *evidence) goesTo(a *attempt) {
	k := e.visits[a.checkout]
	right := len(a.all) == 1 && slices.Contains(k.emails, a.to)
	if k.test {
		right = slices.ContainsFunc(e.plan.configs, func(c config) bool { return c.recipients > 0 && slices.Equal(c.testers(), a.all) })
	}
	if store := k.ops[0].about.store; a.store != store || a.from != sender(store) {
		e.violate(9, "reminder %s of %s was mailed for the store %s, from %s", a.reminderKey, k.id, a.store, a.from)
	}
	if !right {
		e.violate(7, "reminder %s of %s, a test: %t, went to %s", a.reminderKey, k.id, k.test, strings.Join(a.all, ", "))
	}
}
