package cloudtasks

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// The shortest deadline that a task may have is too long for a test.
func TestSilentHandlerTimesOut(t *testing.T) {
	t.Parallel()
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(silent.Close)
	got := s.call(&attempt{
		task:     &task{},
		request:  &cloudtaskspb.HttpRequest{Url: silent.URL, HttpMethod: cloudtaskspb.HttpMethod_POST},
		deadline: 20 * time.Millisecond,
	})
	if got != timedOut || got.status != 504 || got.answered {
		t.Errorf("got %+v, want 504 without an answer", got)
	}
}

func TestTasksAreGivenUp(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		attempts int32
		duration time.Duration
		made     int32
		after    time.Duration
		want     bool
	}{
		"neither reached":          {5, time.Hour, 4, time.Minute, false},
		"attempts reached":         {5, time.Hour, 5, time.Minute, false},
		"duration reached":         {5, time.Hour, 4, time.Hour, false},
		"both reached":             {5, time.Hour, 5, time.Hour, true},
		"attempts alone":           {5, 0, 5, time.Minute, true},
		"attempts alone, not yet":  {5, 0, 4, 24 * time.Hour, false},
		"duration alone":           {-1, time.Hour, 1, time.Hour, true},
		"duration alone, not yet":  {-1, time.Hour, 1000, time.Minute, false},
		"no limit":                 {-1, 0, 1000, 30 * 24 * time.Hour, false},
		"no limit but the 31 days": {-1, 0, 1000, 31 * 24 * time.Hour, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			task := &task{pb: &cloudtaskspb.Task{
				CreateTime:    timestamppb.New(noon),
				DispatchCount: tt.made,
				FirstAttempt:  &cloudtaskspb.Attempt{DispatchTime: timestamppb.New(noon)},
				RetryConfig:   &cloudtaskspb.RetryConfig{MaxAttempts: tt.attempts, MaxRetryDuration: durationpb.New(tt.duration)},
			}}
			if got := task.exhausted(noon.Add(tt.after)); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestDefaultBackoffNeverOverflows(t *testing.T) {
	t.Parallel()
	c := retryDefaults(nil)
	last := time.Duration(0)
	for n := 1; n < 200; n++ {
		wait := backoff(c, n)
		if wait < last || wait > time.Hour {
			t.Fatalf("after %d attempts: got %s after %s", n, wait, last)
		}
		last = wait
	}
	if last != time.Hour {
		t.Errorf("got %s in the end, want the most, 1h", last)
	}
}

// takes counts the dispatches that the throttle lets through in a time.
func takes(t *throttle, rate float64, from time.Time, d time.Duration) int {
	n := 0
	for now := from; now.Before(from.Add(d)); {
		next := t.take(now, rate)
		if next.Equal(now) {
			n++
		}
		now = next
	}
	return n
}

func TestThrottleKeepsTheRate(t *testing.T) {
	t.Parallel()
	throttle := &throttle{}
	if got := takes(throttle, 10, noon, time.Minute); got < 605 || got > 611 {
		t.Errorf("got %d in a minute, want a burst of 10 and then 10/s", got)
	}
}

func TestOverloadHalvesTheRateForAWhile(t *testing.T) {
	t.Parallel()
	throttle := &throttle{}
	takes(throttle, 10, noon, 10*time.Second) // the burst is used up
	now := noon.Add(10 * time.Second)
	for range 100 { // many at once count as one
		throttle.overloaded(now, 0)
	}
	if got := takes(throttle, 10, now, 9*time.Second); got < 44 || got > 47 {
		t.Errorf("got %d in nine seconds, want 5/s", got)
	}
	for i := range 100 {
		now = now.Add(time.Second)
		throttle.overloaded(now, 0)
		if by := throttle.slowedBy(now); by > maxHalvings {
			t.Fatalf("after %d overloads: %d halvings", i, by)
		}
	}
	if by := throttle.slowedBy(now); by != maxHalvings {
		t.Errorf("got %d halvings, want %d", by, maxHalvings)
	}
	if by := throttle.slowedBy(now.Add(6 * recovery)); by != 0 {
		t.Errorf("got %d halvings after a quiet minute, want none", by)
	}
}

func TestRetryAfterForms(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{
		"": 0, "soon": 0, "-5": 0, "0": 0, "30": 30 * time.Second,
		noon.Add(time.Minute).Format(http.TimeFormat):  time.Minute,
		noon.Add(-time.Minute).Format(http.TimeFormat): 0,
		"9223372036854775807":                          retention,
	} {
		if got := retryAfter(value, noon); got != want {
			t.Errorf("%q: got %s, want %s", value, got, want)
		}
	}
}

func TestTombstonesRunOut(t *testing.T) {
	t.Parallel()
	tombs := tombstones{until: map[string]time.Time{}}
	tombs.add("a", noon)
	tombs.add("b", noon.Add(time.Hour))
	if got := tombs.expired(noon.Add(time.Minute)); len(got) != 1 || got[0] != "a" || tombs.has("a", noon.Add(-time.Minute)) {
		t.Errorf("got %v, want a gone", got)
	}
	if !tombs.has("b", noon.Add(time.Minute)) {
		t.Error("want b still taken")
	}
}
