package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"

	tfjson "github.com/hashicorp/terraform-json"

	"github.com/comeback-checkout/comeback/terraform/deploy/cloud"
)

const aboutPlan = `Shows what apply would do, without doing it: what is created, changed, replaced and
destroyed, what of it loses data, and which secrets have no value yet.`

func (p *program) plan(ctx context.Context, args []string) error {
	o := newOptions("plan", aboutPlan).withValues()
	full := o.Bool("full", false, "list every resource, also of long lists")
	asJSON := o.Bool("json", false, "print JSON")
	if err := o.parse(p, args); err != nil {
		return err
	}
	s, err := p.open(ctx, o)
	if err != nil {
		return err
	}
	defer s.close()
	d, err := s.prepare(ctx, true)
	if err != nil {
		return err
	}
	if *asJSON {
		err = d.printJSON(p)
	} else {
		d.print(p, *full)
	}
	if err != nil || d.nothing() {
		return err
	}
	return exit{code: exitChanges}
}

// deployment is what a plan and Google Cloud say before anything is done.
type deployment struct {
	*planned
	project string
	client  *cloud.Client
	changes []change
	outputs bool // outputs change, whatever else does
	takes   []adoption
	secrets []secret
}

// prepare checks what can be checked, plans, and looks into the project. A key of the
// address hashes that is lost ends it, unless a new one is wanted.
func (s *session) prepare(ctx context.Context, newIDKey bool) (*deployment, error) {
	// Without a project the calls would fail, but credentials are looked for first.
	if _, err := s.cloud(ctx, s.o.project); err != nil {
		return nil, err
	}
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	d, err := s.survey(ctx)
	if err != nil {
		return nil, err
	}
	if !newIDKey {
		if err := d.checkIDKeys(); err != nil {
			return nil, err
		}
	}
	if len(d.takes) == 0 {
		return d, nil
	}
	takes := d.takes
	if err := s.adopt(takes); err != nil {
		return nil, err
	}
	if d, err = s.survey(ctx); err != nil {
		return nil, err
	}
	d.takes = takes
	return d, nil
}

// survey plans and looks into the project.
func (s *session) survey(ctx context.Context) (*deployment, error) {
	pl, err := s.plan(ctx)
	if err != nil {
		return nil, err
	}
	return s.inspect(ctx, pl)
}

// inspect looks into the project for what a plan does not know.
func (s *session) inspect(ctx context.Context, pl *planned) (*deployment, error) {
	d := &deployment{planned: pl, changes: changesOf(pl.Plan), outputs: outputsChange(pl.Plan)}
	path := pl.variable("config")
	if path != "" && !filepath.IsAbs(path) {
		path = filepath.Join(s.o.dir, path)
	}
	if path != "" && !s.o.given("config") {
		if err := checkConfig(path); err != nil {
			return nil, err
		}
	}
	if d.project = pl.projectID(); d.project == "" {
		return nil, fmt.Errorf("the plan names no project: give -project")
	}
	var err error
	if d.client, err = s.cloud(ctx, d.project); err != nil {
		return nil, err
	}
	if d.takes, err = adoptable(ctx, d.client, d); err != nil {
		return nil, err
	}
	if d.secrets, err = secretsOf(ctx, d.client, pl.Plan); err != nil || path == "" {
		return d, err
	}
	return d, s.checkResend(ctx, d, path)
}

// nothing says that an apply would do nothing.
func (d *deployment) nothing() bool {
	return len(d.changes) == 0 && !d.outputs && len(d.lacking()) == 0
}

func (d *deployment) print(p *program, full bool) {
	fmt.Fprintf(p.out, "Comeback in project %s:\n", d.project)
	p.report(d.changes, full)
	if len(d.changes) == 0 && d.outputs {
		fmt.Fprintln(p.out, "The outputs change.")
	}
	for _, line := range d.further() {
		fmt.Fprintln(p.out, "note:", line)
	}
}

// further is what apply does beside the plan, and what a person has to know.
func (d *deployment) further() []string {
	var all []string
	if err := d.checkIDKeys(); err != nil {
		all = append(all, err.Error())
	}
	for _, a := range d.takes {
		all = append(all, a.what+" is there from an earlier deployment: it is taken over.")
	}
	for _, s := range d.lacking() {
		all = append(all, "the secret "+s.name+" has no value yet; apply "+s.source()+".")
	}
	for _, name := range d.paused() {
		all = append(all, "the queue "+name+" is paused, and stays so: deploy resume starts it.")
	}
	return all
}

func (d *deployment) printJSON(p *program) error {
	enc := json.NewEncoder(p.out)
	enc.SetIndent("", "  ")
	return enc.Encode(map[string]any{
		"project":  d.project,
		"changes":  append([]change{}, d.changes...),
		"warnings": append([]string{}, warnings(d.changes)...),
		"notes":    append(append([]string{}, notes(d.changes)...), d.further()...),
	})
}

// paused names the queues that do not dispatch.
func (d *deployment) paused() []string {
	var names []string
	for _, r := range stateResources(d.PriorState) {
		if r.Type == "google_cloud_tasks_queue" && r.AttributeValues["state"] == cloud.QueuePaused {
			name, _ := r.AttributeValues["name"].(string)
			names = append(names, name)
		}
	}
	return names
}

// variable is the value of a variable that is text, "" if it has none.
func (pl *planned) variable(name string) string {
	if v := pl.Variables[name]; v != nil {
		s, _ := v.Value.(string)
		return s
	}
	return ""
}

// projectID is the project that the plan is for.
func (pl *planned) projectID() string {
	if id := pl.variable("project"); id != "" {
		return id
	}
	for _, resources := range [][]*tfjson.StateResource{plannedResources(pl.Plan), stateResources(pl.PriorState)} {
		for _, r := range resources {
			if id, _ := r.AttributeValues["project"].(string); id != "" {
				return id
			}
		}
	}
	return ""
}

func outputsChange(plan *tfjson.Plan) bool {
	for _, c := range plan.OutputChanges {
		if !c.Actions.NoOp() {
			return true
		}
	}
	return false
}
