package recovery

import (
	"errors"
	"fmt"
	"sync"
)

// resumePoint is where a sweep that ran out of time stopped, having met checkouts that
// it could not sweep. Those have not moved on: did each sweep begin with them, they
// could use up its time for ever. So the next one of this instance goes on behind
// them, and the one after it begins at the front again.
type resumePoint struct {
	mu sync.Mutex
	at *Checkout
}

// take returns the point, nil for the front, and forgets it.
func (p *resumePoint) take() *Checkout {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := p.at
	p.at = nil
	return at
}

func (p *resumePoint) leave(at *Checkout) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = at
}

// place is of c what a query needs to go on behind it, as c is now.
func (c *Checkout) place() *Checkout {
	return &Checkout{Store: c.Store, Key: c.Key, CheckAt: c.CheckAt}
}

// keptErrors is how many errors of one sweep are told: a line of the log holds no more
// than some of them.
const keptErrors = 10

// someErrors are the first errors of many, and how many more there were.
type someErrors struct {
	kept []error
	more int
}

func (e *someErrors) add(err error) {
	// An overload decides about the answer, and it is the last one anyway.
	if len(e.kept) < keptErrors || errors.Is(err, ErrOverload) && !errors.Is(e.join(), ErrOverload) {
		e.kept = append(e.kept, err)
		return
	}
	e.more++
}

func (e *someErrors) any() bool { return len(e.kept) > 0 }

func (e *someErrors) join() error {
	if e.more > 0 {
		return errors.Join(append(e.kept, fmt.Errorf("and %d more", e.more))...)
	}
	return errors.Join(e.kept...)
}
