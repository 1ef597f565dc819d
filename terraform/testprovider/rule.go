package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
)

// rule is what is recorded of an argument beside its type.
type rule struct {
	ForceNew      bool     `json:"force_new"`
	Default       any      `json:"default"`
	Enum          []string `json:"enum"`
	ConflictsWith []string `json:"conflicts_with"`
	ExactlyOneOf  []string `json:"exactly_one_of"`
	AtLeastOneOf  []string `json:"at_least_one_of"`
	RequiredWith  []string `json:"required_with"`
}

// checker validates one resource's configuration as the real provider would.
type checker struct {
	rules map[string]rule
	root  map[string]any
	found []*tfprotov5.Diagnostic
	seen  map[string]bool // groups of arguments that were judged already
}

func validate(b block, rules map[string]rule, config any) []*tfprotov5.Diagnostic {
	root, ok := config.(map[string]any)
	if !ok {
		return nil
	}
	c := &checker{rules: rules, root: root, seen: map[string]bool{}}
	c.block(b, "", root)
	return c.found
}

func (c *checker) fault(path, format string, args ...any) {
	c.found = append(c.found, &tfprotov5.Diagnostic{
		Severity: tfprotov5.DiagnosticSeverityError, Summary: "Invalid configuration",
		Detail: path + ": " + fmt.Sprintf(format, args...),
	})
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func (c *checker) block(b block, path string, values map[string]any) {
	for name, a := range b.Attributes {
		p := join(path, name)
		v := values[name]
		if v != nil && a.Computed && !a.Optional && !a.Required {
			c.fault(p, "is computed and cannot be set")
		}
		c.argument(p, v)
	}
	for name, n := range b.Blocks {
		p := join(path, name)
		inner := instances(values[name])
		var given any
		if len(inner) > 0 {
			given = inner
		}
		c.argument(p, given)
		for _, in := range inner {
			if m, ok := in.(map[string]any); ok {
				c.block(n.Block, p, m)
			}
		}
	}
}

// instances are the blocks of a kind, however they nest.
func instances(v any) []any {
	switch v := v.(type) {
	case []any:
		return v
	case map[string]any:
		return []any{v}
	}
	return nil
}

func (c *checker) argument(path string, v any) {
	r := c.rules[path]
	if s, ok := v.(string); ok {
		c.text(path, r, s)
	}
	if v != nil {
		for _, other := range r.ConflictsWith {
			if c.given(other) {
				c.fault(path, "conflicts with %s", other)
			}
		}
		for _, other := range r.RequiredWith {
			if !c.given(other) {
				c.fault(path, "needs %s", other)
			}
		}
	}
	if !c.parentGiven(path) {
		return
	}
	if n := c.count(path, r.ExactlyOneOf); len(r.ExactlyOneOf) > 0 && n != 1 && !c.judged("one", append(r.ExactlyOneOf, path)) {
		c.fault(path, "exactly one of %v must be given, %d are", r.ExactlyOneOf, n)
	}
	if n := c.count(path, r.AtLeastOneOf); len(r.AtLeastOneOf) > 0 && n == 0 && !c.judged("some", append(r.AtLeastOneOf, path)) {
		c.fault(path, "at least one of %v must be given", r.AtLeastOneOf)
	}
}

var patterns = map[string]*regexp.Regexp{
	"account_id":         regexp.MustCompile(`^[a-z]([-a-z0-9]{4,28}[a-z0-9])$`),
	"member":             regexp.MustCompile(`^(allUsers|allAuthenticatedUsers|(user|group|serviceAccount|domain|principal|principalSet):.+)$`),
	"service_account_id": regexp.MustCompile(`^projects/[^/]+/serviceAccounts/[^/]+@[^/]+\.gserviceaccount\.com$`),
}

func (c *checker) text(path string, r rule, s string) {
	if len(r.Enum) > 0 && !slices.Contains(r.Enum, s) {
		c.fault(path, "got %q, want one of %q", s, r.Enum)
	}
	if p := patterns[path]; p != nil && !p.MatchString(s) {
		c.fault(path, "got %q, want it to match %s", s, p)
	}
	if path == "dashboard_json" && !json.Valid([]byte(s)) {
		c.fault(path, "is no JSON")
	}
}

// judged says whether a group was judged before; it counts once.
func (c *checker) judged(kind string, group []string) bool {
	group = slices.Clone(group)
	for i, g := range group {
		group[i] = strings.ReplaceAll(g, ".0", "")
	}
	slices.Sort(group)
	key := kind + strings.Join(slices.Compact(group), ",")
	defer func() { c.seen[key] = true }()
	return c.seen[key]
}

// count says how many of path and others are given.
func (c *checker) count(path string, others []string) int {
	n := 0
	names := append(slices.Clone(others), path)
	for i, name := range names {
		names[i] = strings.ReplaceAll(name, ".0", "")
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if c.given(name) {
			n++
		}
	}
	return n
}

func (c *checker) parentGiven(path string) bool {
	i := strings.LastIndex(path, ".")
	return i < 0 || c.given(path[:i])
}

// given says whether something stands at a dotted path; what is unknown counts.
func (c *checker) given(path string) bool {
	var v any = c.root
	for _, key := range strings.Split(strings.ReplaceAll(path, ".0", ""), ".") {
		if list := instances(v); len(list) > 0 {
			v = list[0]
		}
		if isUnknown(v) {
			return true
		}
		m, ok := v.(map[string]any)
		if !ok {
			return false
		}
		v = m[key]
	}
	if list, ok := v.([]any); ok {
		return len(list) > 0
	}
	return v != nil
}
