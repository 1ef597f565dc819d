package cloudtasks

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// FuzzTask looks for a task that is accepted and could not be stored under its name or
// dispatched to its address.
func FuzzTask(f *testing.F) {
	const queue = "projects/p/locations/l/queues/q"
	for _, name := range []string{queue + "/tasks/a-1-0", queue + "/tasks/", queue + "/tasks/a/b", queue + "/tasks/a\n", "projects//locations/l/queues/q/tasks/a", queue + "/tasks/x/tasks/y", queue + "/tasks/\xff", queue + "/tasks/" + strings.Repeat("a", 501)} {
		f.Add(name, "https://example.com/tasks/remind", "X-Name", "value", int64(0), int64(30))
	}
	for _, address := range []string{"http://127.0.0.1:8080", "", "//x", "ftp://x", "http://", "http://x\r\ny", "https://" + strings.Repeat("a", 2100), "http://[::1%25x]/", "http://x:99999/"} {
		f.Add(queue+"/tasks/a", address, "Host", "x", int64(720*3600+1), int64(1))
		f.Add(queue+"/tasks/a", address, "X\r\nY", "a\r\nb", int64(-1<<62), int64(-1<<62))
	}
	f.Fuzz(func(t *testing.T, name, address, header, value string, at, deadline int64) {
		if parent, id, err := splitTask(name); err == nil && (parent+"/tasks/"+id != name || strings.ContainsAny(id, "/\r\n") || !queueName.MatchString(parent)) {
			t.Errorf("%q is task %q of queue %q", name, id, parent)
		}
		kept, err := newTask(&cloudtaskspb.Task{
			Name: name, ScheduleTime: &timestamppb.Timestamp{Seconds: at}, DispatchDeadline: &durationpb.Duration{Seconds: deadline},
			MessageType: &cloudtaskspb.Task_HttpRequest{HttpRequest: &cloudtaskspb.HttpRequest{Url: address, Headers: map[string]string{header: value}}},
		}, noon)
		if err != nil {
			if status.Code(err) != codes.InvalidArgument && status.Code(err) != codes.Unimplemented {
				t.Errorf("got %v, want INVALID_ARGUMENT", err)
			}
			return
		}
		u, err := url.Parse(kept.GetHttpRequest().GetUrl())
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			t.Errorf("a task goes to %q: %v", address, err)
		}
		if _, err := http.NewRequest(http.MethodPost, address, nil); err != nil {
			t.Errorf("a task cannot go to %q: %v", address, err)
		}
		if due, d := kept.GetScheduleTime().AsTime(), kept.GetDispatchDeadline().AsDuration(); due.Before(noon) || due.Sub(noon) > horizon || d < minDeadline || d > maxDeadline {
			t.Errorf("due %v with the deadline %v", due, d)
		}
	})
}
