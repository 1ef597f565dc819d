// Package taskqueue enqueues reminders in Cloud Tasks: recovery.Queue on
// cloud.google.com/go/cloudtasks.
package taskqueue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	cloudtasks "cloud.google.com/go/cloudtasks/apiv2"
	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Config says where tasks go.
type Config struct {
	// Queues are full names, projects/P/locations/L/queues/Q; a checkout's tasks all
	// go to one of them, by its hash.
	Queues []string
	// RemindURL is the target, and the audience of the token that the task carries.
	RemindURL string
	// Account is the service account that the token names.
	Account string
	// Timeout bounds one Create with its retries; 0 means 3 s. The service refuses
	// more than 30 s for a call.
	Timeout time.Duration
}

// dispatchDeadline is how long Cloud Tasks waits for a run's answer: above all
// deadlines of a run together.
const dispatchDeadline = 30 * time.Second

// Body is what a task carries: hashes only.
type Body struct {
	V          int    `json:"v"`
	Store      string `json:"store"`
	Checkout   string `json:"checkout"`
	Generation int    `json:"generation"`
	Step       int    `json:"step"`
}

// BodyVersion is the form of the bodies written here; earlier ones are still read.
const BodyVersion = 1

// Queue is a recovery.Queue on Cloud Tasks.
type Queue struct {
	client *cloudtasks.Client
	config Config
}

var _ recovery.Queue = (*Queue)(nil)

// New makes a Queue; the caller closes the client.
func New(client *cloudtasks.Client, config Config) (*Queue, error) {
	if len(config.Queues) == 0 || config.RemindURL == "" || config.Account == "" {
		return nil, errors.New("task queue: want at least one queue, the address of Remind and the tasks account")
	}
	if config.Timeout == 0 {
		config.Timeout = 3 * time.Second
	}
	return &Queue{client: client, config: config}, nil
}

// Create implements recovery.Queue.
func (q *Queue) Create(ctx context.Context, t recovery.Task) error {
	req, err := q.request(t)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, q.config.Timeout)
	defer cancel()
	// The client repeats a CreateTask never; with a name of its own it is safe to.
	_, err = q.client.CreateTask(ctx, req, gax.WithRetry(func() gax.Retryer {
		return gax.OnCodes([]codes.Code{codes.Unavailable, codes.DeadlineExceeded, codes.Internal, codes.ResourceExhausted},
			gax.Backoff{Initial: 50 * time.Millisecond, Max: time.Second, Multiplier: 2})
	}))
	if err = translate(err); err != nil {
		return fmt.Errorf("create task %s: %w", t.Name(), err)
	}
	return nil
}

// translate gives the kinds of package recovery to the errors of a creation.
func translate(err error) error {
	switch status.Code(err) {
	case codes.OK, codes.AlreadyExists: // it is enqueued, or has run
		return nil
	case codes.Unavailable, codes.DeadlineExceeded, codes.Internal, codes.ResourceExhausted, codes.Canceled:
		return fmt.Errorf("%w: %w", recovery.ErrOverload, err)
	}
	// Between two tries the client gives up with the context's own error.
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return fmt.Errorf("%w: %w", recovery.ErrOverload, err)
	}
	return err
}

func (q *Queue) request(t recovery.Task) (*cloudtaskspb.CreateTaskRequest, error) {
	body, err := json.Marshal(Body{
		V: BodyVersion, Store: t.Store, Checkout: t.Checkout, Generation: t.Reminder.Generation, Step: t.Reminder.Step,
	})
	if err != nil {
		return nil, fmt.Errorf("encode task %s: %w", t.Name(), err)
	}
	queue := q.config.Queues[recovery.ShardOf(t.Checkout, len(q.config.Queues))]
	return &cloudtaskspb.CreateTaskRequest{
		Parent: queue,
		Task: &cloudtaskspb.Task{
			Name:             queue + "/tasks/" + t.Name(),
			ScheduleTime:     timestamppb.New(t.At),
			DispatchDeadline: durationpb.New(dispatchDeadline),
			MessageType: &cloudtaskspb.Task_HttpRequest{HttpRequest: &cloudtaskspb.HttpRequest{
				Url:        q.config.RemindURL,
				HttpMethod: cloudtaskspb.HttpMethod_POST,
				Headers:    map[string]string{"Content-Type": "application/json"},
				Body:       body,
				AuthorizationHeader: &cloudtaskspb.HttpRequest_OidcToken{OidcToken: &cloudtaskspb.OidcToken{
					ServiceAccountEmail: q.config.Account, Audience: q.config.RemindURL,
				}},
			}},
		},
	}, nil
}

// isDocumentID says whether it looks like the ID of a store or the hash of a checkout. Any
// other would be a path to other documents, or one that Firestore refuses for ever.
func isDocumentID(id string) bool {
	foreign := func(r rune) bool { return r != '-' && (r < 'a' || r > 'z') && (r < '0' || r > '9') }
	return 0 < len(id) && len(id) <= 100 && !strings.ContainsFunc(id, foreign)
}

// Parse reads a task back from what Cloud Tasks delivers: the body, and the task's
// name from its header, from which comes the suffix.
func Parse(body []byte, header http.Header) (recovery.Task, error) {
	var b Body
	if err := json.Unmarshal(body, &b); err != nil {
		return recovery.Task{}, fmt.Errorf("task body: %w", err)
	}
	if b.V != BodyVersion {
		return recovery.Task{}, fmt.Errorf("task body: version %d, want %d: %w", b.V, BodyVersion, ErrVersion)
	}
	t := recovery.Task{
		Store: b.Store, Checkout: b.Checkout, Reminder: recovery.ReminderID{Generation: b.Generation, Step: b.Step},
	}
	if !isDocumentID(t.Store) || !isDocumentID(t.Checkout) || t.Reminder.Generation < 1 || t.Reminder.Step < 0 {
		return recovery.Task{}, errors.New("task body: want a store, a checkout's hash, a generation from 1 and a step from 0")
	}
	if suffix, ok := strings.CutPrefix(header.Get("X-CloudTasks-TaskName"), t.Name()); ok && strings.HasPrefix(suffix, "-") {
		t.Suffix = suffix[1:]
	}
	return t, nil
}

// ErrVersion says that a newer release wrote the task: this one must leave it.
var ErrVersion = errors.New("written by another release")
