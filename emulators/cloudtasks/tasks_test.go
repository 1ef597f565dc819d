package cloudtasks_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"cloud.google.com/go/iam/apiv1/iampb"
	"github.com/comeback-checkout/comeback/emulators/cloudtasks"
	"google.golang.org/api/iterator"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const anywhere = "http://127.0.0.1:1/tasks/remind"

func TestCreatedTaskIsAsTheServiceKeepsIt(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	due := e.clock.Now().Add(time.Hour).Truncate(time.Second)
	task := e.mustCreate(t, anywhere, "a", due.Add(1234567*time.Nanosecond))
	if got, want := task.ScheduleTime.AsTime(), due.Add(1234*time.Microsecond); !got.Equal(want) {
		t.Errorf("got schedule time %s, want %s", got, want)
	}
	if task.CreateTime.Nanos != 0 || task.DispatchDeadline.AsDuration() != 10*time.Minute {
		t.Errorf("got create time %s, deadline %s, want whole seconds, 10m", task.CreateTime.AsTime(), task.DispatchDeadline.AsDuration())
	}
	r := task.GetHttpRequest()
	if task.View != cloudtaskspb.Task_BASIC || r.Body != nil || r.HttpMethod != cloudtaskspb.HttpMethod_POST || r.Headers["User-Agent"] != "Google-Cloud-Tasks" {
		t.Errorf("got %v, want the basic view of a POST", task)
	}
	full, err := e.client.GetTask(t.Context(), &cloudtaskspb.GetTaskRequest{Name: task.Name, ResponseView: cloudtaskspb.Task_FULL})
	if err != nil || full.View != cloudtaskspb.Task_FULL || string(full.GetHttpRequest().Body) != "body" {
		t.Errorf("got %v, %v, want the body in the full view", full, err)
	}
	unnamed, err := e.create(t, anywhere, func(task *cloudtaskspb.Task) {
		task.ScheduleTime = timestamppb.New(due)
	})
	if err != nil || !strings.HasPrefix(unnamed.GetName(), queue+"/tasks/") {
		t.Errorf("got %v, %v, want a made-up name", unnamed, err)
	}
}

func TestBadTasksAreRefused(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	late := e.clock.Now().Add(721 * time.Hour)
	tests := map[string]struct {
		change func(*cloudtaskspb.Task)
		code   codes.Code
		text   string
	}{
		"bad ID": {
			func(task *cloudtaskspb.Task) { task.Name = queue + "/tasks/not a valid id" }, codes.InvalidArgument,
			`Task ID "not a valid id" can contain only letters ([A-Za-z]), numbers ([0-9]), hyphens (-), or underscores (_). Task ID must between 1 and 500 characters.`,
		},
		"ID too long": {
			func(task *cloudtaskspb.Task) { task.Name = queue + "/tasks/" + strings.Repeat("a", 501) }, codes.InvalidArgument, "",
		},
		"bad name": {
			func(task *cloudtaskspb.Task) { task.Name = "a" }, codes.InvalidArgument,
			`Task name must be formatted: "projects/<PROJECT_ID>/locations/<LOCATION_ID>/queues/<QUEUE_ID>/tasks/<TASK_ID>"`,
		},
		"another queue": {
			func(task *cloudtaskspb.Task) { task.Name = queue + "-other/tasks/a" }, codes.InvalidArgument,
			"The queue name from request ('" + queue + "') must be the same as the queue name in the named task ('" + queue + "-other').",
		},
		"no URL": {
			func(task *cloudtaskspb.Task) { task.GetHttpRequest().Url = "" }, codes.InvalidArgument,
			"HttpRequest.url is required.",
		},
		"no request": {
			func(task *cloudtaskspb.Task) { task.MessageType = nil }, codes.InvalidArgument,
			"HttpRequest.url is required.",
		},
		"bad scheme": {
			func(task *cloudtaskspb.Task) { task.GetHttpRequest().Url = "ftp://shop.example.com" }, codes.InvalidArgument,
			"HttpTarget.url must start with 'http://' or 'https://'.",
		},
		"no host": {
			func(task *cloudtaskspb.Task) { task.GetHttpRequest().Url = "http:///a" }, codes.InvalidArgument, "",
		},
		"short deadline": {
			func(task *cloudtaskspb.Task) { task.DispatchDeadline = durationpb.New(14 * time.Second) }, codes.InvalidArgument,
			"Task.dispatchDeadline must be between [15s, 30m].",
		},
		"long deadline": {
			func(task *cloudtaskspb.Task) { task.DispatchDeadline = durationpb.New(31 * time.Minute) }, codes.InvalidArgument,
			"Task.dispatchDeadline must be between [15s, 30m].",
		},
		"too far ahead": {
			func(task *cloudtaskspb.Task) { task.ScheduleTime = timestamppb.New(late) }, codes.InvalidArgument,
			"The Task.scheduleTime, " + late.Format(time.RFC3339) + ", is too far in the future. Schedule time must be no more than 720h in the future.",
		},
		"too large": {
			func(task *cloudtaskspb.Task) { task.GetHttpRequest().Body = make([]byte, 1<<20) }, codes.InvalidArgument,
			"Task size too large",
		},
		"body of a GET": {
			func(task *cloudtaskspb.Task) { task.GetHttpRequest().HttpMethod = cloudtaskspb.HttpMethod_GET }, codes.InvalidArgument, "",
		},
		"bad retries": {
			func(task *cloudtaskspb.Task) { task.RetryConfig = &cloudtaskspb.RetryConfig{MaxAttempts: -2} }, codes.InvalidArgument,
			"RetryConfig.maxAttempts must be greater or equal to -1.",
		},
		"App Engine": {
			func(task *cloudtaskspb.Task) {
				task.MessageType = &cloudtaskspb.Task_AppEngineHttpRequest{AppEngineHttpRequest: &cloudtaskspb.AppEngineHttpRequest{}}
			}, codes.Unimplemented, "",
		},
		"OAuth": {
			func(task *cloudtaskspb.Task) {
				task.GetHttpRequest().AuthorizationHeader = &cloudtaskspb.HttpRequest_OauthToken{OauthToken: &cloudtaskspb.OAuthToken{}}
			}, codes.Unimplemented, "",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := e.create(t, anywhere, tt.change)
			wantError(t, err, tt.code, tt.text)
		})
	}
	t.Cleanup(func() {
		if n := len(e.Pending()); n != 0 {
			t.Errorf("%d refused tasks are pending", n)
		}
	})
}

func TestNamesAreTakenForAWhile(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{Dedup: 2 * time.Hour})
	g := newTarget(t, e.clock, statuses(200))
	create := func() error {
		_, err := e.create(t, g.url, at("a", e.clock.Now().Add(time.Minute)))
		return err
	}
	if err := create(); err != nil {
		t.Fatal(err)
	}
	wantError(t, create(), codes.AlreadyExists, "Requested entity already exists")
	e.advance(t, time.Hour)
	wantError(t, create(), codes.AlreadyExists, "The task cannot be created because a task with this name existed too recently. For more information about task de-duplication see https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks/create#body.request_body.FIELDS.task")
	_, err := e.client.GetTask(t.Context(), &cloudtaskspb.GetTaskRequest{Name: queue + "/tasks/a"})
	wantError(t, err, codes.NotFound, "The task no longer exists, though a task with this name existed recently. The task either successfully completed or was deleted.")
	e.advance(t, 2*time.Hour)
	if err := create(); err != nil {
		t.Errorf("after the window: %v", err)
	}
	e.advance(t, time.Hour)
	if n := len(g.got()); n != 2 {
		t.Errorf("got %d calls, want 2", n)
	}
}

func TestOneOfManyCreatesWins(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	due := e.clock.Now().Add(time.Hour)
	var all sync.WaitGroup
	results := make([]codes.Code, 20)
	for i := range results {
		all.Go(func() {
			_, err := e.create(t, anywhere, at("a", due))
			results[i] = status.Code(err)
		})
	}
	all.Wait()
	count := map[codes.Code]int{}
	for _, code := range results {
		count[code]++
	}
	if count[codes.OK] != 1 || count[codes.AlreadyExists] != 19 {
		t.Errorf("got %v, want one OK and 19 AlreadyExists", count)
	}
}

func TestMissingTasksAndQueues(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	missing, elsewhere := queue+"/tasks/missing", location+"/queues/missing"
	const noQueue = "Queue does not exist. If you just created the queue, wait at least a minute for the queue to initialize."
	_, err := e.client.GetTask(t.Context(), &cloudtaskspb.GetTaskRequest{Name: missing})
	wantError(t, err, codes.NotFound, "Requested entity was not found.")
	_, err = e.client.RunTask(t.Context(), &cloudtaskspb.RunTaskRequest{Name: missing})
	wantError(t, err, codes.NotFound, "Requested entity was not found.")
	err = e.client.DeleteTask(t.Context(), &cloudtaskspb.DeleteTaskRequest{Name: missing})
	wantError(t, err, codes.NotFound, "Requested entity was not found.")
	_, err = e.client.CreateTask(t.Context(), &cloudtaskspb.CreateTaskRequest{Parent: elsewhere, Task: &cloudtaskspb.Task{
		MessageType: &cloudtaskspb.Task_HttpRequest{HttpRequest: &cloudtaskspb.HttpRequest{Url: anywhere}},
	}})
	wantError(t, err, codes.NotFound, noQueue)
	_, err = e.client.ListTasks(t.Context(), &cloudtaskspb.ListTasksRequest{Parent: elsewhere}).Next()
	wantError(t, err, codes.NotFound, noQueue)
}

func TestListTasksPages(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	due := e.clock.Now().Add(time.Hour)
	for i := range 7 {
		e.mustCreate(t, anywhere, fmt.Sprint("task-", i), due)
	}
	it := e.client.ListTasks(t.Context(), &cloudtaskspb.ListTasksRequest{Parent: queue, PageSize: 3})
	for i := range 7 {
		task, err := it.Next()
		if err != nil || task.Name != fmt.Sprint(queue, "/tasks/task-", i) {
			t.Fatalf("task %d: got %v, %v", i, task, err)
		}
	}
	if _, err := it.Next(); !errors.Is(err, iterator.Done) {
		t.Errorf("got %v, want the end", err)
	}
}

func TestDeletedTaskIsNotDispatched(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	g := newTarget(t, e.clock, statuses(200))
	task := e.mustCreate(t, g.url, "a", e.clock.Now().Add(time.Minute))
	if err := e.client.DeleteTask(t.Context(), &cloudtaskspb.DeleteTaskRequest{Name: task.Name}); err != nil {
		t.Fatal(err)
	}
	e.advance(t, time.Hour)
	if n := len(g.got()); n != 0 {
		t.Errorf("got %d calls, want none", n)
	}
}

func TestRunTaskRunsAtOnce(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	g := newTarget(t, e.clock, statuses(500, 200))
	due := e.clock.Now().Add(24 * time.Hour)
	task := e.mustCreate(t, g.url, "a", due)
	if _, err := e.client.PauseQueue(t.Context(), &cloudtaskspb.PauseQueueRequest{Name: queue}); err != nil {
		t.Fatal(err)
	}
	run := func() {
		t.Helper()
		if _, err := e.client.RunTask(t.Context(), &cloudtaskspb.RunTaskRequest{Name: task.Name}); err != nil {
			t.Fatal(err)
		}
		e.advance(t, time.Second) // waits for what runs
	}
	run()
	got, err := e.client.GetTask(t.Context(), &cloudtaskspb.GetTaskRequest{Name: task.Name})
	if err != nil {
		t.Fatal(err)
	}
	last := got.LastAttempt
	if got.DispatchCount != 1 || got.ResponseCount != 1 || !got.ScheduleTime.AsTime().Before(due) ||
		codes.Code(last.ResponseStatus.Code) != codes.Internal || !last.DispatchTime.AsTime().Equal(got.FirstAttempt.DispatchTime.AsTime()) {
		t.Errorf("got %v, want one failed attempt and an earlier next one", got)
	}
	run()
	if n := len(g.got()); n != 2 || len(e.Pending()) != 0 {
		t.Errorf("got %d calls and %d tasks left, want 2 and none", n, len(e.Pending()))
	}
}

func TestPendingIsInOrder(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	now := e.clock.Now()
	e.mustCreate(t, anywhere, "later", now.Add(2*time.Hour))
	e.mustCreate(t, anywhere, "sooner", now.Add(time.Hour))
	got := e.Pending()
	want := cloudtasks.Task{Name: "sooner", Queue: "reminders", ScheduleTime: now.Add(time.Hour), URL: anywhere, Body: "body"}
	if len(got) != 2 || got[0] != want || got[1].Name != "later" {
		t.Errorf("got %+v, want first %+v", got, want)
	}
}

func TestIAMIsUnimplemented(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	_, err := e.client.GetIamPolicy(t.Context(), &iampb.GetIamPolicyRequest{Resource: queue})
	wantError(t, err, codes.Unimplemented, "")
}

func TestTasksFromHandlersBelongToTheAdvance(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	due := e.clock.Now().Add(time.Hour)
	var g *target
	g = newTarget(t, e.clock, func(_ http.ResponseWriter, n int) {
		if n < 5 { // each call makes the next task, due a day later
			if _, err := e.create(t, g.url, at(fmt.Sprint("next-", n), e.clock.Now().Add(24*time.Hour))); err != nil {
				t.Error(err)
			}
		}
	})
	e.mustCreate(t, g.url, "first", due)
	e.advance(t, 30*24*time.Hour)
	if n := len(g.got()); n != 6 {
		t.Errorf("got %d calls, want 6", n)
	}
}

// A request without a task is refused like one without an address, and ends nothing.
func TestCreateWithoutTask(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	for range 2 {
		_, err := e.client.CreateTask(t.Context(), &cloudtaskspb.CreateTaskRequest{Parent: queue})
		if status.Code(err) != codes.InvalidArgument {
			t.Errorf("got %v, want INVALID_ARGUMENT", err)
		}
	}
}
