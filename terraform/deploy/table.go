package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// The colours of a terminal.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	blue   = "36"
)

var colourOf = map[string]string{doDestroy: red, doReplace: red, doLeave: yellow, doTake: blue, doChange: yellow, doCreate: green}

// paint colours s where colours are shown.
func (p *program) paint(colour, s string) string {
	if !p.colour {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}

// group is several changes that are told as one line.
type group struct {
	action string
	words  words
	list   []change
}

// grouped puts changes of one action and kind together, what is lost first; kinds
// stand in the plan's order.
func grouped(changes []change) []group {
	var groups []group
	for _, action := range actions {
		for _, c := range changes {
			w := wordsFor(c.kind)
			i := slices.IndexFunc(groups, func(g group) bool { return g.action == c.Action && g.words == w })
			switch {
			case c.Action != action:
			case i >= 0:
				groups[i].list = append(groups[i].list, c)
			default:
				groups = append(groups, group{action: action, words: w, list: []change{c}})
			}
		}
	}
	return groups
}

// fold is from how many on the addresses of a group are left out.
const fold = 5

// table prints what a plan does, short enough to be read: long lists are folded unless
// full is wanted.
func (p *program) table(w io.Writer, changes []change, full bool) {
	for _, g := range grouped(changes) {
		action := p.paint(colourOf[g.action], fmt.Sprintf("%-9s", g.action))
		fmt.Fprintf(w, "  %s  %s\n", action, many(len(g.list), g.words.one, g.words.several))
		if len(g.list) >= fold && !full {
			continue
		}
		for _, c := range g.list {
			fmt.Fprintf(w, "             %s%s\n", c.Address, attributes(c))
		}
	}
	fmt.Fprintf(w, "%s.\n", summary(changes))
}

// attributes are what changes about a resource.
func attributes(c change) string {
	switch {
	case len(c.Attributes) == 0:
		return ""
	case c.Action == doReplace:
		return "  because of " + strings.Join(c.Attributes, ", ")
	}
	return "  (" + strings.Join(c.Attributes, ", ") + ")"
}

// summary counts the changes.
func summary(changes []change) string {
	count := map[string]int{}
	for _, c := range changes {
		count[c.Action]++
	}
	var parts []string
	for i := range actions {
		action := actions[len(actions)-1-i]
		if n := count[action]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d to %s", n, action))
		}
	}
	if parts == nil {
		return "Nothing to change"
	}
	return strings.Join(parts, ", ")
}
