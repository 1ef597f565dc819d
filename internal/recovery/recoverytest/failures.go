package recoverytest

import "sync"

// failures are errors that a fake is told to return.
type failures struct {
	mu   sync.Mutex
	next []failure
	all  error
}

type failure struct {
	err  error
	done bool // the work is done, only the answer is lost
}

// FailNext makes the next call fail with err, nothing done.
func (f *failures) FailNext(err error) { f.push(failure{err: err}) }

// LoseNext makes the next call do its work and then fail with err.
func (f *failures) LoseNext(err error) { f.push(failure{err: err, done: true}) }

// FailAll makes all calls fail with err, nothing done, until FailAll(nil).
func (f *failures) FailAll(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = err
}

func (f *failures) push(x failure) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next = append(f.next, x)
}

func (f *failures) take() failure {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all != nil || len(f.next) == 0 {
		return failure{err: f.all}
	}
	x := f.next[0]
	f.next = f.next[1:]
	return x
}
