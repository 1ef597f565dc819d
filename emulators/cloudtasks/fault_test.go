package cloudtasks_test

import (
	"context"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"github.com/comeback-checkout/comeback/emulators/cloudtasks"
	"google.golang.org/grpc/codes"
)

func (e *emulator) fail(t testing.TB, f cloudtasks.Fault) {
	t.Helper()
	if err := e.SetFault(f); err != nil {
		t.Fatal(err)
	}
}

// createWithin creates a task with a deadline of the client's own.
func (e *emulator) createWithin(t testing.TB, d time.Duration) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	_, err := e.client.CreateTask(ctx, &cloudtaskspb.CreateTaskRequest{Parent: queue, Task: &cloudtaskspb.Task{
		MessageType: &cloudtaskspb.Task_HttpRequest{HttpRequest: &cloudtaskspb.HttpRequest{Url: anywhere}},
	}})
	return err
}

func TestFaultsOnCreate(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	due := e.clock.Now().Add(time.Hour)

	e.fail(t, cloudtasks.Fault{Mode: "unavailable"})
	_, err := e.create(t, anywhere, at("a", due))
	wantError(t, err, codes.Unavailable, "")
	e.fail(t, cloudtasks.Fault{Mode: "timeout"})
	wantError(t, e.createWithin(t, 50*time.Millisecond), codes.DeadlineExceeded, "")
	e.fail(t, cloudtasks.Fault{Mode: "slow", Latency: time.Hour})
	wantError(t, e.createWithin(t, 50*time.Millisecond), codes.DeadlineExceeded, "")
	if n := len(e.Pending()); n != 0 {
		t.Errorf("%d tasks are pending, want none made so far", n)
	}

	e.fail(t, cloudtasks.Fault{Mode: "slow", Latency: time.Millisecond})
	if _, err := e.create(t, anywhere, at("b", due)); err != nil {
		t.Error(err)
	}
	e.fail(t, cloudtasks.Fault{Mode: "accept_then_drop"})
	_, err = e.create(t, anywhere, at("c", due))
	wantError(t, err, codes.Unavailable, "")
	_, err = e.create(t, anywhere, at("c", due))
	wantError(t, err, codes.AlreadyExists, "")
	e.Heal()
	if _, err := e.create(t, anywhere, at("a", due)); err != nil {
		t.Errorf("after healing: %v", err)
	}
	if n := len(e.Pending()); n != 3 {
		t.Errorf("%d tasks are pending, want a, b and c", n)
	}
}

func TestDuplicateDispatches(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	g := newTarget(t, e.clock, statuses(200))
	e.fail(t, cloudtasks.Fault{Mode: "duplicate"})
	e.mustCreate(t, g.url, "a", e.clock.Now().Add(time.Minute))
	e.advance(t, time.Hour)
	calls := g.got()
	if len(calls) != 2 || e.Dispatched() != 2 {
		t.Fatalf("got %d calls, want 2", len(calls))
	}
	for _, c := range calls {
		if n := c.Header.Get("X-CloudTasks-TaskRetryCount"); n != "0" {
			t.Errorf("got retry count %s, want both as first attempts", n)
		}
	}
}

func TestDuplicateFailureIsOneFailure(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	g := newTarget(t, e.clock, statuses(500, 500, 200))
	e.fail(t, cloudtasks.Fault{Mode: "duplicate"})
	e.mustCreate(t, g.url, "a", e.clock.Now().Add(time.Minute))
	e.advance(t, time.Hour)
	if calls := g.got(); len(calls) != 4 || calls[3].Header.Get("X-CloudTasks-TaskRetryCount") != "1" {
		t.Errorf("got %d calls, want two attempts, each made twice", len(calls))
	}
}

func TestRateIsAShare(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	e.fail(t, cloudtasks.Fault{Mode: "unavailable", Rate: 0.5})
	failed := 0
	for range 200 {
		if _, err := e.create(t, anywhere, nil); err != nil {
			failed++
		}
	}
	if failed < 40 || failed > 160 { // 8 standard deviations
		t.Errorf("%d of 200 failed, want about half", failed)
	}
}

func TestUnknownFaultsAreRefused(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	for _, f := range []cloudtasks.Fault{{Mode: "slowly"}, {}, {Mode: "slow", Rate: -0.1}, {Mode: "slow", Rate: 1.1}} {
		if err := e.SetFault(f); err == nil {
			t.Errorf("want %+v refused", f)
		}
	}
}

func TestLatencyDelaysEachCall(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{Latency: time.Hour})
	wantError(t, e.createWithin(t, 50*time.Millisecond), codes.DeadlineExceeded, "")
}
