package simulation

import "time"

// event is something that happens at an instant.
type event struct {
	at  time.Duration
	seq int
	do  func()
}

func (e event) before(o event) bool { return e.at < o.at || e.at == o.at && e.seq < o.seq }

func (w *world) at(at time.Duration, do func()) {
	w.seq++
	w.events.push(event{at.Truncate(time.Microsecond), w.seq, do})
}

func (w *world) after(d time.Duration, do func()) { w.at(w.now+d, do) }

// timeline is what is to happen: a heap, whose first event is the next one. That of the
// standard library makes an object of each event.
type timeline []event

func (t *timeline) push(e event) {
	*t = append(*t, e)
	list := *t
	for i := len(list) - 1; i > 0; {
		parent := (i - 1) / 2
		if !list[i].before(list[parent]) {
			return
		}
		list[i], list[parent] = list[parent], list[i]
		i = parent
	}
}

func (t *timeline) pop() event {
	list := *t
	next, last := list[0], len(list)-1
	list[0], list[last] = list[last], event{}
	list = list[:last]
	*t = list
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(list) {
			return next
		}
		if right := child + 1; right < len(list) && list[right].before(list[child]) {
			child = right
		}
		if !list[child].before(list[i]) {
			return next
		}
		list[i], list[child] = list[child], list[i]
		i = child
	}
}
