package cloudtasks

import "time"

// tombstones are the names of tasks that are gone and cannot be used again yet.
type tombstones struct {
	until map[string]time.Time
	order []string // oldest first, since each stays for the same time
}

func (t *tombstones) add(name string, until time.Time) {
	t.until[name] = until
	t.order = append(t.order, name)
}

func (t *tombstones) has(name string, now time.Time) bool { return t.until[name].After(now) }

// expired removes those that ran out and returns their names.
func (t *tombstones) expired(now time.Time) []string {
	n := 0
	for n < len(t.order) && !t.has(t.order[n], now) {
		delete(t.until, t.order[n])
		n++
	}
	names := t.order[:n]
	t.order = t.order[n:]
	return names
}
