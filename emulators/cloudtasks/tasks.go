package cloudtasks

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// CreateTask adds a task; it is kept when the answer comes.
func (a api) CreateTask(ctx context.Context, r *cloudtaskspb.CreateTaskRequest) (*cloudtaskspb.Task, error) {
	drop, err := a.s.faults.beforeCreate(ctx)
	if err != nil {
		return nil, err
	}
	if !queueName.MatchString(r.GetParent()) {
		return nil, errQueueName
	}
	t, err := a.s.admit(r)
	if err != nil {
		return nil, err
	}
	if t.pb.GetHttpRequest().GetOidcToken() != nil {
		a.s.tokens.prepare()
	}
	if err := a.s.save(t); err != nil {
		a.s.mu.Lock()
		t.gone = true
		delete(t.queue.tasks, t.id())
		a.s.mu.Unlock()
		return nil, status.Error(codes.Internal, err.Error())
	}
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	out := t.view(r.GetResponseView())
	t.queue.enqueue(t)
	if drop {
		return nil, errUnavailable
	}
	return out, nil
}

// admit checks the request and takes the task's name; the task does not wait yet.
func (s *Server) admit(r *cloudtaskspb.CreateTaskRequest) (*task, error) {
	pb, err := newTask(r.GetTask(), s.clock.Now())
	if err != nil {
		return nil, err
	}
	if pb.Name == "" {
		pb.Name = fmt.Sprintf("%s/tasks/%020d", r.Parent, rand.Uint64())
	}
	parent, id, err := splitTask(pb.Name)
	if err != nil {
		return nil, err
	}
	if parent != r.Parent {
		return nil, invalid(fmt.Sprintf(
			"The queue name from request ('%s') must be the same as the queue name in the named task ('%s').", r.Parent, parent))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.queue(parent)
	if err != nil {
		return nil, err
	}
	if _, ok := q.tasks[id]; ok {
		return nil, errTaskExists
	}
	if s.tombstones.has(pb.Name, s.clock.Now()) {
		return nil, errTaskExisted
	}
	s.made++
	t := &task{queue: q, pb: pb, made: s.made, index: -1}
	q.tasks[id] = t
	return t, nil
}

// task finds a task. The server's lock is held.
func (s *Server) task(name string) (*task, error) {
	parent, id, err := splitTask(name)
	if err != nil {
		return nil, err
	}
	q, err := s.queue(parent)
	if err != nil {
		return nil, err
	}
	if t, ok := q.tasks[id]; ok {
		return t, nil
	}
	return nil, errNotFound
}

// GetTask gets a task that waits or runs.
func (a api) GetTask(_ context.Context, r *cloudtaskspb.GetTaskRequest) (*cloudtaskspb.Task, error) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	t, err := a.s.task(r.GetName())
	switch {
	case errors.Is(err, errNotFound) && a.s.tombstones.has(r.Name, a.s.clock.Now()):
		return nil, errTaskGone
	case err != nil:
		return nil, err
	}
	return t.view(r.GetResponseView()), nil
}

// ListTasks lists a queue's tasks by name.
func (a api) ListTasks(_ context.Context, r *cloudtaskspb.ListTasksRequest) (*cloudtaskspb.ListTasksResponse, error) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	q, err := a.s.queue(r.GetParent())
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(q.tasks))
	for id := range q.tasks {
		ids = append(ids, id)
	}
	ids, next, err := page(ids, r.GetPageToken(), int(r.GetPageSize()), 1000)
	if err != nil {
		return nil, err
	}
	out := &cloudtaskspb.ListTasksResponse{NextPageToken: next}
	for _, id := range ids {
		out.Tasks = append(out.Tasks, q.tasks[id].view(r.GetResponseView()))
	}
	return out, nil
}

// DeleteTask deletes a task; if it runs, what becomes of that does not matter.
func (a api) DeleteTask(_ context.Context, r *cloudtaskspb.DeleteTaskRequest) (*emptypb.Empty, error) {
	a.s.mu.Lock()
	t, err := a.s.task(r.GetName())
	if err == nil {
		a.s.bury(t)
	}
	a.s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if err := a.s.save(t); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &emptypb.Empty{}, nil
}

// RunTask dispatches a task now, whatever its schedule time, the queue's limits
// and state say, and even while it runs.
func (a api) RunTask(_ context.Context, r *cloudtaskspb.RunTaskRequest) (*cloudtaskspb.Task, error) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	t, err := a.s.task(r.GetName())
	if err != nil {
		return nil, err
	}
	if !a.s.serving {
		return nil, errUnavailable
	}
	if t.index >= 0 {
		heap.Remove(&t.queue.waiting, t.index)
	}
	a.s.start(t, a.s.clock.Now())
	return t.view(r.GetResponseView()), nil
}
