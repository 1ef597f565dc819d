package main

import tfjson "github.com/hashicorp/terraform-json"

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
