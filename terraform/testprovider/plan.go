package main

import (
	"math/big"
	"reflect"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// planner makes the planned state from what Terraform proposes.
type planner struct {
	rules    map[string]rule
	create   bool
	replaces []*tftypes.AttributePath
}

// fill gives what the configuration leaves out its default, or what the service will
// choose as unknown; values of things that are there stay.
func (p *planner) fill(b block, path string, at *tftypes.AttributePath, proposed, prior map[string]any) map[string]any {
	out := map[string]any{}
	for name, a := range b.Attributes {
		v, r := proposed[name], p.rules[join(path, name)]
		if v == nil && r.Default != nil && (a.Optional || a.Required) {
			v = defaultValue(r.Default)
		}
		if v == nil && a.Computed {
			v = unknown
			if !p.create && prior != nil {
				v = prior[name]
			}
		}
		if !p.create && r.ForceNew && !same(v, prior[name]) {
			p.replaces = append(p.replaces, at.WithAttributeName(name))
		}
		out[name] = v
	}
	for name, n := range b.Blocks {
		out[name] = p.blocks(n, join(path, name), at.WithAttributeName(name), proposed[name], prior[name])
		if r := p.rules[join(path, name)]; !p.create && r.ForceNew && prior != nil && count(out[name]) != count(prior[name]) {
			p.replaces = append(p.replaces, at.WithAttributeName(name))
		}
	}
	return out
}

func count(v any) int { return len(instances(v)) }

func (p *planner) blocks(n nestedBlock, path string, at *tftypes.AttributePath, proposed, prior any) any {
	if m, ok := proposed.(map[string]any); ok && n.Mode != "map" {
		before, _ := prior.(map[string]any)
		return p.fill(n.Block, path, at, m, before)
	}
	list, ok := proposed.([]any)
	if !ok {
		return proposed
	}
	before, _ := prior.([]any)
	gone := before[min(len(list), len(before)):]
	if n.Mode == "set" {
		before, gone = paired(list, before)
	}
	if !p.create && slices.ContainsFunc(gone, func(v any) bool { return p.forces(n.Block, path, v) }) {
		p.replaces = append(p.replaces, at)
	}
	out := make([]any, len(list))
	for i, item := range list {
		m, ok := item.(map[string]any)
		if !ok {
			out[i] = item
			continue
		}
		var was map[string]any
		if i < len(before) {
			was, _ = before[i].(map[string]any)
		}
		element := planner{rules: p.rules, create: p.create}
		out[i] = element.fill(n.Block, path, at.WithElementKeyInt(i), m, was)
		if n.Mode == "set" && len(element.replaces) > 0 { // whose elements have no path
			element.replaces = []*tftypes.AttributePath{at}
		}
		p.replaces = append(p.replaces, element.replaces...)
	}
	return out
}

// forces says whether a block that goes, or something in it, cannot without a replacement.
func (p *planner) forces(b block, path string, v any) bool {
	values, _ := v.(map[string]any)
	for name := range b.Attributes {
		if values[name] != nil && p.rules[join(path, name)].ForceNew {
			return true
		}
	}
	for name, n := range b.Blocks {
		for _, inner := range instances(values[name]) {
			if p.forces(n.Block, join(path, name), inner) {
				return true
			}
		}
	}
	return false
}

// paired puts the elements of a set as they were beside those that are proposed, and
// lists the rest: an element stays if nothing that is said of it changes. Elements have
// no other name.
func paired(proposed, before []any) (out, gone []any) {
	out = make([]any, len(proposed))
	used := map[int]bool{}
	for i, p := range proposed {
		for j, b := range before {
			if !used[j] && agrees(p, b) {
				out[i], used[j] = b, true
				break
			}
		}
	}
	for j, b := range before {
		if !used[j] {
			gone = append(gone, b)
		}
	}
	return out, gone
}

// agrees says whether was has all that is said in now, nested blocks aside.
func agrees(now, was any) bool {
	m, ok := now.(map[string]any)
	if !ok {
		return same(now, was)
	}
	w, _ := was.(map[string]any)
	for k, v := range m {
		if _, nested := v.([]any); v != nil && !nested && !same(v, w[k]) {
			return false
		}
	}
	return true
}

// defaultValue is a default as recorded, a value of ours.
func defaultValue(v any) any {
	if f, ok := v.(float64); ok {
		return big.NewFloat(f)
	}
	return v
}

// same compares two values; numbers by their amount.
func same(a, b any) bool {
	return reflect.DeepEqual(toJSON(a), toJSON(b)) && isUnknown(a) == isUnknown(b)
}

// settle replaces what is unknown by what the service would have chosen.
func settle(b block, values map[string]any, choose func(name string, kind tftypes.Type) any) {
	for name, a := range b.Attributes {
		if isUnknown(values[name]) {
			//lint:ignore SA1019 the one reader of this form
			kind, err := tftypes.ParseJSONType(a.Type)
			if err == nil {
				values[name] = choose(name, kind)
			}
		}
	}
	for name, n := range b.Blocks {
		for _, inner := range instances(values[name]) {
			if m, ok := inner.(map[string]any); ok {
				settle(n.Block, m, choose)
			}
		}
	}
}
