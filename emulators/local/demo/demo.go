// Package demo plays a day in a shop against a running Comeback: shoppers leave
// checkouts and some of them order, calls come twice, at once and out of order, the
// clock runs on for days. Then it looks into the mailbox and checks the promises
// against what it did itself. It is a client like any other: it speaks HTTP to the
// functions and to the console, and knows nothing else of the system.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Options say what to play, and against which system.
type Options struct {
	Functions, Console string // base URLs, such as http://127.0.0.1:8080 and http://127.0.0.1:8025
	APIKey             string // of the store that is played
	Shop               string // base URL of its pages, on one of its link_hosts; "" means https://shop.example.com
	Checkouts          int    // 0 means 200; at most 99,999
	Seed               uint64 // the same seed and count play the same day
	// Start is when the shop's day begins; zero means a minute after what the
	// system's clock shows, before which it must not lie.
	Start    time.Time
	Out      io.Writer
	Terminal bool // Out is a terminal: progress is one line that is written over
}

// ErrBroken says that the system broke a promise; the text of the error that wraps
// it tells the first story that shows so.
var ErrBroken = errors.New("a promise is broken")

// Run plays the day and the four after it, and prints what was mailed, what was not
// and why, and whether each promise held. It returns an error that wraps ErrBroken
// if one did not, and another if the play could not be ended. It may run again on one
// system, since its shoppers are its own; nobody else should move the clock meanwhile.
func Run(ctx context.Context, o Options) error {
	if err := o.complete(); err != nil {
		return err
	}
	began := time.Now()
	p := &player{
		api: newAPI(o), out: o.Out, progress: progress{out: o.Out, terminal: o.Terminal},
		record: newRecord(),
	}
	start, err := p.begin(ctx, o)
	if err != nil {
		return err
	}
	p.run = runTag(start)
	acts := plan(o.Seed, o.Checkouts, start, o.Shop)
	if err := p.play(ctx, acts, start); err != nil {
		p.progress.end()
		return err
	}
	p.progress.end()
	if err := p.ask(ctx); err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "\n%d requests over %s of the shop's time, in %s\n\n",
		p.requests, span(p.now.Sub(start)), time.Since(began).Round(100*time.Millisecond))
	return report(o.Out, p.record)
}

func (o *Options) complete() error {
	if o.Checkouts == 0 {
		o.Checkouts = 200
	}
	if o.Checkouts < 1 || o.Checkouts > maxCheckouts {
		return fmt.Errorf("%d checkouts: want 1 to %d", o.Checkouts, maxCheckouts)
	}
	if o.Shop == "" {
		o.Shop = "https://shop.example.com"
	}
	if o.Out == nil {
		o.Out = io.Discard
	}
	for _, url := range []*string{&o.Functions, &o.Console, &o.Shop} {
		*url = strings.TrimRight(*url, "/")
	}
	return nil
}

// begin finds out when the day starts, and says what is about to happen.
func (p *player) begin(ctx context.Context, o Options) (time.Time, error) {
	if err := p.look(ctx); err != nil {
		return time.Time{}, err
	}
	start := o.Start.UTC()
	if o.Start.IsZero() {
		start = p.now.Add(time.Minute).Truncate(time.Millisecond)
	}
	if start.Before(p.now) {
		return start, fmt.Errorf("the day cannot start at %s: the system's clock shows %s already, and it never goes back", stamp(start), stamp(p.now))
	}
	messages, err := p.api.messages(ctx)
	if err != nil {
		return start, err
	}
	if p.record.faults, err = p.api.faults(ctx); err != nil {
		return start, err
	}
	fmt.Fprintf(p.out, "a day in a shop: %d checkouts from %s on (seed %d)\n", o.Checkouts, stamp(start), o.Seed)
	if len(messages) > 0 {
		fmt.Fprintf(p.out, "the mailbox holds %d mails already: only those to this run's own shoppers are counted\n", len(messages))
	}
	if p.record.faults {
		fmt.Fprintln(p.out, "faults are set: reminders may fail or stay unknown, and are not counted as lost for that")
	}
	return start, nil
}
