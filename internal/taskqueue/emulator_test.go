package taskqueue

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	cloudtasks "cloud.google.com/go/cloudtasks/apiv2"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/comeback-checkout/comeback/emulators/clock"
	emulator "github.com/comeback-checkout/comeback/emulators/cloudtasks"
	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/recovery/recoverytest"
)

const location = "projects/shop/locations/europe-west1"

// emulated is a Queue on an emulator of its own, in memory.
type emulated struct {
	*Queue
	*testing.T
	server *emulator.Server
}

func open(t *testing.T, now time.Time, queues ...string) *emulated {
	t.Helper()
	c := clock.New(time.Until(now))
	t.Cleanup(c.Close)
	server, err := emulator.New(emulator.Options{Clock: c, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	config := Config{RemindURL: "https://example.com/tasks/remind", Account: "tasks@shop.iam.gserviceaccount.com", Timeout: time.Minute} // which a busy machine may need
	for _, q := range queues {
		config.Queues = append(config.Queues, location+"/queues/"+q)
		if err := server.EnsureQueue(location+"/queues/"+q, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	lis := bufconn.Listen(1 << 20)
	go func() { _ = server.Serve(lis) }()
	conn, err := grpc.NewClient("passthrough:///memory", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return lis.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	client, err := cloudtasks.NewClient(context.Background(), option.WithGRPCConn(conn))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	q, err := New(client, config)
	if err != nil {
		t.Fatal(err)
	}
	return &emulated{Queue: q, T: t, server: server}
}

// Pending implements recoverytest.InspectedQueue: it reads the tasks back as Remind
// does.
func (e *emulated) Pending() []recovery.Task {
	e.Helper()
	list := []recovery.Task{}
	for _, p := range e.server.Pending() {
		task, err := Parse([]byte(p.Body), http.Header{"X-Cloudtasks-Taskname": {p.Name}})
		if err != nil {
			e.Fatal(err)
		}
		task.At = p.ScheduleTime
		list = append(list, task)
	}
	return list
}

// Purge implements recoverytest.InspectedQueue.
func (e *emulated) Purge() {
	e.Helper()
	if _, err := e.server.Purge(""); err != nil {
		e.Fatal(err)
	}
}

func TestQueue(t *testing.T) {
	t.Parallel()
	recoverytest.TestQueue(t, func(t *testing.T, now time.Time) recoverytest.InspectedQueue { return open(t, now, "reminders") })
}

// A checkout's tasks all go to one queue, and the checkouts to all.
func TestShards(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	e := open(t, now, "reminders-k", "reminders-c", "reminders-x")
	for _, id := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"} {
		for step := range 3 {
			task := recovery.Task{
				Store: "default", Checkout: recovery.CheckoutKey("default", id),
				Reminder: recovery.ReminderID{Generation: 1, Step: step}, At: now.Add(time.Hour),
			}
			if err := e.Create(t.Context(), task); err != nil {
				t.Fatal(err)
			}
		}
	}
	queues := map[string]int{}
	for _, p := range e.server.Pending() {
		queues[p.Queue]++
	}
	if len(queues) != 3 {
		t.Errorf("tasks by queue: %v, want all three queues used", queues)
	}
	for name, n := range queues {
		if n%3 != 0 {
			t.Errorf("queue %s has %d tasks, want all three of each checkout", name, n)
		}
	}
}

// While Cloud Tasks is away Create says so in its own time; what was enqueued though
// the answer was lost is success.
func TestFaults(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	task := recovery.Task{
		Store: "default", Checkout: recovery.CheckoutKey("default", "a"), Reminder: recovery.ReminderID{Generation: 1}, At: now.Add(time.Hour),
	}
	for mode, c := range map[string]struct {
		timeout time.Duration // short only where it is what ends the call
		want    error
		pending int
	}{
		"unavailable":      {200 * time.Millisecond, recovery.ErrOverload, 0},
		"timeout":          {200 * time.Millisecond, recovery.ErrOverload, 0},
		"accept_then_drop": {time.Minute, nil, 1},
	} {
		e := open(t, now, "reminders")
		e.config.Timeout = c.timeout
		if err := e.server.SetFault(emulator.Fault{Mode: mode}); err != nil {
			t.Fatal(err)
		}
		if err := e.Create(t.Context(), task); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", mode, err, c.want)
		}
		if got := len(e.Pending()); got != c.pending {
			t.Errorf("%s: %d tasks, want %d", mode, got, c.pending)
		}
		e.server.Heal()
		e.config.Timeout = time.Minute
		if err := e.Create(t.Context(), task); err != nil || len(e.Pending()) != 1 {
			t.Errorf("%s, healed: %v, %d tasks; want one", mode, err, len(e.Pending()))
		}
	}
}

func TestQueueIsMissing(t *testing.T) {
	t.Parallel()
	e := open(t, time.Now(), "reminders")
	e.config.Queues = []string{location + "/queues/other"}
	err := e.Create(t.Context(), recovery.Task{Store: "default", Checkout: "a", At: time.Now().Add(time.Hour)})
	if err == nil || errors.Is(err, recovery.ErrOverload) {
		t.Errorf("got %v, want an error that waiting does not heal", err)
	}
}
