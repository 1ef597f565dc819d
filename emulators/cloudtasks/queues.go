package cloudtasks

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// deletedFor is how long a deleted queue's name is blocked (quotas page; the API
// reference says "up to 3 days").
const deletedFor = 7 * 24 * time.Hour

// CreateQueue makes a queue; its name may not be that of one deleted recently.
func (a api) CreateQueue(_ context.Context, r *cloudtaskspb.CreateQueueRequest) (*cloudtaskspb.Queue, error) {
	given := r.GetQueue()
	switch {
	case !locationName.MatchString(r.GetParent()):
		return nil, errLocationName
	case !queueName.MatchString(given.GetName()):
		return nil, errQueueName
	case !strings.HasPrefix(given.GetName(), r.Parent+"/"):
		return nil, invalid(given.GetName() + " must begin with " + r.Parent + ".")
	}
	if err := checkQueue(given); err != nil {
		return nil, err
	}
	a.s.mu.Lock()
	if _, ok := a.s.queues[given.Name]; ok {
		a.s.mu.Unlock()
		return nil, errQueueExists
	}
	q, err := a.s.makeQueue(given)
	a.s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return a.s.savedQueue(q)
}

// makeQueue adds a queue. The server's lock is held.
func (s *Server) makeQueue(given *cloudtaskspb.Queue) (*queue, error) {
	if s.deleted[given.Name].After(s.clock.Now()) {
		return nil, errQueueExisted
	}
	delete(s.deleted, given.Name)
	return s.newQueue(&cloudtaskspb.Queue{
		Name:                     given.Name,
		RateLimits:               rateDefaults(given.RateLimits),
		RetryConfig:              retryDefaults(given.RetryConfig),
		StackdriverLoggingConfig: given.StackdriverLoggingConfig,
		State:                    cloudtaskspb.Queue_RUNNING,
	}), nil
}

// savedQueue keeps the queue and returns it as it is then.
func (s *Server) savedQueue(q *queue) (*cloudtaskspb.Queue, error) {
	if err := s.saveQueue(q); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q.pump() // whatever was changed may let tasks go
	return proto.CloneOf(q.pb), nil
}

// GetQueue gets a queue.
func (a api) GetQueue(_ context.Context, r *cloudtaskspb.GetQueueRequest) (*cloudtaskspb.Queue, error) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	q, err := a.s.queue(r.GetName())
	if err != nil {
		return nil, err
	}
	return proto.CloneOf(q.pb), nil
}

// queue finds a queue. The server's lock is held.
func (s *Server) queue(name string) (*queue, error) {
	if !queueName.MatchString(name) {
		return nil, errQueueName
	}
	if q, ok := s.queues[name]; ok {
		return q, nil
	}
	return nil, errQueueNotFound
}

// ListQueues lists a location's queues by name.
func (a api) ListQueues(_ context.Context, r *cloudtaskspb.ListQueuesRequest) (*cloudtaskspb.ListQueuesResponse, error) {
	if !locationName.MatchString(r.GetParent()) {
		return nil, errLocationName
	}
	if r.GetFilter() != "" {
		return nil, status.Error(codes.Unimplemented, "The emulator has no filters.")
	}
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	var names []string
	for name := range a.s.queues {
		if strings.HasPrefix(name, r.Parent+"/queues/") {
			names = append(names, name)
		}
	}
	names, next, err := page(names, r.GetPageToken(), int(r.GetPageSize()), 9800)
	if err != nil {
		return nil, err
	}
	out := &cloudtaskspb.ListQueuesResponse{NextPageToken: next}
	for _, name := range names {
		out.Queues = append(out.Queues, proto.CloneOf(a.s.queues[name].pb))
	}
	return out, nil
}

// UpdateQueue changes what the mask names, or everything without one, and makes a
// queue that is not there.
func (a api) UpdateQueue(_ context.Context, r *cloudtaskspb.UpdateQueueRequest) (*cloudtaskspb.Queue, error) {
	given := r.GetQueue()
	if !queueName.MatchString(given.GetName()) {
		return nil, errQueueName
	}
	if err := checkQueue(given); err != nil {
		return nil, err
	}
	a.s.mu.Lock()
	q, err := a.s.update(proto.CloneOf(given), r.GetUpdateMask().GetPaths())
	a.s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return a.s.savedQueue(q)
}

func (s *Server) update(given *cloudtaskspb.Queue, paths []string) (*queue, error) {
	q, ok := s.queues[given.Name]
	if !ok {
		return s.makeQueue(given)
	}
	if len(paths) == 0 {
		paths = []string{"rate_limits", "retry_config", "stackdriver_logging_config"}
	}
	changed := proto.CloneOf(q.pb)
	for _, path := range paths {
		if !copyField(changed.ProtoReflect(), given.ProtoReflect(), path) {
			return nil, invalid(fmt.Sprintf("The update mask names %q, which is no field of Queue.", path))
		}
	}
	// What is output only stays as it was.
	changed.Name, changed.State, changed.PurgeTime = q.pb.Name, q.pb.State, q.pb.PurgeTime
	changed.RateLimits, changed.RetryConfig = rateDefaults(changed.RateLimits), retryDefaults(changed.RetryConfig)
	if err := checkRetry(changed.RetryConfig); err != nil {
		return nil, err
	}
	q.pb = changed
	return q, nil
}

// PauseQueue stops a queue's dispatches.
func (a api) PauseQueue(_ context.Context, r *cloudtaskspb.PauseQueueRequest) (*cloudtaskspb.Queue, error) {
	return a.setState(r.GetName(), cloudtaskspb.Queue_PAUSED)
}

// ResumeQueue lets a queue's dispatches go on.
func (a api) ResumeQueue(_ context.Context, r *cloudtaskspb.ResumeQueueRequest) (*cloudtaskspb.Queue, error) {
	return a.setState(r.GetName(), cloudtaskspb.Queue_RUNNING)
}

func (a api) setState(name string, state cloudtaskspb.Queue_State) (*cloudtaskspb.Queue, error) {
	a.s.mu.Lock()
	q, err := a.s.queue(name)
	if err == nil {
		q.pb.State = state
	}
	a.s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return a.s.savedQueue(q)
}

// PurgeQueue deletes a queue's tasks.
func (a api) PurgeQueue(_ context.Context, r *cloudtaskspb.PurgeQueueRequest) (*cloudtaskspb.Queue, error) {
	a.s.mu.Lock()
	q, err := a.s.queue(r.GetName())
	a.s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if _, err := a.s.purge(q); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return a.s.savedQueue(q)
}

// purge buries all tasks of a queue and returns how many there were.
func (s *Server) purge(q *queue) (int, error) {
	s.mu.Lock()
	q.pb.PurgeTime = timestamppb.New(s.clock.Now())
	tasks := make([]*task, 0, len(q.tasks))
	for _, t := range q.tasks {
		tasks = append(tasks, t)
	}
	for _, t := range tasks {
		s.bury(t)
	}
	s.mu.Unlock()
	var saves errgroup.Group
	saves.SetLimit(256) // as many share a transaction
	for _, t := range tasks {
		saves.Go(func() error { return s.save(t) })
	}
	return len(tasks), saves.Wait()
}

// DeleteQueue deletes a queue with its tasks and blocks its name for a while.
func (a api) DeleteQueue(_ context.Context, r *cloudtaskspb.DeleteQueueRequest) (*emptypb.Empty, error) {
	if !queueName.MatchString(r.GetName()) {
		return nil, errQueueName
	}
	a.s.mu.Lock()
	q, ok := a.s.queues[r.Name]
	if ok {
		q.deleted = true
		delete(a.s.queues, r.Name)
		a.s.deleted[r.Name] = a.s.clock.Now().Add(deletedFor)
	}
	a.s.mu.Unlock()
	if !ok {
		return nil, errNotFound
	}
	err := a.s.saveQueue(q)
	if err == nil {
		_, err = a.s.purge(q)
	}
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &emptypb.Empty{}, nil
}

// page cuts one page of sorted names; its token is the last name before.
func page(names []string, token string, size, most int) (cut []string, next string, err error) {
	if size < 0 {
		return nil, "", invalid("Page size cannot be negative.")
	}
	if size == 0 || size > most {
		size = most
	}
	slices.Sort(names)
	from, found := slices.BinarySearch(names, token)
	if found {
		from++
	}
	names = names[from:]
	if len(names) <= size {
		return names, "", nil
	}
	return names[:size], names[size-1], nil
}
