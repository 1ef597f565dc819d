package taskqueue

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

func example() recovery.Task {
	return recovery.Task{
		Store: "default", Checkout: "hash", Reminder: recovery.ReminderID{Generation: 2, Step: 1}, Suffix: "s0",
		At: time.Date(2026, 11, 23, 10, 30, 0, 1000, time.UTC),
	}
}

func TestRequest(t *testing.T) {
	t.Parallel()
	q := &Queue{config: Config{
		Queues: []string{"projects/p/locations/l/queues/q"}, RemindURL: "https://example.com/remind", Account: "tasks@p.iam.gserviceaccount.com",
	}}
	got, err := q.request(example())
	if err != nil {
		t.Fatal(err)
	}
	want := &cloudtaskspb.CreateTaskRequest{
		Parent: "projects/p/locations/l/queues/q",
		Task: &cloudtaskspb.Task{
			Name:             "projects/p/locations/l/queues/q/tasks/hash-2-1-s0",
			ScheduleTime:     timestamppb.New(example().At),
			DispatchDeadline: durationpb.New(30 * time.Second),
			MessageType: &cloudtaskspb.Task_HttpRequest{HttpRequest: &cloudtaskspb.HttpRequest{
				Url: "https://example.com/remind", HttpMethod: cloudtaskspb.HttpMethod_POST,
				Headers: map[string]string{"Content-Type": "application/json"},
				Body:    []byte(`{"v":1,"store":"default","checkout":"hash","generation":2,"step":1}`),
				AuthorizationHeader: &cloudtaskspb.HttpRequest_OidcToken{OidcToken: &cloudtaskspb.OidcToken{
					ServiceAccountEmail: "tasks@p.iam.gserviceaccount.com", Audience: "https://example.com/remind",
				}},
			}},
		},
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	const body = `{"v":1,"store":"default","checkout":"hash","generation":2,"step":1}`
	want := example()
	want.At = time.Time{}
	for _, c := range []struct{ name, header, suffix string }{
		{"the first task", "hash-2-1", ""},
		{"a sweep's", "hash-2-1-s0", "s0"},
		{"a hop", "hash-2-1-h12", "h12"},
		{"without a name", "", ""},
		{"another reminder's name", "hash-2-10-s0", ""},
		{"another checkout's name", "hush-2-1-s0", ""},
	} {
		want.Suffix = c.suffix
		got, err := Parse([]byte(body), http.Header{"X-Cloudtasks-Taskname": {c.header}})
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v; want %+v", c.name, got, err, want)
		}
	}
	for _, c := range []struct {
		body    string
		version bool
	}{
		{"", false},
		{"[]", false},
		{`{"v":1,"store":"default"}`, false},
		{`{"v":1,"checkout":"hash"}`, false},
		{`{"v":1,"store":"default","checkout":"hash","generation":"2"}`, false},
		{`{"v":1,"store":"default","checkout":"a/b","generation":2,"step":1}`, false},
		{`{"v":1,"store":"..","checkout":"hash","generation":2,"step":1}`, false},
		{`{"v":1,"store":"default","checkout":"hash","generation":-2,"step":1}`, false},
		{`{"v":1,"store":"default","checkout":"hash","generation":2,"step":-1}`, false},
		{`{"v":2,"store":"default","checkout":"hash"}`, true},
		{`{}`, true},
	} {
		if _, err := Parse([]byte(c.body), http.Header{}); err == nil || errors.Is(err, ErrVersion) != c.version {
			t.Errorf("%q: got %v, want an error, of another version: %v", c.body, err, c.version)
		}
	}
}

func TestTranslate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err      error
		overload bool
		done     bool
	}{
		{nil, false, true},
		{status.Error(codes.AlreadyExists, "task exists"), false, true},
		{status.Error(codes.Unavailable, "away"), true, false},
		{status.Error(codes.DeadlineExceeded, "slow"), true, false},
		{status.Error(codes.Internal, "internal"), true, false},
		{status.Error(codes.ResourceExhausted, "quota"), true, false},
		{status.Error(codes.Canceled, "gone"), true, false},
		{context.DeadlineExceeded, true, false},
		{fmt.Errorf("waiting: %w", context.Canceled), true, false},
		{status.Error(codes.NotFound, "no queue"), false, false},
		{status.Error(codes.PermissionDenied, "no role"), false, false},
		{status.Error(codes.InvalidArgument, "bad"), false, false},
		{status.Error(codes.FailedPrecondition, "the queue is disabled"), false, false},
	} {
		got := translate(c.err)
		if (got == nil) != c.done || errors.Is(got, recovery.ErrOverload) != c.overload {
			t.Errorf("%v: got %v, want done: %v, overload: %v", c.err, got, c.done, c.overload)
		}
		if got != nil && !errors.Is(got, c.err) {
			t.Errorf("%v: got %v, which hides the cause", c.err, got)
		}
	}
}

func TestNewWantsAll(t *testing.T) {
	t.Parallel()
	full := Config{Queues: []string{"q"}, RemindURL: "https://example.com", Account: "a@example.com"}
	for name, drop := range map[string]func(*Config){
		"queues":  func(c *Config) { c.Queues = nil },
		"address": func(c *Config) { c.RemindURL = "" },
		"account": func(c *Config) { c.Account = "" },
	} {
		config := full
		drop(&config)
		if _, err := New(nil, config); err == nil {
			t.Errorf("without %s: got no error", name)
		}
	}
	q, err := New(nil, full)
	if err != nil || q.config.Timeout != 3*time.Second {
		t.Errorf("got %+v, %v; want a timeout of 3 s", q, err)
	}
}
