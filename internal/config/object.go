package config

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// object is a mapping of the file. A key that is asked for is thereby known; done
// reports the others.
type object struct {
	place
	names  []string
	values map[string]*yaml.Node
	known  []string
}

// object reads the mapping at p. It is false, and the object empty, if p is absent
// or no mapping; the latter is a fault.
func (p place) object() (*object, bool) {
	o := &object{place: p, values: map[string]*yaml.Node{}}
	if !p.given() {
		return o, false
	}
	if p.node.Kind != yaml.MappingNode {
		p.fault("want a mapping, like {key: value}")
		return o, false
	}
	for i := 0; i+1 < len(p.node.Content); i += 2 {
		name, value := p.node.Content[i].Value, p.node.Content[i+1]
		if first, twice := o.values[name]; twice {
			p.faults.add(join(p.path, name), fmt.Sprintf("given twice, in lines %d and %d", first.Line, value.Line), "want it once")
			continue
		}
		o.names = append(o.names, name)
		o.values[name] = value
	}
	return o, true
}

// get is the value of a key, absent or not.
func (o *object) get(name string) place {
	if !slices.Contains(o.known, name) {
		o.known = append(o.known, name)
	}
	return o.at(join(o.path, name), o.values[name])
}

// secret is the value of a key that may be a secret.
func (o *object) secret(name string) place {
	p := o.get(name)
	p.hidden = true
	return p
}

// plain is the value of a key that is no secret, within a mapping that holds some.
func (o *object) plain(name string) place {
	p := o.get(name)
	p.hidden = false
	return p
}

// done reports the keys that nobody asked for.
func (o *object) done() {
	for _, name := range o.names {
		if slices.Contains(o.known, name) {
			continue
		}
		want := "want one of " + strings.Join(o.known, ", ")
		if near := nearest(name, o.known); near != "" {
			want = "did you mean " + near + "?"
		}
		o.faults.add(join(o.path, name), "unknown key", fmt.Sprintf("%s (line %d)", want, o.values[name].Line))
	}
}

// nearest is the known name that is at most a third of name away from it, or "".
func nearest(name string, known []string) string {
	best, least := "", max(len(name)/3, 1)+1
	for _, k := range known {
		if d := distance(strings.ToLower(name), k); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is the number of bytes to insert, delete or replace to get from a to b
// (Levenshtein's, row by row).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
