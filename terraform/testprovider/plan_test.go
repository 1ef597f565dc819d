package main

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"testing"
)

// A first plan has the defaults, and leaves unknown what the service chooses.
func TestPlanOfSomethingNew(t *testing.T) {
	t.Parallel()
	c := newCaller(t, "", "google_cloud_tasks_queue")
	planned, replaces := c.plan(nil, map[string]any{"name": "q", "location": "us-central1", "project": "p"})
	if got := planned["desired_state"]; got != "RUNNING" {
		t.Errorf("a default: got %v, want RUNNING", got)
	}
	if !isUnknown(planned["id"]) {
		t.Errorf("what the service chooses: got %v, want it unknown", planned["id"])
	}
	if replaces != nil {
		t.Errorf("something new: got %v to replace, want nothing", replaces)
	}
}

// TestPlanOfChange holds which changes replace a thing, and that none is found where
// nothing changed.
func TestPlanOfChange(t *testing.T) {
	t.Parallel()
	type values = map[string]any
	queue := values{"name": "q", "location": "us-central1", "project": "p"}
	metric := func(labels ...any) values {
		return values{"name": "m", "filter": "f", "metric_descriptor": []any{values{"metric_kind": "DELTA", "value_type": "INT64", "labels": labels}}}
	}
	a, b := values{"key": "a"}, values{"key": "b"}
	for _, c := range []struct {
		name, kind string
		was, now   values
		changed    bool
		replaces   []string
	}{
		{"nothing", "google_cloud_tasks_queue", queue, queue, false, nil},
		{"an argument", "google_cloud_tasks_queue", queue, values{"name": "q", "location": "us-central1", "project": "p", "desired_state": "PAUSED"}, true, nil},
		{"an argument that forces", "google_cloud_tasks_queue", queue, values{"name": "r", "location": "us-central1", "project": "p"}, true, []string{`AttributeName("name")`}},
		{"an argument that forces, unknown", "google_cloud_tasks_queue", queue, values{"name": unknown, "location": "us-central1", "project": "p"}, true, []string{`AttributeName("name")`}},
		{"a set in another order", "google_logging_metric", metric(a, b), metric(b, a), false, nil},
		{"a new element of a set", "google_logging_metric", metric(a), metric(a, b), true, []string{`AttributeName("metric_descriptor").ElementKeyInt(0).AttributeName("labels")`}},
		{"an element less", "google_logging_metric", metric(a, b), metric(b), true, []string{`AttributeName("metric_descriptor").ElementKeyInt(0).AttributeName("labels")`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			call := newCaller(t, "", c.kind)
			state := call.make(c.was)
			planned, replaces := call.plan(state, c.now)
			if got := !reflect.DeepEqual(unordered(planned), unordered(state)); got != c.changed {
				t.Errorf("changed: got %v, want %v\nwas %v\nnow %v", got, c.changed, state, planned)
			}
			if !reflect.DeepEqual(replaces, c.replaces) {
				t.Errorf("what forces a replacement: got %v, want %v", replaces, c.replaces)
			}
		})
	}
}

// unordered is a state without the order of its lists, which a set does not have.
func unordered(v any) any {
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = unordered(item)
		}
		slices.SortFunc(list, func(a, b any) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
		return list
	case map[string]any:
		m := map[string]any{}
		for k, item := range v {
			m[k] = unordered(item)
		}
		return m
	}
	return v
}
