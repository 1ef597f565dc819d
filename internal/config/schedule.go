package config

import (
	"fmt"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Bounds of a schedule.
const (
	maxSteps  = 20
	maxOffset = 365 * day
	// maxKept bounds the retention, so that no instant computed from it overflows.
	maxKept = 3650 * day
)

// schedule reads when reminders are due and how long they may wait.
func (l *loader) schedule(o *object, s *Store) {
	s.Steps = steps(o.get("reminders"))
	s.TimeZone = scalar(o.get("timezone"), time.UTC, timeZone)
	s.Window = window(o.get("send_window"))
	s.MaxLate = scalar(o.get("max_late"), recovery.DefaultMaxLate, between(time.Minute, 30*day))
	s.ActiveFrom = scalar(o.get("active_from"), time.Time{}, instant)
	if p := o.get("spread"); p.given() {
		s.Spread = scalar(p, 0, between(0, time.Hour))
		if gap := smallestGap(s.Steps); len(s.Steps) > 1 && s.Spread >= gap {
			p.fault("want less than the smallest gap between two reminders (%s)", formatDuration(gap))
		}
	}
	s.retention(o.get("retention"))
}

// retention reads how long documents live after their last use. The notes that stop
// a reminder (the shopper's last order among them) have to outlive the last one, or
// it could be mailed after the order. So a schedule that needs more than the default
// raises it, and a given retention below the need is a fault.
func (s *Store) retention(p place) {
	last := time.Duration(0)
	if n := len(s.Steps); n > 0 {
		last = s.Steps[n-1].After
	}
	need := last + s.Spread + s.MaxLate + day // a send window delays by up to a day
	s.Retention = scalar(p, max(recovery.DefaultRetention, need), between(day, maxKept))
	if s.Retention < need {
		p.fault("want at least %s: the last reminder, spread and max_late together, and a day", formatDuration(need))
	}
}

var (
	templateName = oneOf[string]("first", "second", "last")
	couponCode   = line(64)
)

func steps(p place) []recovery.Step {
	if !p.given() {
		return recovery.DefaultSteps()
	}
	items := p.list(1, maxSteps)
	var list []recovery.Step
	before := time.Duration(0)
	for i, item := range items {
		o, ok := item.object()
		if !ok {
			if !item.given() {
				item.fault("want a reminder, like {after: 30m, template: first}")
			}
			continue
		}
		step := recovery.Step{
			After:    offset(o.get("after"), before, i),
			Template: scalar(o.get("template"), builtIn(i, len(items)), templateName),
			Coupon:   scalar(o.get("coupon"), "", couponCode),
		}
		o.done()
		list = append(list, step)
		before = max(before, step.After)
	}
	return list
}

// offset reads how long after the abandonment step i is due. Two steps of one
// instant could only be sent as one.
func offset(p place, before time.Duration, i int) time.Duration {
	return scalar(required(p, parseDuration), 0, func(s string) (time.Duration, error) {
		d, err := parseDuration(s)
		switch {
		case err != nil:
			return 0, err
		case d <= before && i > 0:
			return 0, fmt.Errorf("want a duration longer than the step before (%s)", formatDuration(before))
		case d <= 0, d > maxOffset:
			return 0, fmt.Errorf("want a duration above 0s, up to %s", formatDuration(maxOffset))
		}
		return d, nil
	})
}

// builtIn is the built-in template of a step's place.
func builtIn(i, n int) string {
	switch i {
	case 0:
		return "first"
	case n - 1:
		return "last"
	}
	return "second"
}

func smallestGap(list []recovery.Step) time.Duration {
	gap := maxOffset
	for i := 1; i < len(list); i++ {
		gap = min(gap, list[i].After-list[i-1].After)
	}
	return gap
}

func window(p place) *recovery.SendWindow {
	o, ok := p.object()
	if !ok {
		return nil
	}
	defer o.done()
	w := &recovery.SendWindow{
		From: scalar(required(o.get("from"), timeOfDay), -1, timeOfDay),
		To:   scalar(required(o.get("to"), timeOfDay), -2, timeOfDay),
	}
	if w.From == w.To {
		p.fault("want two different times; leave send_window out to mail all day")
	}
	return w
}
