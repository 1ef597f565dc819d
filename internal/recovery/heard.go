package recovery

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// markEvery is how often one instance marks the same source at most: a document
// should not be written more than once a second, by all instances together.
const markEvery = time.Minute

// Hear does the work that a source asked for in a call whose sender is known and
// whose content is in order, and beside it leaves the mark that the source was heard
// of, unless it did so within the last minute. It returns what work returns. A mark
// that cannot be left is logged and nothing else, and the work never waits for it;
// only the answer does, for Deadlines.Mark at most; where that is 0 no mark is left. Where the work fails, the call
// was not accepted and its mark is given up, but may have been left.
func (s *Service) Hear(ctx context.Context, from Source, work func() error) error {
	at := s.now()
	if s.Deadlines.Mark <= 0 || !s.marked.take(from, at) {
		return work()
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	left := make(chan error, 1)
	go func() {
		left <- s.DB.Commit(ctx, from.Store, Change{Heard: &RaiseHeard{Source: from.Name, At: at}})
	}()
	err := work()
	lost := s.waitForMark(ctx, cancel, left, err)
	if lost != nil {
		s.marked.giveBack(from, at) // the next call leaves it
	}
	if lost != nil && err == nil {
		s.Log.WarnContext(ctx, "mark not left: the caller may look silent", "store", from.Store, "source", from.Name, "error", lost)
	}
	return err
}

// waitForMark returns what became of the mark, after the work: its goroutine must not
// outlive the answer, since an instance may stand still between two requests.
func (s *Service) waitForMark(ctx context.Context, giveUp func(), left <-chan error, failed error) error {
	if failed != nil {
		giveUp()
		return <-left
	}
	wait, cancel := context.WithTimeout(ctx, s.Deadlines.Mark)
	defer cancel()
	select {
	case err := <-left:
		return err
	case <-wait.Done():
		giveUp()
		return <-left
	}
}

// throttle remembers when each source was last marked by this instance.
type throttle struct {
	mu   sync.Mutex
	last map[Source]time.Time
}

// take says whether it is time for the next mark, and if so that it is being left.
func (t *throttle) take(from Source, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	// A clock that was set back must not keep the marks away until it has caught up.
	if since := now.Sub(t.last[from]); since >= 0 && since < markEvery {
		return false
	}
	if t.last == nil {
		t.last = map[Source]time.Time{}
	}
	t.last[from] = now
	return true
}

// giveBack undoes the take of that instant.
func (t *throttle) giveBack(from Source, taken time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last[from].Equal(taken) {
		delete(t.last, from)
	}
}

// Silence says for how long a source has not been heard of; never negative.
type Silence struct {
	Source
	For time.Duration
}

// Silences reads for how long the sources of these names have been silent, for every
// configured store, by store and name. A source that has never been heard of is left
// out. One that cannot be read is left out too, and reported by an error.
func (s *Service) Silences(ctx context.Context, names []string) ([]Silence, error) {
	var sources []Source
	for id := range s.Stores {
		for _, name := range names {
			sources = append(sources, Source{Store: id, Name: name})
		}
	}
	heard, err := s.DB.LastHeard(ctx, sources)
	if err != nil {
		err = fmt.Errorf("read when callers were last heard of: %w", err)
	}
	now := s.now()
	var list []Silence
	for from, at := range heard {
		list = append(list, Silence{Source: from, For: max(0, now.Sub(at))})
	}
	slices.SortFunc(list, func(a, b Silence) int {
		return cmp.Or(cmp.Compare(a.Store, b.Store), cmp.Compare(a.Name, b.Name))
	})
	return list, err
}
