package simulation

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"
)

// Summary is what came of many histories.
type Summary struct {
	Histories, Requests, Dispatches, Sweeps, Mails int
	Fewest                                         int // requests and dispatches of one history
	Calm                                           int // histories in which no fault took effect
	Faults, Outcomes                               map[string]int
	Failing                                        []uint64 // the smallest seeds, sorted; at most maxFailing
	Violated                                       int      // histories
	Took                                           time.Duration
}

// maxFailing is how many failing seeds are kept.
const maxFailing = 20

// Many plays the histories of n seeds from first on, on so many threads, until the
// context ends. It calls progress now and then, if there is one.
func Many(ctx context.Context, hooks Hooks, first uint64, n, threads int, progress func(Summary)) Summary {
	m := &many{first: first, n: n, began: time.Now()}
	m.total.Faults, m.total.Outcomes = map[string]int{}, map[string]int{}
	var wg sync.WaitGroup
	for range threads {
		wg.Go(func() {
			r := NewRunner(hooks)
			defer r.Close()
			for ctx.Err() == nil {
				from, to := m.take()
				if from == to {
					return
				}
				m.add(r.batch(from, to), progress)
			}
		})
	}
	wg.Wait()
	return m.total
}

// batchSize is how many histories a thread plays before it reports.
const batchSize = 200

func (r *Runner) batch(from, to uint64) Summary {
	s := Summary{Faults: map[string]int{}, Outcomes: map[string]int{}}
	for seed := from; seed < to; seed++ {
		s.count(r.Run(seed))
	}
	return s
}

func (s *Summary) count(h History) {
	if seen := h.Requests + h.Dispatches; s.Histories == 0 || seen < s.Fewest {
		s.Fewest = seen
	}
	s.Histories++
	if len(h.Faults) == 0 {
		s.Calm++
	}
	s.Requests += h.Requests
	s.Dispatches += h.Dispatches
	s.Sweeps += h.Sweeps
	s.Mails += h.Mails
	for k, n := range h.Faults {
		s.Faults[k] += n
	}
	for k, n := range h.Outcomes {
		s.Outcomes[k] += n
	}
	if len(h.Violations) > 0 {
		s.Violated++
		s.Failing = append(s.Failing, h.Seed)
	}
}

// many shares the seeds out.
type many struct {
	mu    sync.Mutex
	first uint64
	n     int
	taken int
	began time.Time
	total Summary
}

func (m *many) take() (from, to uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := min(batchSize, m.n-m.taken)
	from = m.first + uint64(m.taken)
	m.taken += n
	return from, from + uint64(n)
}

func (m *many) add(s Summary, progress func(Summary)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := &m.total
	if t.Histories == 0 || s.Fewest < t.Fewest {
		t.Fewest = s.Fewest
	}
	t.Histories += s.Histories
	t.Requests += s.Requests
	t.Dispatches += s.Dispatches
	t.Sweeps += s.Sweeps
	t.Mails += s.Mails
	t.Calm += s.Calm
	t.Violated += s.Violated
	for k, n := range s.Faults {
		t.Faults[k] += n
	}
	for k, n := range s.Outcomes {
		t.Outcomes[k] += n
	}
	t.Failing = append(t.Failing, s.Failing...) // batches end in any order
	slices.Sort(t.Failing)
	t.Failing = t.Failing[:min(len(t.Failing), maxFailing)]
	t.Took = time.Since(m.began)
	if progress != nil {
		progress(*t)
	}
}

// PerSecond is how many histories were played in a second.
func (s Summary) PerSecond() float64 {
	if s.Took <= 0 { // it was ended before the first batch
		return 0
	}
	return float64(s.Histories) / s.Took.Seconds()
}

// Write writes the summary as tables.
func (s Summary) Write(w io.Writer) {
	fmt.Fprintf(w, "%d histories in %s, %.0f a second\n", s.Histories, s.Took.Round(time.Millisecond), s.PerSecond())
	fmt.Fprintf(w, "%d requests, %d dispatches, %d sweeps, %d mails that reached SendGrid; at least %d requests and dispatches in each\n", s.Requests, s.Dispatches, s.Sweeps, s.Mails, s.Fewest)
	table(w, "faults that took effect", s.Faults)
	table(w, "outcomes of the reminders", s.Outcomes)
	fmt.Fprintf(w, "\nhistories that broke a promise: %d\n", s.Violated)
}

func table(w io.Writer, title string, counts map[string]int) {
	fmt.Fprintf(w, "\n%s\n", title)
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(w, "%12d  %s\n", counts[name], name)
	}
}
