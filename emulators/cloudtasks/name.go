package cloudtasks

import (
	"regexp"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

var (
	locationName = regexp.MustCompile(`^projects/[A-Za-z0-9:.-]+/locations/[A-Za-z0-9-]+$`)
	queueName    = regexp.MustCompile(`^projects/[A-Za-z0-9:.-]+/locations/[A-Za-z0-9-]+/queues/[A-Za-z0-9-]{1,100}$`)
	taskID       = regexp.MustCompile(`^[A-Za-z0-9_-]{1,500}$`)
)

const reference = "https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues"

// What the service answers, word for word.
var (
	errQueueName = withHelp(
		`Queue name must be formatted: "projects/<PROJECT_ID>/locations/<LOCATION_ID>/queues/<QUEUE_ID>".`,
		"Definition of queue name", reference+"#Queue.FIELDS.name")
	errLocationName  = status.Error(codes.InvalidArgument, `Location name must be formatted: "projects/<PROJECT_ID>/locations/<LOCATION_ID>".`)
	errTaskName      = status.Error(codes.InvalidArgument, `Task name must be formatted: "projects/<PROJECT_ID>/locations/<LOCATION_ID>/queues/<QUEUE_ID>/tasks/<TASK_ID>"`)
	errNotFound      = status.Error(codes.NotFound, "Requested entity was not found.")
	errTaskGone      = status.Error(codes.NotFound, "The task no longer exists, though a task with this name existed recently. The task either successfully completed or was deleted.")
	errTaskExists    = status.Error(codes.AlreadyExists, "Requested entity already exists")
	errTaskExisted   = status.Error(codes.AlreadyExists, "The task cannot be created because a task with this name existed too recently. For more information about task de-duplication see https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks/create#body.request_body.FIELDS.task")
	errQueueExists   = status.Error(codes.AlreadyExists, "Queue already exists")
	errQueueExisted  = status.Error(codes.FailedPrecondition, "The queue cannot be created because a queue with this name existed too recently.")
	errQueueNotFound = status.Error(codes.NotFound, "Queue does not exist. If you just created the queue, wait at least a minute for the queue to initialize.")
)

// splitTask cuts a task's full name into its queue's name and its ID.
func splitTask(name string) (queue, id string, err error) {
	queue, id, ok := strings.Cut(name, "/tasks/")
	if !ok || !queueName.MatchString(queue) {
		return "", "", errTaskName
	}
	if !taskID.MatchString(id) {
		return "", "", withHelp(
			`Task ID "`+id+`" can contain only letters ([A-Za-z]), numbers ([0-9]), hyphens (-), or underscores (_). Task ID must between 1 and 500 characters.`,
			"Definition of task ID", reference+".tasks#Task.FIELDS.name")
	}
	return queue, id, nil
}

// shortName is the last part of a full name.
func shortName(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// withHelp is an INVALID_ARGUMENT with the link that the service puts beside it.
func withHelp(text, description, url string) error {
	plain := status.New(codes.InvalidArgument, text)
	help := &errdetails.Help{Links: []*errdetails.Help_Link{{Description: description, Url: url}}}
	if detailed, err := plain.WithDetails(help); err == nil {
		return detailed.Err()
	}
	return plain.Err()
}

func invalid(text string) error { return status.Error(codes.InvalidArgument, text) }
