package simulation

import (
	"slices"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// rowsAreRight: the list of messages, from which a merchant reads what was sent, has what
// SendGrid got and nothing else, and says of each to whom it went and what became of it.
func (e *evidence) rowsAreRight() {
	rows := map[reminderKey]recovery.Message{}
	for _, row := range e.rows {
		k := e.visits[row.Checkout]
		if k == nil || e.isErased(k) {
			continue // another store's, or partly gone
		}
		key := reminderKey{row.Checkout, row.Reminder.Generation, row.Reminder.Step}
		rows[key] = row
		list := e.attempts[key]
		if row.State == recovery.Unknown && row.Provider == "" { // a run may have died before it sent
			continue
		}
		right := slices.ContainsFunc(list, func(a *attempt) bool {
			// A subject is known only to the run, and the address where none of the
			// outcome came is that of now, or of an event.
			return maybe(a.verdict) && (row.Subject == "" || row.Subject == a.version) &&
				(k.test || slices.Contains(k.emails, row.Email)) && (row.Subject == "" || k.test || row.Email == a.to)
		})
		if !right || row.State != recovery.Sent && row.State != recovery.Unknown || row.Test != k.test {
			e.violate(4, "the list says that reminder %s of %s is %s to %s with items %q, and SendGrid got no such mail", key, k.id, row.State, row.Email, row.Subject)
		}
	}
	for key, list := range e.attempts {
		if e.isErased(e.visits[key.checkout]) {
			continue
		}
		for _, a := range list {
			if a.verdict.kind == nil && a.dispatch.status == 200 && rows[key].State != recovery.Sent {
				e.violate(4, "SendGrid took reminder %s of %s, the task was answered as done, and the list says %q", key, e.visits[key.checkout].id, rows[key].State)
			}
		}
	}
	for key, last := range e.last {
		if e.isErased(e.visits[key]) {
			continue
		}
		for _, r := range last.Reminders {
			row, there := rows[reminderKey{key, last.Generation, r.Step}]
			if handed := r.State == string(recovery.Sent) || r.State == string(recovery.Unknown); handed && (!there || string(row.State) != r.State) || !handed && there {
				e.violate(4, "reminder %d-%d of %s ended as %s, and the list says %q", last.Generation, r.Step, e.visits[key].id, r.State, row.State)
			}
		}
	}
}
