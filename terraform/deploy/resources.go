package main

import (
	"fmt"
	"slices"

	tfjson "github.com/hashicorp/terraform-json"
)

// plannedResources are all resources as they will be.
func plannedResources(plan *tfjson.Plan) []*tfjson.StateResource {
	if plan.PlannedValues == nil {
		return nil
	}
	return resourcesBelow(plan.PlannedValues.RootModule)
}

// stateResources are all resources of a state; nil stands for an empty one.
func stateResources(state *tfjson.State) []*tfjson.StateResource {
	if state == nil || state.Values == nil {
		return nil
	}
	return resourcesBelow(state.Values.RootModule)
}

func resourcesBelow(m *tfjson.StateModule) []*tfjson.StateResource {
	if m == nil {
		return nil
	}
	var all []*tfjson.StateResource
	for _, r := range m.Resources {
		if r.Mode == tfjson.ManagedResourceMode {
			all = append(all, r)
		}
	}
	for _, child := range m.ChildModules {
		all = append(all, resourcesBelow(child)...)
	}
	return all
}

// ofDeployment are kinds of which each deployment has some, in its own project.
var ofDeployment = []string{
	"google_cloud_tasks_queue", "google_cloudfunctions2_function", "google_firestore_database",
	"google_project_service", "google_secret_manager_secret",
}

// checkProject fails if a state is of deployments in other projects only. A plan for
// this project would take those away and make them here.
func (o *options) checkProject(state *tfjson.State, project string) error {
	other := ""
	for _, r := range stateResources(state) {
		id, _ := r.AttributeValues["project"].(string)
		switch {
		case id == "" || !slices.Contains(ofDeployment, r.Type):
		case id == project:
			return nil
		default:
			other = id
		}
	}
	if other == "" || project == "" {
		return nil
	}
	return o.ofAnother(project, other)
}

// ofAnother says that the state is not of the project that was asked for.
func (o *options) ofAnother(project, other string) error {
	return fmt.Errorf(`the project is %s, and Terraform's state in %s is of a deployment in %s: it is left alone. Give -project %s, or give the second deployment a state of its own, in another clone of the repository or with terraform workspace new`,
		project, o.dir, other, other)
}
