package cloudtasks_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"github.com/comeback-checkout/comeback/emulators/cloudtasks"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/types/known/durationpb"
)

func TestDispatchIsTheTasksRequest(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	var got *http.Request
	var body []byte
	handler := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
	}))
	t.Cleanup(handler.Close)
	due := e.clock.Now().Add(time.Hour).Truncate(time.Second).Add(2500 * time.Microsecond)
	if _, err := e.create(t, handler.URL+"/a?b=c", func(task *cloudtaskspb.Task) {
		at("first-1-0", due)(task)
		r := task.GetHttpRequest()
		r.HttpMethod = cloudtaskspb.HttpMethod_PUT
		r.Headers = map[string]string{
			"x-own": "kept", "user-agent": "mine", "X-CloudTasks-TaskName": "forged",
			"X-Google-Anything": "dropped", "Host": "elsewhere.example",
		}
	}); err != nil {
		t.Fatal(err)
	}
	e.advance(t, 2*time.Hour)
	if got == nil {
		t.Fatal("the task was not dispatched")
	}
	if got.Method != http.MethodPut || got.URL.String() != "/a?b=c" || string(body) != "body" || "http://"+got.Host != handler.URL {
		t.Errorf("got %s %s with body %q for host %s", got.Method, got.URL, body, got.Host)
	}
	want := map[string]string{
		"X-Own":                             "kept",
		"User-Agent":                        "Google-Cloud-Tasks",
		"X-Cloudtasks-Queuename":            "reminders",
		"X-Cloudtasks-Taskname":             "first-1-0",
		"X-Cloudtasks-Taskretrycount":       "0",
		"X-Cloudtasks-Taskexecutioncount":   "0",
		"X-Cloudtasks-Tasketa":              fmt.Sprintf("%d.002500", due.Unix()),
		"Content-Length":                    "4",
		"X-Google-Anything":                 "",
		"Authorization":                     "",
		"Content-Type":                      "",
		"X-Cloudtasks-Taskpreviousresponse": "",
	}
	for name, value := range want {
		if got := got.Header.Get(name); got != value {
			t.Errorf("header %s: got %q, want %q", name, got, value)
		}
	}
	if n := e.Dispatched(); n != 1 || len(e.Pending()) != 0 {
		t.Errorf("got %d dispatches and %d tasks pending, want 1 and 0", n, len(e.Pending()))
	}
}

// The counts and the previous response are those that the service was seen to
// send for the same answers.
func TestRetriesCountAsTheServiceDoes(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	g := newTarget(t, e.clock, func(w http.ResponseWriter, n int) {
		w.Header().Set("Location", "/elsewhere") // the 302's, which is not followed
		statuses(503, 404, 429, 500, 302, 200)(w, n)
	})
	e.mustCreate(t, g.url, "a", e.clock.Now().Add(time.Minute))
	e.advance(t, time.Hour)
	var got []string
	for _, c := range g.got() {
		got = append(got, fmt.Sprint(c.Header.Get("X-CloudTasks-TaskRetryCount"), " ",
			c.Header.Get("X-CloudTasks-TaskExecutionCount"), " ", c.Header.Get("X-CloudTasks-TaskPreviousResponse")))
		if reason, sent := c.Header["X-Cloudtasks-Taskretryreason"]; sent != (len(got) > 1) || len(reason) > 0 && reason[0] != "" {
			t.Errorf("call %d: got retry reason %q, want an empty one on retries only", len(got), reason)
		}
	}
	if want := []string{"0 0 ", "1 0 503", "2 1 404", "3 2 429", "4 2 500", "5 3 302"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBackoffFollowsTheConfiguration(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	err := e.EnsureQueue(queue, nil, &cloudtaskspb.RetryConfig{
		MinBackoff: durationpb.New(10 * time.Second), MaxBackoff: durationpb.New(5 * time.Minute), MaxDoublings: 3, MaxAttempts: 9,
	})
	if err != nil {
		t.Fatal(err)
	}
	g := newTarget(t, e.clock, statuses(500))
	e.mustCreate(t, g.url, "a", e.clock.Now().Add(time.Minute))
	e.advance(t, 24*time.Hour)
	var waits []time.Duration
	calls := g.got()
	for i := 1; i < len(calls); i++ {
		waits = append(waits, calls[i].at.Sub(calls[i-1].at).Round(5*time.Second))
	}
	var want []time.Duration
	for _, s := range []int{10, 20, 40, 80, 160, 240, 300, 300} {
		want = append(want, time.Duration(s)*time.Second)
	}
	if !slices.Equal(waits, want) {
		t.Errorf("got waits %v, want %v", waits, want)
	}
	if n := len(e.Pending()); n != 0 {
		t.Errorf("%d tasks are pending, want the task given up after nine attempts", n)
	}
}

func TestTasksOwnRetriesCount(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	g := newTarget(t, e.clock, statuses(500))
	if _, err := e.create(t, g.url, func(task *cloudtaskspb.Task) {
		task.RetryConfig = &cloudtaskspb.RetryConfig{MaxAttempts: 2}
	}); err != nil {
		t.Fatal(err)
	}
	e.advance(t, 24*time.Hour)
	if n := len(g.got()); n != 2 {
		t.Errorf("got %d attempts, want the task's own 2", n)
	}
}

func TestUnreachableTargetIsRetried(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	closed := httptest.NewServer(nil)
	closed.Close()
	e.mustCreate(t, closed.URL, "a", e.clock.Now())
	e.advance(t, time.Minute)
	pending := e.Pending()
	if len(pending) != 1 || pending[0].Attempts < 5 {
		t.Errorf("got %+v, want the task pending after some attempts", pending)
	}
}

func TestNeverEarly(t *testing.T) {
	t.Parallel()
	const tasks = 10_000
	e := start(t, cloudtasks.Options{Unlimited: true})
	from := e.clock.Now().Add(time.Hour)
	due := func(id string) time.Time {
		var n int
		_, _ = fmt.Sscanf(id, "task-%d", &n)
		return from.Add(time.Duration(n) * 100 * time.Microsecond) // all within one second
	}
	var early, calls atomic.Int64
	handler := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		if e.clock.Now().Before(due(r.Header.Get("X-CloudTasks-TaskName"))) {
			early.Add(1)
		}
	}))
	t.Cleanup(handler.Close)
	var creates errgroup.Group
	creates.SetLimit(32)
	for i := range tasks {
		creates.Go(func() error {
			id := fmt.Sprint("task-", i)
			_, err := e.create(t, handler.URL, at(id, due(id)))
			return err
		})
	}
	if err := creates.Wait(); err != nil {
		t.Fatal(err)
	}
	e.advance(t, 2*time.Hour)
	if calls.Load() != tasks || early.Load() != 0 {
		t.Errorf("got %d calls, %d of them early, want %d and none", calls.Load(), early.Load(), tasks)
	}
}

func TestRateLimitHoldsOnTheVirtualClock(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	if err := e.EnsureQueue(queue, &cloudtaskspb.RateLimits{MaxDispatchesPerSecond: 0.1}, nil); err != nil {
		t.Fatal(err)
	}
	g := newTarget(t, e.clock, statuses(200))
	due := e.clock.Now().Add(time.Minute)
	for i := range 20 {
		e.mustCreate(t, g.url, fmt.Sprint(i), due)
	}
	e.advance(t, time.Hour)
	calls := g.got()
	if len(calls) != 20 {
		t.Fatalf("got %d calls, want 20", len(calls))
	}
	for i, c := range calls {
		// One token is there at first, each next one takes ten seconds.
		if earliest := due.Add(time.Duration(i) * 10 * time.Second); c.at.Before(earliest.Add(-time.Millisecond)) {
			t.Errorf("call %d came %s before its token", i, earliest.Sub(c.at))
		}
		if name := c.Header.Get("X-CloudTasks-TaskName"); name != fmt.Sprint(i) {
			t.Errorf("call %d is task %s, want the order of creation", i, name)
		}
	}
}

func TestConcurrencyLimitHolds(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	if err := e.EnsureQueue(queue, &cloudtaskspb.RateLimits{MaxConcurrentDispatches: 3}, nil); err != nil {
		t.Fatal(err)
	}
	var now, most atomic.Int64
	full := make(chan struct{}, 100)
	handler := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		if n == 3 {
			full <- struct{}{}
		}
		select {
		case <-full: // nobody answers before three are there
			full <- struct{}{}
		case <-t.Context().Done():
		}
	}))
	t.Cleanup(handler.Close)
	due := e.clock.Now().Add(time.Minute)
	for i := range 30 {
		e.mustCreate(t, handler.URL, fmt.Sprint(i), due)
	}
	e.advance(t, time.Hour)
	if most.Load() != 3 || e.Dispatched() != 30 {
		t.Errorf("got %d at once and %d in all, want 3 and 30", most.Load(), e.Dispatched())
	}
}

func TestRetryAfterStopsTheWholeQueue(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	g := newTarget(t, e.clock, func(w http.ResponseWriter, n int) {
		if n == 0 {
			w.Header().Set("Retry-After", "120")
		}
		statuses(503, 200)(w, n)
	})
	due := e.clock.Now().Add(time.Minute)
	e.mustCreate(t, g.url, "first", due)
	e.mustCreate(t, g.url, "second", due.Add(30*time.Second))
	e.advance(t, time.Hour)
	calls := g.got()
	if len(calls) != 3 {
		t.Fatalf("got %d calls, want 3", len(calls))
	}
	for _, c := range calls[1:] {
		if wait := c.at.Sub(calls[0].at); wait < 2*time.Minute || wait > 3*time.Minute {
			t.Errorf("task %s came after %s, want after the two minutes asked for", c.Header.Get("X-CloudTasks-TaskName"), wait)
		}
	}
}
