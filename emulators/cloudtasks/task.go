package cloudtasks

import (
	"container/heap"
	"net/http"
	"net/url"
	"sync"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// The service's limits (cloud.google.com/tasks/docs/quotas, and the comments of
// its .proto files).
const (
	horizon      = 720 * time.Hour
	retention    = 31 * 24 * time.Hour
	maxTaskBytes = 1 << 20
	maxURLLength = 2083
	minDeadline  = 15 * time.Second
	maxDeadline  = 30 * time.Minute
	userAgent    = "Google-Cloud-Tasks"
)

// task is one task and where it stands. The server's lock guards all but saving.
type task struct {
	queue      *queue
	pb         *cloudtaskspb.Task
	made       uint64
	index      int    // place in the queue's heap, -1 when not waiting
	running    int    // dispatches in flight: more than one after RunTask, or on purpose
	executions uint64 // answers of handlers, 5xx not counted
	previous   uint64 // status of the last attempt, 0 before it
	gone       bool   // done, given up, deleted or purged

	saving sync.Mutex // one writer of this task at a time, so that the newest state is written last
}

func (t *task) id() string { return shortName(t.pb.Name) }

func (t *task) due() time.Time { return t.pb.ScheduleTime.AsTime() }

// retry is the configuration that counts for the task.
func (t *task) retry() *cloudtaskspb.RetryConfig {
	if t.pb.RetryConfig != nil {
		return retryDefaults(t.pb.RetryConfig)
	}
	return t.queue.pb.RetryConfig
}

// view is a copy for an answer.
func (t *task) view(v cloudtaskspb.Task_View) *cloudtaskspb.Task {
	out := proto.CloneOf(t.pb)
	out.View = cloudtaskspb.Task_FULL
	if v != cloudtaskspb.Task_FULL {
		out.View = cloudtaskspb.Task_BASIC
		out.GetHttpRequest().Body = nil
	}
	return out
}

// bury takes the task out of its queue; its name stays taken for a while.
func (s *Server) bury(t *task) {
	if t.gone {
		return
	}
	t.gone = true
	if t.index >= 0 {
		heap.Remove(&t.queue.waiting, t.index)
	}
	delete(t.queue.tasks, t.id())
	s.tombstones.add(t.pb.Name, s.clock.Now().Add(s.dedup))
}

// newTask is the task that a valid request asks for, as the service would keep
// it: defaults filled, times cut.
func newTask(given *cloudtaskspb.Task, now time.Time) (*cloudtaskspb.Task, error) {
	if err := checkTask(given, now); err != nil {
		return nil, err
	}
	r := proto.CloneOf(given.GetHttpRequest())
	if r.HttpMethod == cloudtaskspb.HttpMethod_HTTP_METHOD_UNSPECIFIED {
		r.HttpMethod = cloudtaskspb.HttpMethod_POST
	}
	if r.Headers == nil {
		r.Headers = map[string]string{}
	}
	for name := range r.Headers {
		if http.CanonicalHeaderKey(name) == "User-Agent" {
			delete(r.Headers, name)
		}
	}
	r.Headers["User-Agent"] = userAgent
	due := now
	if at := given.GetScheduleTime(); at != nil && at.AsTime().After(now) {
		due = at.AsTime().Truncate(time.Microsecond)
	}
	deadline := 10 * time.Minute
	if d := given.GetDispatchDeadline(); d != nil {
		deadline = d.AsDuration().Truncate(time.Millisecond)
	}
	return &cloudtaskspb.Task{
		Name:             given.GetName(),
		MessageType:      &cloudtaskspb.Task_HttpRequest{HttpRequest: r},
		ScheduleTime:     timestamppb.New(due),
		CreateTime:       timestamppb.New(now.Truncate(time.Second)),
		DispatchDeadline: durationpb.New(deadline),
		RetryConfig:      proto.CloneOf(given.GetRetryConfig()),
	}, nil
}

// checkTask refuses a task that the service refuses.
func checkTask(t *cloudtaskspb.Task, now time.Time) error {
	if at := t.GetScheduleTime(); at != nil && at.AsTime().After(now.Add(horizon)) {
		return invalid("The Task.scheduleTime, " + at.AsTime().Format(time.RFC3339) +
			", is too far in the future. Schedule time must be no more than 720h in the future.")
	}
	if d := t.GetDispatchDeadline(); d != nil && (d.AsDuration() < minDeadline || d.AsDuration() > maxDeadline) {
		return invalid("Task.dispatchDeadline must be between [15s, 30m].")
	}
	if proto.Size(t) > maxTaskBytes {
		return invalid("Task size too large")
	}
	if t.GetAppEngineHttpRequest() != nil {
		return status.Error(codes.Unimplemented, "The emulator has no App Engine tasks.")
	}
	if retry := t.GetRetryConfig(); retry != nil {
		if err := checkRetry(retry); err != nil {
			return err
		}
	}
	return checkRequest(t.GetHttpRequest())
}

func checkRequest(r *cloudtaskspb.HttpRequest) error {
	u, err := url.Parse(r.GetUrl())
	switch {
	case r.GetUrl() == "":
		return invalid("HttpRequest.url is required.")
	case err == nil && u.Scheme != "http" && u.Scheme != "https":
		return invalid("HttpTarget.url must start with 'http://' or 'https://'.")
	case err != nil || u.Host == "" || len(r.Url) > maxURLLength:
		return invalid("HttpRequest.url is not a valid URL.")
	case r.GetOauthToken() != nil:
		return status.Error(codes.Unimplemented, "The emulator has no OAuth tokens.")
	}
	switch r.HttpMethod {
	case cloudtaskspb.HttpMethod_HTTP_METHOD_UNSPECIFIED, cloudtaskspb.HttpMethod_POST,
		cloudtaskspb.HttpMethod_PUT, cloudtaskspb.HttpMethod_PATCH:
		return nil
	}
	if len(r.Body) > 0 {
		return invalid("HttpRequest.body is only allowed for POST, PUT and PATCH.")
	}
	return nil
}
