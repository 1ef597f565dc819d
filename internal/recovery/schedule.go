package recovery

import (
	"strconv"
	"sync"
	"time"
)

// Due is when a step of a checkout is due: T plus the step's offset plus the
// checkout's share of the store's spread, or, where that instant lies outside the
// send window, the window's next opening plus the share. The window is placed in
// the shopper's time zone if that is known, else in the store's.
func Due(s *Store, c *Checkout, after time.Duration) time.Time {
	share := time.Duration(fraction(c.Key) * float64(s.Spread)).Truncate(time.Microsecond)
	due := c.T.Add(after + share)
	if s.Window == nil {
		return due
	}
	loc := zone(s, c)
	if s.Window.Contains(due.In(loc)) {
		return due
	}
	return Instant(s.Window.NextOpening(due.In(loc)).Add(share))
}

func zone(s *Store, c *Checkout) *time.Location {
	if c.TimeZone != "" {
		if loc := TimeZone(c.TimeZone); loc != nil {
			return loc
		}
	}
	if s.TimeZone != nil {
		return s.TimeZone
	}
	return time.UTC
}

// zones keeps time zones by name, which take long to load. There are some hundreds of names.
var zones sync.Map

// TimeZone finds a time zone by its IANA name; nil for a name that is none.
func TimeZone(name string) *time.Location {
	if loc, ok := zones.Load(name); ok {
		return loc.(*time.Location)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	zones.Store(name, loc)
	return loc
}

// Contains says whether the local time t lies in the window; From counts as
// inside, To as outside.
func (w SendWindow) Contains(t time.Time) bool {
	h, m, sec := t.Clock()
	at := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(sec)*time.Second + time.Duration(t.Nanosecond())
	if w.From < w.To {
		return w.From <= at && at < w.To
	}
	return at >= w.From || at < w.To // over midnight
}

// NextOpening is the window's first opening after the local time t.
func (w SendWindow) NextOpening(t time.Time) time.Time {
	for day := 0; ; day++ {
		// By calendar date, since a day of 23 or 25 hours opens at the same local time.
		y, m, d := t.AddDate(0, 0, day).Date()
		open := time.Date(y, m, d, int(w.From/time.Hour), int(w.From/time.Minute)%60, 0, 0, t.Location())
		if open.After(t) {
			return open
		}
	}
}

// schedule starts a generation of c: one reminder for each configured step.
func schedule(s *Store, c *Checkout) {
	if c.Reminders == nil {
		c.Reminders = map[ReminderID]Reminder{}
	}
	for i, step := range s.Steps {
		c.Reminders[ReminderID{c.Generation, i}] = Reminder{
			Due: Due(s, c, step.After), After: step.After, Template: step.Template, Coupon: step.Coupon, State: Scheduled,
		}
	}
}

// sweepAfter is how long after a reminder's due time the sweep looks whether it
// ran: time for Cloud Tasks to dispatch it and for one quick retry.
const sweepAfter = 30 * time.Second

// settle recomputes what follows from the states of c's reminders: when the sweep
// is to look, whether the checkout is closed, and when it may be forgotten.
func settle(s *Store, c *Checkout, now time.Time) {
	c.CheckAt = time.Time{}
	open := false
	lastDue := time.Time{}
	for _, r := range c.Reminders {
		if r.Due.After(lastDue) {
			lastDue = r.Due
		}
		if at := r.checkAt(s); !at.IsZero() && (c.CheckAt.IsZero() || at.Before(c.CheckAt)) {
			c.CheckAt = at
		}
		open = open || r.Open()
	}
	switch {
	case c.Status == StatusOpen && !open:
		c.Status = StatusClosed
	case c.Status == StatusClosed && open:
		c.Status = StatusOpen
	}
	c.ExpiresAt = expiry(s, c, now, lastDue)
}

// checkAt is when the sweep is to look at the reminder; zero for never.
func (r Reminder) checkAt(s *Store) time.Time {
	switch {
	case r.State == Scheduled && !r.Look.IsZero():
		return r.Look
	case r.State == Scheduled:
		return r.Due.Add(sweepAfter)
	case r.State == Claimed:
		return later(r.ClaimedUntil, r.Look)
	case r.State == Unknown && s.ResendUnknown && !r.Resent:
		return later(r.ClaimedUntil.Add(resendAfter), r.Look)
	}
	return time.Time{}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// resendAfter is how long an unknown outcome waits for the mail service's events
// before a store that accepts a second mail tries once more.
const resendAfter = 10 * time.Minute

// testRetention is how long a test checkout is kept.
const testRetention = 24 * time.Hour

func expiry(s *Store, c *Checkout, now, lastDue time.Time) time.Time {
	at := now
	if last := lastDue.Add(s.MaxLate); last.After(at) {
		at = last
	}
	if c.Test {
		return at.Add(testRetention)
	}
	return at.Add(s.Retention)
}

// tasks lists the tasks that c's open reminders of its generation need: the exact
// one, or the first hop towards it where it is beyond the queue's horizon.
func tasks(c *Checkout, now time.Time) []Task {
	list := make([]Task, 0, 4)
	for step := 0; ; step++ {
		r, ok := c.Reminders[ReminderID{c.Generation, step}]
		if !ok {
			return list
		}
		if r.State == Scheduled {
			list = append(list, taskFor(c, ReminderID{c.Generation, step}, r.Due, now, 0, ""))
		}
	}
}

// taskFor is the task that runs a reminder at its due instant, under the given
// suffix; beyond the horizon it is the hop after the given one.
func taskFor(c *Checkout, id ReminderID, due, now time.Time, hop int, suffix string) Task {
	t := Task{Store: c.Store, Checkout: c.Key, Reminder: id, Suffix: suffix, At: due}
	if due.Sub(now) > TaskHorizon {
		t.At = now.Add(TaskHorizon)
		t.Suffix = "h" + strconv.Itoa(hop+1)
	}
	return t
}

// dueSuffix names the exact task of a reminder whose first task came too early.
func dueSuffix(due time.Time) string { return strconv.FormatInt(due.UnixMicro(), 36) }
