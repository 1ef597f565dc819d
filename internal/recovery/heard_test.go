package recovery_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/recovery/recoverytest"
)

var fromCheckout = recovery.Source{Store: "default", Name: "Checkout"}

// hear is a call at the instant, of which err becomes.
func (s *shop) hear(from recovery.Source, err error) {
	s.Helper()
	if got := s.Hear(context.Background(), from, func() error { return err }); !errors.Is(got, err) {
		s.Errorf("got %v, want what the work returned, %v", got, err)
	}
}

// wantSilences compares how long each source has been silent.
func (s *shop) wantSilences(what string, want ...recovery.Silence) {
	s.Helper()
	got, err := s.Silences(context.Background(), []string{"Order", "Checkout"})
	if err != nil {
		s.Errorf("%s: %v", what, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// hearing is a shop with two stores, whose answers wait for their marks.
func hearing(t *testing.T) *shop {
	s := open(t, nil)
	s.Stores["another"] = &recovery.Store{ID: "another"}
	s.Deadlines.Mark = time.Minute
	return s
}

func TestSilences(t *testing.T) {
	t.Parallel()
	s := hearing(t)
	s.wantSilences("never heard of")
	s.hear(fromCheckout, nil)
	s.hear(recovery.Source{Store: "another", Name: "Order"}, nil)
	s.hear(recovery.Source{Store: "gone", Name: "Order"}, nil)
	s.clock.Set(t0.Add(time.Hour))
	s.hear(recovery.Source{Store: "another", Name: "Checkout"}, nil)
	s.wantSilences(
		"by store and name, of configured stores",
		recovery.Silence{Source: recovery.Source{Store: "another", Name: "Checkout"}},
		recovery.Silence{Source: recovery.Source{Store: "another", Name: "Order"}, For: time.Hour},
		recovery.Silence{Source: fromCheckout, For: time.Hour},
	)
	s.db.FailNext(recovery.ErrOverload)
	if list, err := s.Silences(t.Context(), []string{"Checkout"}); !errors.Is(err, recovery.ErrOverload) || len(list) != 0 {
		t.Errorf("away: got %v, %v; want ErrOverload", list, err)
	}
}

// Another instance's clock may be ahead of ours.
func TestSilenceIsNeverNegative(t *testing.T) {
	t.Parallel()
	s := hearing(t)
	ahead := recovery.Change{Heard: &recovery.RaiseHeard{Source: "Checkout", At: t0.Add(time.Second)}}
	if err := s.db.Commit(t.Context(), "default", ahead); err != nil {
		t.Fatal(err)
	}
	s.wantSilences("ahead", recovery.Silence{Source: fromCheckout})
}

// countingDB counts the marks that are being left.
type countingDB struct {
	recovery.DB
	marks atomic.Int64
}

func (d *countingDB) Commit(ctx context.Context, store string, ch recovery.Change) error {
	if ch.Heard != nil {
		d.marks.Add(1)
	}
	return d.DB.Commit(ctx, store, ch)
}

// A source is marked at most once a minute, however many call at once, and anew where
// the last mark was not left.
func TestMarksAreFew(t *testing.T) {
	t.Parallel()
	s := hearing(t)
	db := &countingDB{DB: s.db}
	s.DB = db
	want := func(what string, want int64) {
		t.Helper()
		if got := db.marks.Swap(0); got != want {
			t.Errorf("%s: %d marks, want %d", what, got, want)
		}
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { s.hear(fromCheckout, nil) })
	}
	wg.Wait()
	want("at once", 1)
	s.hear(recovery.Source{Store: "default", Name: "Order"}, nil)
	s.hear(recovery.Source{Store: "another", Name: "Checkout"}, nil)
	want("of other sources", 2)
	s.clock.Set(t0.Add(time.Minute - us))
	s.hear(fromCheckout, nil)
	want("within the minute", 0)
	s.clock.Set(t0.Add(time.Minute))
	s.hear(fromCheckout, nil)
	want("a minute later", 1)
	s.clock.Set(t0.Add(2 * time.Minute))
	s.db.FailNext(recovery.ErrOverload)
	s.hear(fromCheckout, nil)
	s.hear(fromCheckout, nil)
	s.hear(fromCheckout, nil)
	want("one not left", 2)
	s.Clock = recoverytest.NewClock(t0)
	s.hear(fromCheckout, nil)
	want("by a clock that was set back", 1)
}

// stuckDB leaves no mark until it is told to give up.
type stuckDB struct {
	recovery.DB
	gaveUp atomic.Bool
}

func (d *stuckDB) Commit(ctx context.Context, store string, ch recovery.Change) error {
	if ch.Heard == nil {
		return d.DB.Commit(ctx, store, ch)
	}
	<-ctx.Done()
	d.gaveUp.Store(true)
	return ctx.Err()
}

// A mark that hangs holds up neither the work nor, beyond its deadline, the answer. Its
// failure is logged, and is not the call's.
func TestMarkHangs(t *testing.T) {
	t.Parallel()
	if got, most := recovery.DefaultDeadlines().Mark, 100*time.Millisecond; got > most { // docs/logs.md
		t.Errorf("an answer may wait %s for its mark, want %s at most", got, most)
	}
	for _, tc := range []struct {
		name string
		mark time.Duration
		err  error
		want string // in the log
	}{
		{"accepted", time.Nanosecond, nil, "mark not left"},
		{"not accepted", time.Hour, recovery.ErrOverload, ""},
	} {
		s := hearing(t)
		db, lines := &stuckDB{DB: s.db}, &strings.Builder{}
		s.DB, s.Log, s.Deadlines.Mark = db, slog.New(slog.NewTextHandler(lines, nil)), tc.mark
		s.hear(fromCheckout, tc.err)
		if !db.gaveUp.Load() {
			t.Errorf("%s: the mark outlives the answer", tc.name)
		}
		if got := lines.String(); tc.want == "" && got != "" || !strings.Contains(got, tc.want) {
			t.Errorf("%s: logged %q, want %q", tc.name, got, tc.want)
		}
		s.DB, s.Deadlines.Mark = s.db, time.Minute
		s.hear(fromCheckout, nil)
		s.wantSilences(tc.name+", then heard again", recovery.Silence{Source: fromCheckout})
	}
}

// A service without a deadline for marks leaves none.
func TestNoMarks(t *testing.T) {
	t.Parallel()
	s := hearing(t)
	s.Deadlines.Mark = 0
	s.hear(fromCheckout, nil)
	s.wantSilences("no marks")
}
