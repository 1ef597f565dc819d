package cloudtasks_test

import (
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	tasksapi "cloud.google.com/go/cloudtasks/apiv2"
	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"github.com/comeback-checkout/comeback/emulators/clock"
	"github.com/comeback-checkout/comeback/emulators/cloudtasks"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	location = "projects/shop/locations/europe-west1"
	queue    = location + "/queues/reminders"
)

// emulator is a server with its clock and the official client.
type emulator struct {
	*cloudtasks.Server
	clock  *clock.Clock
	client *tasksapi.Client
}

// start serves o on a port of its own. Its clock flows on from o's or from now.
func start(t testing.TB, o cloudtasks.Options) *emulator {
	t.Helper()
	if o.Clock == nil {
		o.Clock = clock.New(0)
		t.Cleanup(o.Clock.Close)
	}
	o.Log = slog.New(slog.DiscardHandler)
	s, err := cloudtasks.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.EnsureQueue(queue, nil, nil); err != nil {
		t.Fatal(err)
	}
	addr, err := s.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return &emulator{Server: s, clock: o.Clock, client: dial(t, addr)}
}

func dial(t testing.TB, addr net.Addr) *tasksapi.Client {
	t.Helper()
	conn, err := grpc.NewClient(addr.String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	client, err := tasksapi.NewClient(t.Context(), option.WithGRPCConn(conn))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// advance moves the clock on and lets everything that falls due run.
func (e *emulator) advance(t testing.TB, d time.Duration) {
	t.Helper()
	if err := e.clock.Advance(t.Context(), e.clock.Now().Add(d)); err != nil {
		t.Fatal(err)
	}
}

// create creates the task that change makes of a plain one.
func (e *emulator) create(t testing.TB, url string, change func(*cloudtaskspb.Task)) (*cloudtaskspb.Task, error) {
	t.Helper()
	task := &cloudtaskspb.Task{MessageType: &cloudtaskspb.Task_HttpRequest{
		HttpRequest: &cloudtaskspb.HttpRequest{Url: url, Body: []byte("body")},
	}}
	if change != nil {
		change(task)
	}
	return e.client.CreateTask(t.Context(), &cloudtaskspb.CreateTaskRequest{Parent: queue, Task: task})
}

// mustCreate creates a task of that ID, due at that time.
func (e *emulator) mustCreate(t testing.TB, url, id string, due time.Time) *cloudtaskspb.Task {
	t.Helper()
	task, err := e.create(t, url, at(id, due))
	if err != nil {
		t.Fatal(err)
	}
	return task
}

// at names a task and schedules it.
func at(id string, due time.Time) func(*cloudtaskspb.Task) {
	return func(task *cloudtaskspb.Task) {
		task.Name = queue + "/tasks/" + id
		task.ScheduleTime = timestamppb.New(due)
	}
}

// call is a request that a target got, and when by the clock.
type call struct {
	*http.Request
	at time.Time
}

// target is a handler that notes its calls and answers with its statuses in
// turn, and with the last one from then on.
type target struct {
	url   string
	mu    sync.Mutex
	calls []call
}

func newTarget(t testing.TB, c *clock.Clock, answer func(w http.ResponseWriter, n int)) *target {
	t.Helper()
	g := &target{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at := c.Now()
		g.mu.Lock()
		n := len(g.calls)
		g.calls = append(g.calls, call{r, at})
		g.mu.Unlock()
		answer(w, n)
	}))
	t.Cleanup(server.Close)
	g.url = server.URL + "/tasks/remind"
	return g
}

// statuses answers with each in turn, and then with the last for ever.
func statuses(codes ...int) func(http.ResponseWriter, int) {
	return func(w http.ResponseWriter, n int) { w.WriteHeader(codes[min(n, len(codes)-1)]) }
}

func (g *target) got() []call {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]call(nil), g.calls...)
}

// wantError checks a refusal's code and, where given, its words.
func wantError(t testing.TB, err error, code codes.Code, text string) {
	t.Helper()
	got := status.Convert(err)
	if got.Code() != code || (text != "" && got.Message() != text) {
		t.Errorf("got %s %q, want %s %q", got.Code(), got.Message(), code, text)
	}
}
