package main

import (
	"fmt"
	"time"
)

// progress prints a line for each thing that Terraform has done.
type progress struct {
	p           *program
	done, total int
	told        map[string]time.Duration // when a slow one was last spoken of
}

func newProgress(p *program, changes []change) *progress {
	total := 0
	for _, c := range changes {
		total += c.steps()
	}
	return &progress{p: p, total: total, told: map[string]time.Duration{}}
}

// slow is how often a thing that takes long is spoken of.
const slow = time.Minute

var doneWords = map[string]string{"create": "created", "update": "changed", "delete": "destroyed"}

func (g *progress) show(m message) {
	address := m.Hook.Resource.Addr
	elapsed := time.Duration(m.Hook.Elapsed) * time.Second
	switch m.Type {
	case "apply_complete":
		word := doneWords[m.Hook.Action]
		if word == "" { // reading is not worth a line
			return
		}
		g.done++
		took := ""
		if elapsed > 0 {
			took = fmt.Sprintf("  (%s)", elapsed)
		}
		fmt.Fprintf(g.p.out, "%s %-9s  %s%s\n", g.count(), word, address, took)
	case "apply_errored":
		fmt.Fprintf(g.p.out, "%s %-9s  %s\n", g.count(), g.p.paint(red, "failed   "), address)
	case "apply_progress":
		if elapsed-g.told[address] >= slow {
			g.told[address] = elapsed
			fmt.Fprintf(g.p.out, "%s           %s takes %s by now\n", g.count(), address, elapsed)
		}
	}
}

func (g *progress) count() string {
	width := len(fmt.Sprint(g.total))
	return fmt.Sprintf("[%*d/%d]", width, g.done, g.total)
}
