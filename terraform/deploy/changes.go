package main

import (
	"maps"
	"reflect"
	"slices"

	tfjson "github.com/hashicorp/terraform-json"
)

// The things that a plan does, in the order in which they are told.
const (
	doDestroy = "destroy"
	doReplace = "replace"
	doLeave   = "leave"     // out of the state, and still there
	doTake    = "take over" // into the state, and there already
	doChange  = "change"
	doCreate  = "create"
)

var actions = []string{doDestroy, doReplace, doLeave, doTake, doChange, doCreate}

// change is what a plan does to one resource.
type change struct {
	Action     string   `json:"action"`
	Kind       string   `json:"kind"` // in plain words
	Address    string   `json:"address"`
	Attributes []string `json:"attributes,omitempty"` // that change, or that make it be replaced

	kind, name    string // Terraform's type and name
	before, after map[string]any
	deposed       bool // what an interrupted replacement left
}

// changesOf lists what a plan does, in its order.
func changesOf(plan *tfjson.Plan) []change {
	var all []change
	for _, r := range plan.ResourceChanges {
		if r.Mode != tfjson.ManagedResourceMode || r.Change == nil {
			continue
		}
		c := change{
			Kind: wordsFor(r.Type).one, Address: r.Address,
			kind: r.Type, name: r.Name, deposed: r.DeposedKey != "",
		}
		c.before, _ = r.Change.Before.(map[string]any)
		c.after, _ = r.Change.After.(map[string]any)
		unknown, _ := r.Change.AfterUnknown.(map[string]any)
		switch a := r.Change.Actions; {
		case r.Change.Importing != nil && !a.Replace():
			c.Action = doTake
			c.Attributes = differing(c.before, c.after, unknown)
		case a.Create():
			c.Action = doCreate
		case a.Update():
			c.Action = doChange
			c.Attributes = differing(c.before, c.after, unknown)
		case a.Replace():
			c.Action = doReplace
			c.Attributes = firstSteps(r.Change.ReplacePaths)
		case a.Forget(), a.Delete() && (c.before["deletion_policy"] == "ABANDON" || c.before["disable_on_destroy"] == false):
			c.Action = doLeave
		case a.Delete():
			c.Action = doDestroy
		default:
			continue
		}
		all = append(all, c)
	}
	return all
}

// steps is how many things Terraform does, and reports, for a change.
func (c change) steps() int {
	switch {
	case c.Action == doReplace:
		return 2
	case c.Action == doTake && len(c.Attributes) == 0:
		return 0
	}
	return 1
}

// loses says that what there is goes.
func (c change) loses() bool { return c.Action == doDestroy || c.Action == doReplace }

// text is an attribute before the change, "" if it is none.
func (c change) text(attribute string) string {
	s, _ := c.before[attribute].(string)
	return s
}

// label is a label before the change.
func (c change) label(name string) string {
	labels, _ := c.before["labels"].(map[string]any)
	s, _ := labels[name].(string)
	return s
}

// differing names the attributes that get another value. The values are not told: some
// are secret.
func differing(before, after, unknown map[string]any) []string {
	names := map[string]bool{}
	for name, v := range after {
		if !reflect.DeepEqual(before[name], v) {
			names[name] = true
		}
	}
	for name := range before {
		if _, there := after[name]; !there {
			names[name] = true
		}
	}
	for name := range names {
		// What the provider will compute says nothing by itself.
		if v, there := after[name]; !there && before[name] != nil && unknown[name] == true || there && v == nil && unknown[name] == true {
			delete(names, name)
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// firstSteps names the attributes that some paths begin with.
func firstSteps(paths []any) []string {
	names := map[string]bool{}
	for _, p := range paths {
		if steps, ok := p.([]any); ok && len(steps) > 0 {
			if name, ok := steps[0].(string); ok {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// within says whether a plan does nothing that was not agreed to by an earlier one.
func within(plan, agreed []change) bool {
	allowed := map[string]string{}
	for _, c := range agreed {
		allowed[c.Address] = c.Action
	}
	return !slices.ContainsFunc(plan, func(c change) bool {
		was, known := allowed[c.Address]
		return !known || was != c.Action && !follows(c.Action, was)
	})
}

// follows says that an action is what a first try, which left half of it, has made of the
// action that was agreed to.
func follows(action, was string) bool {
	switch was {
	case doCreate, doReplace:
		return action == doCreate || action == doReplace
	case doTake:
		return action == doChange
	}
	return false
}
