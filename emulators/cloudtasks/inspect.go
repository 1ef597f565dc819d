package cloudtasks

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/protobuf/proto"
)

// Task is a pending task as a console shows it.
type Task struct {
	Name         string    `json:"name"`  // the short ID
	Queue        string    `json:"queue"` // the short ID
	ScheduleTime time.Time `json:"schedule_time"`
	Attempts     int       `json:"attempts"`
	URL          string    `json:"url"`
	Body         string    `json:"body"`
}

// Pending lists the tasks of all queues that are not done, in the order of their
// schedule times.
func (s *Server) Pending() []Task {
	s.mu.Lock()
	tasks := []Task{}
	for _, q := range s.queues {
		for id, t := range q.tasks {
			tasks = append(tasks, Task{
				Name:         id,
				Queue:        shortName(q.pb.Name),
				ScheduleTime: t.due(),
				Attempts:     int(t.pb.DispatchCount),
				URL:          t.pb.GetHttpRequest().Url,
				Body:         string(t.pb.GetHttpRequest().Body),
			})
		}
	}
	s.mu.Unlock()
	slices.SortFunc(tasks, func(a, b Task) int {
		return cmp.Or(a.ScheduleTime.Compare(b.ScheduleTime), cmp.Compare(a.Queue, b.Queue), cmp.Compare(a.Name, b.Name))
	})
	return tasks
}

// Dispatched is how many dispatches this Server has begun, retries included.
func (s *Server) Dispatched() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dispatched
}

// Purge drops the tasks of the queue of that name, full or short, or of all
// queues for "", and returns how many there were.
func (s *Server) Purge(queueName string) (int, error) {
	s.mu.Lock()
	var purged []*queue
	for name, q := range s.queues {
		if queueName == "" || queueName == name || queueName == shortName(name) {
			purged = append(purged, q)
		}
	}
	s.mu.Unlock()
	if len(purged) == 0 && queueName != "" {
		return 0, errQueueNotFound
	}
	total := 0
	for _, q := range purged {
		n, err := s.purge(q)
		if err = errors.Join(err, s.saveQueue(q)); err != nil {
			return total, err
		}
		total += n
	}
	return total, nil
}

// EnsureQueue makes the queue of that full name, or gives the one that is there
// these limits; nil means the service's defaults. Unlike the RPCs it knows no
// caps, so that a test can lift a single queue's limits.
func (s *Server) EnsureQueue(name string, rates *cloudtaskspb.RateLimits, retry *cloudtaskspb.RetryConfig) error {
	if !queueName.MatchString(name) {
		return errQueueName
	}
	if err := checkRetry(retry); err != nil {
		return err
	}
	s.mu.Lock()
	q, ok := s.queues[name]
	if !ok {
		delete(s.deleted, name)
		q = s.newQueue(&cloudtaskspb.Queue{Name: name, State: cloudtaskspb.Queue_RUNNING})
	}
	q.pb.RateLimits = rateDefaults(proto.CloneOf(rates))
	q.pb.RetryConfig = retryDefaults(proto.CloneOf(retry))
	s.mu.Unlock()
	_, err := s.savedQueue(q)
	return err
}
