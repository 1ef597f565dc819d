package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/comeback-checkout/comeback/emulators/cloudtasks"
	"github.com/comeback-checkout/comeback/emulators/console"
	"github.com/comeback-checkout/comeback/internal/config"
)

// consoleOptions shows the console what runs here.
func (s *System) consoleOptions() console.Options {
	o := console.Options{Clock: s.Clock, Faults: map[string]console.Breakable{}}
	if s.SendGrid != nil {
		o.Mailbox = s.SendGrid
		o.Faults["sendgrid"] = s.counted(console.Break(s.SendGrid))
	}
	if s.Tasks != nil {
		o.Tasks = pendingTasks{s.Tasks}
		o.Dispatched = s.Tasks.Dispatched
		o.Faults["cloudtasks"] = s.counted(console.Break(s.Tasks))
	}
	if s.Firestore != nil {
		o.Faults["firestore"] = s.counted(console.Break(s.Firestore))
	}
	if s.sweeper != nil {
		o.Health = func(context.Context) (any, error) { return s.report(), nil }
	}
	return o
}

// counted counts the part among the broken ones while it has a fault.
func (s *System) counted(b console.Breakable) console.Breakable {
	return &counted{Breakable: b, system: s}
}

type counted struct {
	console.Breakable
	system *System
	set    bool // the console breaks and heals one at a time
}

func (c *counted) SetFault(f console.Fault) error {
	err := c.Breakable.SetFault(f)
	if err == nil && !c.set {
		c.set = true
		c.system.faults.Add(1)
	}
	return err
}

func (c *counted) Heal() {
	c.Breakable.Heal()
	if c.set {
		c.set = false
		c.system.faults.Add(-1)
	}
}

// pendingTasks shows the Cloud Tasks emulator's tasks in the console's form.
type pendingTasks struct{ server *cloudtasks.Server }

func (p pendingTasks) Pending() []console.Task {
	list := []console.Task{}
	for _, t := range p.server.Pending() {
		list = append(list, console.Task(t))
	}
	return list
}

func (p pendingTasks) Purge(context.Context) error {
	_, err := p.server.Purge("")
	return err
}

// printReady says where everything is, and what to try first.
func (s *System) printReady(w io.Writer) {
	row := func(name, address string) {
		if address != "" {
			fmt.Fprintf(w, "  %-11s %s\n", name, address)
		}
	}
	fmt.Fprintf(w, "ready: Comeback runs on this machine; the clock shows %s\n", s.Clock.Now().Format("2006-01-02 15:04:05 UTC"))
	row("functions", s.FunctionsURL)
	row("console", s.ConsoleURL)
	if s.Firestore != nil {
		row("firestore", s.Firestore.Addr().String())
	}
	if s.Tasks != nil {
		row("cloud tasks", s.Tasks.Addr().String())
	}
	if s.SendGrid != nil {
		row("sendgrid", "http://"+s.SendGrid.Addr().String())
	}
	ids := slices.Sorted(maps.Keys(s.Config.Stores))
	for _, id := range ids {
		fmt.Fprintf(w, "  %-11s %s   (store %s)\n", "API key", s.Config.Stores[id].APIKeys[0].Reveal(), id)
	}
	if s.FunctionsURL == "" || s.ConsoleURL == "" {
		return
	}
	store, ok := s.Config.Stores["default"]
	if !ok {
		store = s.Config.Stores[ids[0]]
	}
	fmt.Fprintf(w, `
try it: a shopper leaves a checkout, time passes, and the mail is there
  curl -s %s/checkout -H 'Authorization: Bearer %s' -d '{"email":"ana@example.net","accepts_marketing":true,"customer":{"first_name":"Ana"},"currency":"EUR","total":"89.90","items":[{"title":"Trail running shoes","quantity":1,"price":"89.90"}]}'
  curl -s %s/api/clock -d '{"advance":"%s"}'
  curl -s %s/api/messages
then look at it in the browser: %s
`, s.FunctionsURL, store.APIKeys[0].Reveal(), s.ConsoleURL, untilFirstMail(store), s.ConsoleURL, s.ConsoleURL)
}

// untilFirstMail is how long a checkout of the store waits for its first mail at most.
func untilFirstMail(s *config.Store) string {
	wait := s.Steps[0].After + s.Spread
	if s.Window != nil {
		wait += 24 * time.Hour
	}
	// Without the zero units that Duration prints: 30m for 30m0s, 24h for 24h0m0s.
	text := wait.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
