package store

import (
	"sync"
	"time"
)

// times hands out commit times, which grow by a microsecond at least, and read
// times, at which no commit can come any more.
type times struct {
	now func() time.Time

	mu      sync.Mutex
	last    int64 // the latest time handed out for either
	applied int64 // the latest commit that is visible
	pending int   // commits that have a time and are not visible yet
}

func (t *times) begin() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = max(t.last+1, t.now().UnixMicro())
	t.pending++
	return t.last
}

// end is called in the order of the commit times, with the store locked.
func (t *times) end(at int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.applied = at
	t.pending--
}

// read, with the store locked for reading, is the time of what is visible now.
func (t *times) read() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.pending > 0 {
		return t.applied
	}
	t.last = max(t.last, t.now().UnixMicro())
	t.applied = t.last
	return t.last
}

// reach makes sure that commits begun from here on come after the time. It returns
// false where the time is ahead.
func (t *times) reach(at int64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at > max(t.last, t.now().UnixMicro()) {
		return false
	}
	t.last = max(t.last, at)
	return true
}

// seen makes sure that commits come after a time found in the file.
func (t *times) seen(at int64) {
	t.last = max(t.last, at)
	t.applied = t.last
}
