package config

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// faults collects what is wrong, in the order in which it is found.
type faults struct{ list []error }

// add notes a fault: where, what stands there, and what is allowed.
func (f *faults) add(where, value, want string) {
	f.list = append(f.list, fmt.Errorf("%s: %s: %s", where, value, want))
}

func (f *faults) join() error { return errors.Join(f.list...) }

// place is one value of the file, with the way to it.
type place struct {
	faults *faults
	path   string     // like stores.default.reminders[1].after
	line   int        // of the value, or of what it is missing from; 0 if unknown
	node   *yaml.Node // nil if nothing, or null, is given
	hidden bool       // it may be a secret, so that no fault shows it
}

func (p place) given() bool { return p.node != nil }

// at is the place of a node below p; a null is as good as nothing.
func (p place) at(path string, n *yaml.Node) place {
	q := place{faults: p.faults, path: path, line: p.line, hidden: p.hidden}
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n != nil {
		q.line = n.Line
		if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!null" {
			q.node = n
		}
	}
	return q
}

// fault notes that the value at p is not what is wanted.
func (p place) fault(want string, args ...any) {
	if p.line > 0 {
		want += " (line " + strconv.Itoa(p.line) + ")"
	}
	p.faults.add(p.path, p.shown(), fmt.Sprintf(want, args...))
}

func (p place) shown() string {
	switch {
	case p.node == nil:
		return "missing"
	case p.node.Kind == yaml.MappingNode:
		return "a mapping"
	case p.node.Kind == yaml.SequenceNode:
		return "a list"
	case p.hidden:
		return "(not shown)"
	}
	return quote(p.node.Value)
}

// quote shows a value on one line, cut to a length that can be read.
func quote(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "…"
	}
	return strconv.Quote(s)
}

// list gives the places of a list's items, nil if it is absent or not a list of
// from to to items.
func (p place) list(from, to int) []place {
	if !p.given() {
		return nil
	}
	if p.node.Kind != yaml.SequenceNode {
		p.fault("want a list, like [one, two]")
		return nil
	}
	if n := len(p.node.Content); n < from || n > to {
		p.faults.add(p.path, fmt.Sprintf("%d items", n), fmt.Sprintf("want %d to %d (line %d)", from, to, p.line))
		return nil
	}
	var items []place
	for i, n := range p.node.Content {
		items = append(items, p.at(fmt.Sprintf("%s[%d]", p.path, i), n))
	}
	return items
}

// scalar gives what parse makes of the text at p, or fallback if nothing is given
// or it is at fault. The errors of parse say what is wanted.
func scalar[T any](p place, fallback T, parse func(string) (T, error)) T {
	if !p.given() {
		return fallback
	}
	if p.node.Kind != yaml.ScalarNode {
		p.fault("want a single value")
		return fallback
	}
	v, err := parse(p.node.Value)
	if err != nil {
		p.fault("%s", err)
		return fallback
	}
	// YAML reads 0123 and true as a number and a boolean, perhaps not as meant.
	if tag := p.node.ShortTag(); tag != "!!str" && tag != "!!timestamp" {
		p.fault("want text: put it in quotes")
		return fallback
	}
	return v
}

// required notes a fault if nothing is given at p, in the words of parse.
func required[T any](p place, parse func(string) (T, error)) place {
	if !p.given() {
		_, err := parse("")
		p.fault("%s", err)
	}
	return p
}

// integer gives the whole number at p.
func (p place) integer(fallback, from, to int) int {
	if !p.given() {
		return fallback
	}
	n, err := strconv.Atoi(p.node.Value)
	if p.node.ShortTag() != "!!int" || err != nil || n < from || n > to {
		p.fault("want a whole number from %d to %d", from, to)
		return fallback
	}
	return n
}

// boolean gives the truth at p; false if nothing is given.
func (p place) boolean() bool {
	if !p.given() {
		return false
	}
	v, err := strconv.ParseBool(p.node.Value)
	if p.node.ShortTag() != "!!bool" || err != nil {
		p.fault("want true or false")
	}
	return v
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// join makes the path of a key below path.
func join(path, key string) string {
	if !plainKey.MatchString(key) {
		key = quote(key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}
