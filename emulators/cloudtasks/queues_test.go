package cloudtasks_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"github.com/comeback-checkout/comeback/emulators/cloudtasks"
	"google.golang.org/api/iterator"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

const other = location + "/queues/other"

func (e *emulator) createQueue(t testing.TB, q *cloudtaskspb.Queue) (*cloudtaskspb.Queue, error) {
	t.Helper()
	return e.client.CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{Parent: location, Queue: q})
}

func TestQueueDefaults(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	q, err := e.createQueue(t, &cloudtaskspb.Queue{Name: other})
	if err != nil {
		t.Fatal(err)
	}
	rates, retry := q.RateLimits, q.RetryConfig
	if q.State != cloudtaskspb.Queue_RUNNING || rates.MaxDispatchesPerSecond != 500 || rates.MaxConcurrentDispatches != 1000 || rates.MaxBurstSize < 500 {
		t.Errorf("got %v", q)
	}
	if retry.MaxAttempts != 100 || retry.MinBackoff.AsDuration() != 100*time.Millisecond ||
		retry.MaxBackoff.AsDuration() != time.Hour || retry.MaxDoublings != 16 {
		t.Errorf("got %v", retry)
	}
}

func TestBadQueuesAreRefused(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	tests := map[string]struct {
		queue *cloudtaskspb.Queue
		code  codes.Code
		text  string
	}{
		"exists":   {&cloudtaskspb.Queue{Name: queue}, codes.AlreadyExists, "Queue already exists"},
		"bad name": {&cloudtaskspb.Queue{Name: "a"}, codes.InvalidArgument, `Queue name must be formatted: "projects/<PROJECT_ID>/locations/<LOCATION_ID>/queues/<QUEUE_ID>".`},
		"another location": {
			&cloudtaskspb.Queue{Name: "projects/shop/locations/us-east1/queues/a"}, codes.InvalidArgument,
			"projects/shop/locations/us-east1/queues/a must begin with " + location + ".",
		},
		"rate": {
			&cloudtaskspb.Queue{Name: other, RateLimits: &cloudtaskspb.RateLimits{MaxDispatchesPerSecond: 501}}, codes.InvalidArgument,
			"RateLimits.maxDispatchesPerSecond must be less than or equal to 500.",
		},
		"concurrency": {
			&cloudtaskspb.Queue{Name: other, RateLimits: &cloudtaskspb.RateLimits{MaxConcurrentDispatches: 5001}}, codes.InvalidArgument,
			"RateLimits.maxConcurrentDispatches must be less than or equal to 5000.",
		},
		"attempts": {
			&cloudtaskspb.Queue{Name: other, RetryConfig: &cloudtaskspb.RetryConfig{MaxAttempts: -2}}, codes.InvalidArgument,
			"RetryConfig.maxAttempts must be greater or equal to -1.",
		},
		"backoff": {
			&cloudtaskspb.Queue{Name: other, RetryConfig: &cloudtaskspb.RetryConfig{MinBackoff: durationpb.New(2 * time.Hour)}}, codes.InvalidArgument,
			"RetryConfig.minBackoff must be less than or equal to RetryConfig.maxBackoff.",
		},
		"target": {&cloudtaskspb.Queue{Name: other, HttpTarget: &cloudtaskspb.HttpTarget{}}, codes.Unimplemented, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := e.createQueue(t, tt.queue)
			wantError(t, err, tt.code, tt.text)
		})
	}
}

func TestMissingQueue(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	const text = "Queue does not exist. If you just created the queue, wait at least a minute for the queue to initialize."
	_, err := e.client.GetQueue(t.Context(), &cloudtaskspb.GetQueueRequest{Name: other})
	wantError(t, err, codes.NotFound, text)
	_, err = e.client.PauseQueue(t.Context(), &cloudtaskspb.PauseQueueRequest{Name: other})
	wantError(t, err, codes.NotFound, text)
	_, err = e.client.ResumeQueue(t.Context(), &cloudtaskspb.ResumeQueueRequest{Name: other})
	wantError(t, err, codes.NotFound, text)
	_, err = e.client.PurgeQueue(t.Context(), &cloudtaskspb.PurgeQueueRequest{Name: other})
	wantError(t, err, codes.NotFound, text)
	err = e.client.DeleteQueue(t.Context(), &cloudtaskspb.DeleteQueueRequest{Name: other})
	wantError(t, err, codes.NotFound, "Requested entity was not found.")
	if _, err := e.Purge("other"); err == nil {
		t.Error("want an error for the purge of no queue")
	}
}

func TestDeletedQueuesNameIsBlocked(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	g := newTarget(t, e.clock, statuses(200))
	e.mustCreate(t, g.url, "a", e.clock.Now().Add(time.Minute))
	if err := e.client.DeleteQueue(t.Context(), &cloudtaskspb.DeleteQueueRequest{Name: queue}); err != nil {
		t.Fatal(err)
	}
	_, err := e.createQueue(t, &cloudtaskspb.Queue{Name: queue})
	wantError(t, err, codes.FailedPrecondition, "The queue cannot be created because a queue with this name existed too recently.")
	e.advance(t, 8*24*time.Hour)
	if _, err := e.createQueue(t, &cloudtaskspb.Queue{Name: queue}); err != nil {
		t.Errorf("after seven days: %v", err)
	}
	if n := len(g.got()); n != 0 {
		t.Errorf("got %d calls, want none of a deleted queue", n)
	}
}

func TestListQueues(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	for i := range 3 {
		if _, err := e.createQueue(t, &cloudtaskspb.Queue{Name: fmt.Sprint(location, "/queues/q", i)}); err != nil {
			t.Fatal(err)
		}
	}
	it := e.client.ListQueues(t.Context(), &cloudtaskspb.ListQueuesRequest{Parent: location, PageSize: 2})
	for _, id := range []string{"q0", "q1", "q2", "reminders"} {
		if q, err := it.Next(); err != nil || q.Name != location+"/queues/"+id {
			t.Errorf("got %v, %v, want %s", q, err, id)
		}
	}
	if _, err := it.Next(); !errors.Is(err, iterator.Done) {
		t.Errorf("got %v, want the end", err)
	}
	_, err := e.client.ListQueues(t.Context(), &cloudtaskspb.ListQueuesRequest{Parent: location, Filter: "state: PAUSED"}).Next()
	wantError(t, err, codes.Unimplemented, "")
}

func TestUpdateQueueHonoursTheMask(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	update := func(q *cloudtaskspb.Queue, paths ...string) (*cloudtaskspb.Queue, error) {
		return e.client.UpdateQueue(t.Context(), &cloudtaskspb.UpdateQueueRequest{Queue: q, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}})
	}
	given := &cloudtaskspb.Queue{
		Name:        other,
		RateLimits:  &cloudtaskspb.RateLimits{MaxDispatchesPerSecond: 10, MaxConcurrentDispatches: 20},
		RetryConfig: &cloudtaskspb.RetryConfig{MaxAttempts: 5},
	}
	made, err := update(given) // makes what is not there
	if err != nil || made.RateLimits.MaxDispatchesPerSecond != 10 || made.RetryConfig.MaxAttempts != 5 {
		t.Fatalf("got %v, %v", made, err)
	}
	changed, err := update(&cloudtaskspb.Queue{
		Name:        other,
		RateLimits:  &cloudtaskspb.RateLimits{MaxDispatchesPerSecond: 30, MaxConcurrentDispatches: 40},
		RetryConfig: &cloudtaskspb.RetryConfig{MaxAttempts: 7},
		State:       cloudtaskspb.Queue_PAUSED,
	}, "rate_limits.max_dispatches_per_second", "state")
	if err != nil || changed.RateLimits.MaxDispatchesPerSecond != 30 || changed.RateLimits.MaxConcurrentDispatches != 20 ||
		changed.RetryConfig.MaxAttempts != 5 || changed.State != cloudtaskspb.Queue_RUNNING {
		t.Errorf("got %v, %v, want only the rate changed", changed, err)
	}
	_, err = update(given, "rate_limits.speed")
	wantError(t, err, codes.InvalidArgument, "")
}

func TestPausedQueueHoldsItsTasks(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	g := newTarget(t, e.clock, statuses(200))
	e.mustCreate(t, g.url, "a", e.clock.Now().Add(time.Minute))
	if q, err := e.client.PauseQueue(t.Context(), &cloudtaskspb.PauseQueueRequest{Name: queue}); err != nil || q.State != cloudtaskspb.Queue_PAUSED {
		t.Fatalf("got %v, %v", q, err)
	}
	e.advance(t, time.Hour)
	if n := len(g.got()); n != 0 {
		t.Fatalf("got %d calls while paused, want none", n)
	}
	if q, err := e.client.ResumeQueue(t.Context(), &cloudtaskspb.ResumeQueueRequest{Name: queue}); err != nil || q.State != cloudtaskspb.Queue_RUNNING {
		t.Fatalf("got %v, %v", q, err)
	}
	e.advance(t, time.Second)
	if n := len(g.got()); n != 1 {
		t.Errorf("got %d calls, want 1", n)
	}
}

func TestPurge(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	g := newTarget(t, e.clock, statuses(200))
	fill := func(prefix string) {
		t.Helper()
		for i := range 10 {
			e.mustCreate(t, g.url, fmt.Sprint(prefix, i), e.clock.Now().Add(time.Minute))
		}
	}
	fill("rpc")
	if q, err := e.client.PurgeQueue(t.Context(), &cloudtaskspb.PurgeQueueRequest{Name: queue}); err != nil || q.PurgeTime == nil {
		t.Fatalf("got %v, %v, want a purge time", q, err)
	}
	for _, name := range []string{"", "reminders", queue} {
		fill("purge" + fmt.Sprint(len(name)))
		if n, err := e.Purge(name); err != nil || n != 10 {
			t.Errorf("purge of %q: got %d, %v, want 10", name, n, err)
		}
	}
	e.advance(t, time.Hour)
	if n := len(g.got()); n != 0 {
		t.Errorf("got %d calls, want none", n)
	}
}
