package lock

import "slices"

// blockers are the owners that the request must wait for: those who hold what
// conflicts and, unless its owner holds locks already, those who wait for such
// longer. Holders may pass the queue, since who waits for them would otherwise
// wait for ever; all others keep their place, so that a stream of readers cannot
// starve a writer.
func (t *Table) blockers(r *request) []*Owner {
	var found []*Owner
	for _, l := range r.locks {
		for _, o := range t.holders[l.Key] {
			if o != r.owner && conflictsAny(l, o.held[l.Key]) {
				found = append(found, o)
			}
		}
	}
	if len(r.owner.held) > 0 {
		return found
	}
	for _, earlier := range t.queue {
		if earlier == r {
			break
		}
		if earlier.owner != r.owner && slices.ContainsFunc(r.locks, func(l Lock) bool { return conflictsAny(l, earlier.locks) }) {
			found = append(found, earlier.owner)
		}
	}
	return found
}

func conflictsAny(l Lock, others []Lock) bool {
	return slices.ContainsFunc(others, func(o Lock) bool { return o.Key == l.Key && conflict(l, o) })
}

func conflict(a, b Lock) bool {
	if a.Mode > b.Mode {
		a, b = b, a
	}
	switch {
	case b.Mode == Exclusive: // with shared or exclusive
		return true
	case a.Mode == ReadRange && b.Mode == WriteRange:
		return b.Meets(a.Range)
	}
	return false
}

// breakDeadlocks aborts the youngest owner of each circle of waiting that the
// owner is in, until it is in none.
func (t *Table) breakDeadlocks(owner *Owner) {
	for !owner.aborted {
		circle := t.circle(owner, owner, nil, map[*Owner]bool{})
		if circle == nil {
			return
		}
		youngest := slices.MaxFunc(circle, func(a, b *Owner) int {
			if a.Age < b.Age {
				return -1
			}
			return 1
		})
		t.abort(youngest)
		t.grantWaiting()
	}
}

// circle finds a way along the waiting from an owner back to the target. From whom it has
// seen there is none.
func (t *Table) circle(from, target *Owner, way []*Owner, seen map[*Owner]bool) []*Owner {
	way, seen[from] = append(way, from), true
	for _, r := range t.queue {
		if r.owner != from {
			continue
		}
		for _, o := range t.blockers(r) {
			if o == target {
				return way
			}
			if seen[o] {
				continue
			}
			if found := t.circle(o, target, way, seen); found != nil {
				return found
			}
		}
	}
	return nil
}
