package terraform_test

import (
	"fmt"
	"slices"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
)

// planned is a plan with what tests ask of it.
type planned struct {
	*testing.T
	plan *tfjson.Plan
}

// object is a resource as planned, its blocks as lists.
type object map[string]any

// all lists the planned resources of a type by address.
func (p planned) all(kind string) map[string]object {
	p.Helper()
	found := map[string]object{}
	for _, c := range p.plan.ResourceChanges {
		if after, ok := c.Change.After.(map[string]any); ok && c.Type == kind && c.Mode == tfjson.ManagedResourceMode {
			found[c.Address] = after
		}
	}
	if len(found) == 0 {
		p.Errorf("the plan has no %s", kind)
	}
	return found
}

// text is the string at a path of keys; a block counts as its one element.
func (o object) text(keys ...string) string {
	var v any = map[string]any(o)
	for _, key := range keys {
		if list, ok := v.([]any); ok && len(list) == 1 {
			v = list[0]
		}
		m, _ := v.(map[string]any)
		v = m[key]
	}
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

func (o object) block(name string) object {
	list, _ := o[name].([]any)
	if len(list) != 1 {
		return nil
	}
	m, _ := list[0].(map[string]any)
	return m
}

func (o object) blocks(name string) []object {
	list, _ := o[name].([]any)
	var blocks []object
	for _, b := range list {
		if m, ok := b.(map[string]any); ok {
			blocks = append(blocks, m)
		}
	}
	return blocks
}

// byEntryPoint lists the functions by the name that the source registers.
func (p planned) byEntryPoint() map[string]object {
	list := map[string]object{}
	for _, f := range p.all("google_cloudfunctions2_function") {
		list[f.text("build_config", "entry_point")] = f
	}
	return list
}

func (p planned) environmentOf(function string) map[string]string {
	env := map[string]string{}
	vars, _ := p.byEntryPoint()[function].block("service_config")["environment_variables"].(map[string]any)
	for k, v := range vars {
		env[k] = fmt.Sprint(v)
	}
	return env
}

func (p planned) secretsOf(function string) []string {
	var names []string
	for _, s := range p.byEntryPoint()[function].block("service_config").blocks("secret_environment_variables") {
		names = append(names, s.text("key"))
		if s.text("key") != s.text("secret") {
			p.Errorf("%s: the variable %s is filled from the secret %s", function, s.text("key"), s.text("secret"))
		}
	}
	slices.Sort(names)
	return names
}

// accountOf is the account that a function runs as, as a member of a grant.
func (p planned) accountOf(function string) string {
	return "serviceAccount:" + p.byEntryPoint()[function].text("service_config", "service_account_email")
}
