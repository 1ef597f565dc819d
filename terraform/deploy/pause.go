package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/comeback-checkout/comeback/terraform/deploy/cloud"
)

const (
	aboutPause = `The emergency stop: pauses every queue of the deployment, so that no reminder goes out.
Checkouts and orders are taken as before, and nothing is lost. No plan is made; the
queues' names come from Terraform's state, or from -queue without any Terraform.`
	aboutResume = `Lets the queues that deploy pause has stopped dispatch again. Reminders that fell due
meanwhile go out at once, except those that are later than the store's max_late: they
end as stale.`
)

func (p *program) pause(ctx context.Context, args []string) error {
	err := p.eachQueue(ctx, "pause", aboutPause, args, "paused", (*cloud.Client).PauseQueue)
	if err == nil {
		fmt.Fprintln(p.out, "No reminder goes out until deploy resume. An apply leaves the queues paused.")
	}
	return err
}

func (p *program) resume(ctx context.Context, args []string) error {
	err := p.eachQueue(ctx, "resume", aboutResume, args, "resumed", (*cloud.Client).ResumeQueue)
	if err == nil {
		fmt.Fprintln(p.out, "Overdue reminders go out now; those that are later than their store's max_late end as stale.")
	}
	return err
}

var queueForm = regexp.MustCompile(`^projects/([^/]+)/locations/[^/]+/queues/[^/]+$`)

// eachQueue does one thing to every queue, and reports each. It goes on after an error.
func (p *program) eachQueue(ctx context.Context, name, about string, args []string, done string,
	do func(*cloud.Client, context.Context, string) error,
) error {
	o := newOptions(name, about)
	var queues list
	o.Var(&queues, "queue", "a queue's full `name`, instead of all in Terraform's state; may be repeated")
	if err := o.parse(p, args); err != nil {
		return err
	}
	if len(queues) == 0 {
		var err error
		if queues, err = p.deployedQueues(ctx, o); err != nil {
			return err
		}
	}
	var faults []error
	for _, queue := range queues {
		if err := p.oneQueue(ctx, queue, do); err != nil {
			faults = append(faults, err)
			continue
		}
		fmt.Fprintf(p.out, "%s  %s\n", done, queue)
	}
	return errors.Join(faults...)
}

func (p *program) oneQueue(ctx context.Context, queue string, do func(*cloud.Client, context.Context, string) error) error {
	form := queueForm.FindStringSubmatch(queue)
	if form == nil {
		return fmt.Errorf("queue %q: want a full name like projects/P/locations/L/queues/Q", queue)
	}
	client, err := p.cloud(ctx, form[1])
	if err != nil {
		return err
	}
	return do(client, ctx, queue)
}

// deployedQueues are the full names of the queues in Terraform's state.
func (p *program) deployedQueues(ctx context.Context, o *options) ([]string, error) {
	s, err := p.open(ctx, o)
	if err != nil {
		return nil, err
	}
	defer s.close()
	state, err := readState(ctx, s, func(ctx context.Context) (*tfjson.State, error) { return s.tf.Show(ctx) })
	if err != nil {
		return nil, err
	}
	if err := o.checkProject(state, o.project); err != nil {
		return nil, err
	}
	var names []string
	for _, r := range stateResources(state) {
		if r.Type != "google_cloud_tasks_queue" {
			continue
		}
		v := func(attribute string) string { s, _ := r.AttributeValues[attribute].(string); return s }
		names = append(names, strings.Join([]string{"projects", v("project"), "locations", v("location"), "queues", v("name")}, "/"))
	}
	if names == nil {
		return nil, fmt.Errorf("there is no queue in the state of %s: name the queues with -queue projects/P/locations/L/queues/Q", o.dir)
	}
	return names, nil
}
