package main

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// caller does with a provider what Terraform does, for one type of resource.
type caller struct {
	*testing.T
	*provider
	kind   string
	schema block
	wire   tftypes.Type
}

func newCaller(t *testing.T, cloud, kind string) caller {
	t.Helper()
	p, err := newProvider("registry.terraform.io/hashicorp/google", cloud)
	if err != nil {
		t.Fatal(err)
	}
	b, wire, err := p.resource(kind)
	if err != nil || b.Attributes == nil {
		t.Fatalf("%s: %v", kind, err)
	}
	return caller{t, p, kind, b, wire}
}

// whole gives each list of blocks that is left out, as Terraform does.
func whole(b block, values map[string]any) map[string]any {
	out := map[string]any{}
	for name := range b.Attributes {
		out[name] = values[name]
	}
	for name, n := range b.Blocks {
		if values[name] == nil && (n.Mode == "list" || n.Mode == "set") {
			out[name] = []any{}
			continue
		}
		var list []any
		for _, inner := range instances(values[name]) {
			list = append(list, whole(n.Block, inner.(map[string]any)))
		}
		out[name] = list
		if n.Mode == "single" {
			out[name] = values[name]
		}
	}
	return out
}

func (c caller) encode(values map[string]any) *tfprotov5.DynamicValue {
	c.Helper()
	var v any
	if values != nil {
		v = values
	}
	d, err := encode(v, c.wire)
	if err != nil {
		c.Fatal(err)
	}
	return d
}

func (c caller) decode(d *tfprotov5.DynamicValue) map[string]any {
	c.Helper()
	v, err := decode(d, c.wire)
	if err != nil {
		c.Fatal(err)
	}
	m, _ := v.(map[string]any)
	return m
}

// validate lists the faults of a configuration.
func (c caller) validate(values map[string]any) []string {
	c.Helper()
	r, err := c.ValidateResourceTypeConfig(c.Context(), &tfprotov5.ValidateResourceTypeConfigRequest{
		TypeName: c.kind, Config: c.encode(whole(c.schema, values)),
	})
	if err != nil {
		c.Fatal(err)
	}
	return texts(r.Diagnostics)
}

// plan gives the planned state and the paths that force a replacement. What Terraform
// proposes is the configuration, and what the service chose before.
func (c caller) plan(prior, config map[string]any) (map[string]any, []string) {
	c.Helper()
	proposed := whole(c.schema, config)
	for name, a := range c.schema.Attributes {
		if proposed[name] == nil && a.Computed && prior != nil {
			proposed[name] = prior[name]
		}
	}
	r, err := c.PlanResourceChange(c.Context(), &tfprotov5.PlanResourceChangeRequest{
		TypeName: c.kind, PriorState: c.encode(prior), ProposedNewState: c.encode(proposed),
	})
	if err != nil {
		c.Fatal(err)
	}
	var paths []string
	for _, p := range r.RequiresReplace {
		paths = append(paths, p.String())
	}
	return c.decode(r.PlannedState), paths
}

// apply gives the state that is left, and the faults.
func (c caller) apply(prior, planned map[string]any) (map[string]any, []string) {
	c.Helper()
	r, err := c.ApplyResourceChange(c.Context(), &tfprotov5.ApplyResourceChangeRequest{
		TypeName: c.kind, PriorState: c.encode(prior), PlannedState: c.encode(planned),
	})
	if err != nil {
		c.Fatal(err)
	}
	return c.decode(r.NewState), texts(r.Diagnostics)
}

// make plans and applies something new.
func (c caller) make(config map[string]any) map[string]any {
	c.Helper()
	planned, _ := c.plan(nil, config)
	state, faults := c.apply(nil, planned)
	if len(faults) > 0 {
		c.Fatalf("creating %v: %v", config, faults)
	}
	return state
}

func (c caller) read(state map[string]any) map[string]any {
	c.Helper()
	r, err := c.ReadResource(c.Context(), &tfprotov5.ReadResourceRequest{TypeName: c.kind, CurrentState: c.encode(state)})
	if err != nil {
		c.Fatal(err)
	}
	return c.decode(r.NewState)
}

func texts(diagnostics []*tfprotov5.Diagnostic) []string {
	var list []string
	for _, d := range diagnostics {
		text := d.Summary
		if d.Detail != "" {
			text = d.Detail
		}
		list = append(list, text)
	}
	return list
}
