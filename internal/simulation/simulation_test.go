package simulation

import (
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

// histories is how many are played with every test run; make simulate plays more.
const histories = 3000

// All promises hold in every history.
func TestHistories(t *testing.T) {
	t.Parallel()
	s := Many(t.Context(), Hooks{}, 0, histories, 2, nil)
	if s.Violated > 0 {
		t.Fatal(NewRunner(Hooks{}).Story(s.Failing[0]))
	}
	if s.Calm > 0 {
		t.Errorf("%d histories have no fault that took effect, want none", s.Calm)
	}
	if s.Fewest < 20 {
		t.Errorf("a history has %d requests and dispatches, want at least 20", s.Fewest)
	}
	for _, k := range kinds {
		if s.Faults[string(k)] == 0 {
			t.Errorf("no history has the fault %q", k)
		}
	}
	for _, want := range []string{
		"sent", "unknown", "failed rejected", "failed provider", "skipped ordered", "skipped superseded", "skipped stale",
		"skipped cooldown", "skipped no_consent", "skipped inactive", "skipped holdout", "skipped shadow",
		"skipped bounced", "skipped unsubscribed", "skipped complained", "skipped stopped",
	} {
		if s.Outcomes[want] == 0 {
			t.Errorf("no reminder ended as %s", want)
		}
	}
}

// A seed tells the same history each time, whatever was played before.
func TestSameHistory(t *testing.T) {
	t.Parallel()
	a, b := NewRunner(Hooks{}), NewRunner(Hooks{})
	defer a.Close()
	defer b.Close()
	for seed := range uint64(300) {
		b.Run(seed + 1000)
		if a.Tell(seed) != b.Tell(seed) {
			t.Fatalf("seed %d tells another history the second time", seed)
		}
	}
}

// The story of a breach holds what it needs and not much else.
func TestStory(t *testing.T) {
	t.Parallel()
	bug := Hooks{TaskName: withoutGeneration}
	s := Many(t.Context(), bug, 0, 200, 1, nil)
	if len(s.Failing) == 0 {
		t.Fatal("the bug was not found")
	}
	r := NewRunner(bug)
	defer r.Close()
	story := r.Story(s.Failing[0])
	if n := strings.Count(story, "POST /checkout to"); n < 2 || n > 3 || !strings.Contains(story, "promise 4") || len(story) > 5000 {
		t.Errorf("got a story with %d requests, want 2 and few lines:\n%s", n, story)
	}
	if got := NewRunner(Hooks{}).Story(s.Failing[0]); got != "" {
		t.Errorf("got a story of a history without a breach:\n%s", got)
	}
}

// A story tells of a configuration what it changes, in the words of a configuration.
func TestConfigString(t *testing.T) {
	t.Parallel()
	odd, normal := defaults(), defaults()
	odd.store, normal.store = storeIDs[0], storeIDs[0]
	odd.steps, odd.maxLate, odd.window, odd.sameStep, odd.cap = []time.Duration{30 * time.Minute, 33 * day, 90 * time.Second}, 2*day, true, 0, 2
	for want, c := range map[string]config{
		"all defaults": normal,
		"reminders after 30m, 33d, 1m30s, send_window 08:00 to 21:00, max_late 2d, cooldown same_step 0s, cap 2 in 7d": odd,
	} {
		if got := c.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// with plays the histories of some seeds with nothing wrong but these faults.
func with(t *testing.T, n uint64, faults func(d *drawing) []fault) Summary {
	t.Helper()
	r := NewRunner(Hooks{})
	defer r.Close()
	total := Summary{Faults: map[string]int{}, Outcomes: map[string]int{}}
	for seed := range n {
		p := newPlan(seed)
		d := &drawing{Rand: random(seed, 2), span: 5 * day, ops: p.ops}
		p.faults = faults(d)
		h := r.play(p, nil)
		if len(h.Violations) > 0 {
			t.Fatal(r.tell(p))
		}
		total.count(h)
	}
	return total
}

// The whole queue is purged in the middle: every reminder comes within two minutes of
// the purge or of its due instant, whichever is later.
func TestPurge(t *testing.T) {
	t.Parallel()
	s := with(t, 500, func(d *drawing) []fault { return []fault{{kind: purge, at: d.moment()}} })
	if s.Faults[string(purge)] != 500 || s.Outcomes["sent"] == 0 {
		t.Errorf("got %d purges and %d sent reminders", s.Faults[string(purge)], s.Outcomes["sent"])
	}
	if n := s.Outcomes["unknown"] + s.Outcomes["failed provider"]; n > 0 {
		t.Errorf("got %d reminders that were lost, want none", n)
	}
}

// SendGrid is away for a day: each reminder is sent later, or has failed where it was
// tried until it was too late, or is stale where nobody could try.
func TestSendGridAwayForADay(t *testing.T) {
	t.Parallel()
	s := with(t, 500, func(d *drawing) []fault { return []fault{{kind: mailAway, at: d.moment(), last: day}} })
	for _, want := range []string{"sent", "failed provider"} {
		if s.Outcomes[want] == 0 {
			t.Errorf("no reminder ended as %s: %v", want, s.Outcomes)
		}
	}
	if n := s.Outcomes["unknown"]; n > 0 {
		t.Errorf("got %d reminders of unknown outcome, want none", n)
	}
}

// An instance stands still while it connects to SendGrid, and then Firestore is away
// until the reminder is too late: it has failed, though SendGrid never heard of it.
func TestGivenUpThenTooLate(t *testing.T) {
	t.Parallel()
	r := NewRunner(Hooks{})
	defer r.Close()
	outcomes := map[string]int{}
	for effect := range 8 {
		d := drawing{Rand: random(uint64(effect), 1), store: storeIDs[0]}
		v := visit{drawing: &d, about: about{store: d.store, checkout: "c1", email: "ana@example.net"}}
		v.checkout(time.Hour, true)
		c := defaults()
		c.store, c.steps = d.store, c.steps[:1]
		due := time.Hour + c.steps[0]
		h := r.play(plan{seed: uint64(effect), configs: []config{c}, ops: d.ops, faults: []fault{
			{kind: stall, at: due - time.Second, n: effect, last: 12 * time.Second}, {kind: dbAway, at: due + 17*time.Second, last: 8 * time.Hour},
		}}, nil)
		for _, v := range h.Violations {
			t.Errorf("stands still after %d effects: %s", effect, v)
		}
		for k, n := range h.Outcomes {
			outcomes[k] += n
		}
	}
	if outcomes["failed provider"] == 0 {
		t.Errorf("got %v, want one failed provider", outcomes)
	}
}

// Nothing goes wrong: everything is on the second, and nothing is unknown, failed or
// stale.
func TestNoFaults(t *testing.T) {
	t.Parallel()
	s := with(t, 500, func(*drawing) []fault { return nil })
	if n := s.Outcomes["unknown"] + s.Outcomes["failed provider"] + s.Outcomes["failed rejected"]; n > 0 || s.Outcomes["sent"] == 0 {
		t.Errorf("got %v", s.Outcomes)
	}
}

// The rule of the two minutes can fail: without the sweep a purge loses reminders.
func TestPurgeWithoutSweep(t *testing.T) {
	t.Parallel()
	r := NewRunner(Hooks{})
	defer r.Close()
	for seed := range uint64(100) {
		p := newPlan(seed)
		p.faults = []fault{{kind: purge, at: p.ops[0].at + time.Second}, {kind: sweepAway, last: forEver}}
		if h := r.play(p, nil); len(h.Violations) > 0 {
			return
		}
	}
	t.Error("no promise is broken without the sweep")
}

func BenchmarkHistory(b *testing.B) {
	r := NewRunner(Hooks{})
	defer r.Close()
	seed := uint64(0)
	for b.Loop() {
		seed++
		r.Run(seed)
	}
}

// BenchmarkMany plays histories as make simulate does, on all cores: its profile says
// what a history costs.
func BenchmarkMany(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(800))
	s := Many(b.Context(), Hooks{}, 1, b.N, runtime.GOMAXPROCS(0), nil)
	b.ReportMetric(s.PerSecond(), "histories/s")
}
