package cloudtasks_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"github.com/comeback-checkout/comeback/emulators/cloudtasks"
	"github.com/comeback-checkout/comeback/emulators/disk"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"
)

// childFile names the data file of this test binary started again as an emulator
// that is killed.
const childFile = "CLOUDTASKS_TEST_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(childFile); path != "" {
		serveForEver(path)
	}
	os.Exit(m.Run())
}

// serveForEver serves and prints its address.
func serveForEver(path string) {
	s, err := cloudtasks.New(cloudtasks.Options{Path: path})
	if err == nil {
		err = s.EnsureQueue(queue, nil, nil)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	addr, err := s.Listen("127.0.0.1:0")
	fmt.Println(addr, err)
	select {}
}

func TestSurvivesKill(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tasks.db")
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childFile+"="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = child.Process.Kill() }()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var addr string
	if _, err := fmt.Sscanf(line, "%s <nil>", &addr); err != nil {
		t.Fatalf("the child said %q", line)
	}

	called := make(chan string, 10)
	handler := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.Header.Get("X-CloudTasks-TaskName")
		called <- name
		if name == "running" {
			untilBrokenOff(r)
		}
	}))
	t.Cleanup(handler.Close)
	e := &emulator{client: dial(t, netAddr(addr))}
	due := time.Now()
	e.mustCreate(t, handler.URL, "done", due)
	<-called
	for { // until the outcome is noted
		_, err := e.client.GetTask(t.Context(), &cloudtaskspb.GetTaskRequest{Name: queue + "/tasks/done"})
		if err != nil {
			wantError(t, err, codes.NotFound, "")
			break
		}
	}
	e.mustCreate(t, handler.URL, "running", due)
	<-called
	e.mustCreate(t, handler.URL, "waiting", due.Add(24*time.Hour))
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()

	s, err := cloudtasks.New(cloudtasks.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	var names []string
	for _, task := range s.Pending() {
		names = append(names, task.Name)
	}
	if got := fmt.Sprint(names); got != "[running waiting]" && got != "[done running waiting]" {
		t.Errorf("got %v, want the task in flight and the one that waits", names)
	}
}

// untilBrokenOff blocks a handler. A connection's end is noticed only once the
// body is read.
func untilBrokenOff(r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

type netAddr string

func (netAddr) Network() string  { return "tcp" }
func (a netAddr) String() string { return string(a) }

func TestStateSurvivesARestart(t *testing.T) {
	t.Parallel()
	o := cloudtasks.Options{Path: filepath.Join(t.TempDir(), "tasks.db")}
	e := start(t, o)
	g := newTarget(t, e.clock, func(w http.ResponseWriter, n int) { statuses(404, 200, 200)(w, n) })
	if _, err := e.createQueue(t, &cloudtaskspb.Queue{Name: other}); err != nil {
		t.Fatal(err)
	}
	if err := e.client.DeleteQueue(t.Context(), &cloudtaskspb.DeleteQueueRequest{Name: other}); err != nil {
		t.Fatal(err)
	}
	slow := &cloudtaskspb.RetryConfig{MinBackoff: durationpb.New(10 * time.Minute)}
	if _, err := e.create(t, g.url, func(task *cloudtaskspb.Task) {
		at("retried", e.clock.Now().Add(time.Minute))(task)
		task.RetryConfig = slow
	}); err != nil {
		t.Fatal(err)
	}
	e.advance(t, 2*time.Minute) // the first attempt
	e.mustCreate(t, g.url, "done", e.clock.Now().Add(time.Minute))
	e.advance(t, 2*time.Minute)
	before := e.Pending()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}

	o.Clock = e.clock
	e = start(t, o)
	if after := e.Pending(); len(after) != 1 || after[0] != before[0] || after[0].Attempts != 1 {
		t.Errorf("got %+v after the restart, want %+v", after, before)
	}
	_, err := e.create(t, g.url, at("done", e.clock.Now()))
	wantError(t, err, codes.AlreadyExists, "")
	_, err = e.createQueue(t, &cloudtaskspb.Queue{Name: other})
	wantError(t, err, codes.FailedPrecondition, "")
	e.advance(t, time.Hour)
	calls := g.got()
	last := calls[len(calls)-1]
	if len(calls) != 3 || last.Header.Get("X-CloudTasks-TaskRetryCount") != "1" || last.Header.Get("X-CloudTasks-TaskPreviousResponse") != "404" ||
		last.Header.Get("X-CloudTasks-TaskExecutionCount") != "1" {
		t.Errorf("got %d calls, the last with %v, want the second attempt told of the first", len(calls), last.Header)
	}
}

func TestInterruptedAttemptIsMadeAgain(t *testing.T) {
	t.Parallel()
	o := cloudtasks.Options{Path: filepath.Join(t.TempDir(), "tasks.db")}
	e := start(t, o)
	counts := make(chan string, 2)
	first := make(chan struct{})
	handler := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		counts <- r.Header.Get("X-CloudTasks-TaskRetryCount")
		select {
		case <-first: // the second call is answered
		default:
			close(first)
			untilBrokenOff(r)
		}
	}))
	t.Cleanup(handler.Close)
	e.mustCreate(t, handler.URL, "a", e.clock.Now())
	<-first
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	start(t, o)
	if a, b := <-counts, <-counts; a != "0" || b != "0" {
		t.Errorf("got retry counts %s and %s, want 0 twice: the first attempt had no outcome", a, b)
	}
}

func TestOneProcessPerFile(t *testing.T) {
	t.Parallel()
	o := cloudtasks.Options{Path: filepath.Join(t.TempDir(), "tasks.db")}
	start(t, o)
	if _, err := cloudtasks.New(o); !errors.Is(err, disk.ErrLocked) {
		t.Errorf("got %v, want ErrLocked", err)
	}
}
