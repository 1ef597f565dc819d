package cloud

import (
	"context"

	"google.golang.org/api/cloudtasks/v2"
)

// The states of a queue that Comeback's can be in.
const (
	QueueRunning = "RUNNING"
	QueuePaused  = "PAUSED"
)

// PauseQueue stops a queue, given by its full name, from dispatching; tasks are kept
// and still accepted. Pausing a paused queue is fine.
func (c *Client) PauseQueue(ctx context.Context, fullName string) error {
	return c.call(ctx, "pause queue "+fullName, func(ctx context.Context) error {
		_, err := c.tasks.Projects.Locations.Queues.Pause(fullName, &cloudtasks.PauseQueueRequest{}).Context(ctx).Do()
		return err
	})
}

// ResumeQueue lets a queue dispatch again, what is overdue first. Resuming a running
// queue is fine.
func (c *Client) ResumeQueue(ctx context.Context, fullName string) error {
	return c.call(ctx, "resume queue "+fullName, func(ctx context.Context) error {
		_, err := c.tasks.Projects.Locations.Queues.Resume(fullName, &cloudtasks.ResumeQueueRequest{}).Context(ctx).Do()
		return err
	})
}

// QueueState is what a queue does now: QueueRunning, QueuePaused, or another of
// Cloud Tasks' states. ErrNotFound: there is no such queue.
func (c *Client) QueueState(ctx context.Context, fullName string) (state string, err error) {
	err = c.call(ctx, "look at queue "+fullName, func(ctx context.Context) error {
		queue, err := c.tasks.Projects.Locations.Queues.Get(fullName).Context(ctx).Do()
		if err == nil {
			state = queue.State
		}
		return err
	})
	return state, err
}
