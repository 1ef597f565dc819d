package demo

import (
	"fmt"
	"io"
	"time"
)

// progress tells how far the play is: on a terminal in one line that is written over,
// else in a line for each half day.
type progress struct {
	out      io.Writer
	terminal bool

	first, next time.Time
	open        bool // a line waits for its end
}

func (p *progress) show(now time.Time, checkouts, orders, mails, pending int) {
	if p.first.IsZero() {
		p.first = now.Truncate(time.Minute)
		p.next = p.first
	}
	if !p.terminal && now.Before(p.next) {
		return
	}
	for !now.Before(p.next) {
		p.next = p.next.Add(12 * time.Hour)
	}
	// The glance at the end of a day belongs to it, though it comes a little later.
	day := int((now.Sub(p.first)-lookEvery/2)/(24*time.Hour)) + 1
	line := fmt.Sprintf("day %d  %s  %4d checkouts  %3d orders  %4d mails  %4d tasks pending",
		day, now.UTC().Format("Mon 15:04"), checkouts, orders, mails, pending)
	if p.terminal {
		fmt.Fprintf(p.out, "\r%s\x1b[K", line)
		p.open = true
		return
	}
	fmt.Fprintln(p.out, line)
}

// end ends the line, so that what follows stands below it.
func (p *progress) end() {
	if p.open {
		fmt.Fprintln(p.out)
		p.open = false
	}
}

// stamp writes an instant for a person.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// span writes a duration for a person: 30m, 1d, 4d12h, 1.2s.
func span(d time.Duration) string {
	if d < 0 {
		return "-" + span(-d)
	}
	if d < time.Minute {
		return d.Round(time.Millisecond).String()
	}
	text := ""
	for _, unit := range []struct {
		name string
		size time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}} {
		if n := d / unit.size; n > 0 {
			text += fmt.Sprintf("%d%s", n, unit.name)
			d -= n * unit.size
		}
	}
	return text
}
