package console

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"time"
)

// farthest is how far one request may move the clock.
const farthest = 10 * 366 * day

const day = 24 * time.Hour

type clockAnswer struct {
	Now        time.Time `json:"now"`
	Dispatched *uint64   `json:"dispatched,omitempty"` // tasks, on the way
}

func (c *Console) clock(*http.Request) (any, error) {
	return clockAnswer{Now: c.o.Clock.Now()}, nil
}

// moveClock is {"advance":"30m"} or {"set":"<RFC 3339>"}.
func (c *Console) moveClock(r *http.Request) (any, error) {
	var body struct{ Advance, Set *string }
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	if (body.Advance == nil) == (body.Set == nil) {
		return nil, invalid("advance", `want either "advance" or "set"`)
	}
	c.moving.Lock()
	defer c.moving.Unlock()
	now := c.o.Clock.Now()
	target, err := targetTime(now, body.Advance, body.Set)
	if err != nil {
		return nil, err
	}
	before := c.dispatched()
	if err := c.advance(r.Context(), target); err != nil {
		return nil, fmt.Errorf("moving the clock: %w; it stands at %s", err, c.o.Clock.Now().Format(time.RFC3339Nano))
	}
	done := c.dispatched() - before
	return clockAnswer{Now: c.o.Clock.Now(), Dispatched: &done}, nil
}

// advance moves the clock to target. Real time flows on, so a near target may be
// past when the clock looks at it: what is meant then is now.
func (c *Console) advance(ctx context.Context, target time.Time) (err error) {
	for near := time.Millisecond; near < time.Second; near *= 10 {
		err = c.o.Clock.Advance(ctx, target)
		if err == nil || !target.Before(c.o.Clock.Now()) {
			return err
		}
		target = c.o.Clock.Now().Add(near)
	}
	return err
}

func (c *Console) dispatched() uint64 {
	if c.o.Dispatched == nil {
		return 0
	}
	return c.o.Dispatched()
}

func targetTime(now time.Time, advance, set *string) (time.Time, error) {
	if advance != nil {
		d, err := parseDuration(*advance)
		switch {
		case err != nil:
			return now, invalid("advance", err.Error())
		case d < 0 || d > farthest:
			return now, invalid("advance", fmt.Sprintf("%q: want 0s to 3660d; the clock never goes back", *advance))
		}
		return now.Add(d), nil
	}
	t, err := time.Parse(time.RFC3339, *set)
	switch {
	case err != nil:
		return now, invalid("set", fmt.Sprintf("%q: want an instant such as 2026-11-22T20:00:00Z", *set))
	case t.Before(now):
		return now, invalid("set", fmt.Sprintf("%s: it is %s already, and the clock never goes back", *set, now.Format(time.RFC3339Nano)))
	case t.Sub(now) > farthest:
		return now, invalid("set", *set+": want at most 3660d ahead")
	}
	return t, nil
}

var days = regexp.MustCompile(`^(-?)(\d{1,5})d(.*)$`)

// parseDuration reads Go's durations, and days before them: 20ms, 30m, 36h, 1d, 1d12h.
func parseDuration(s string) (time.Duration, error) {
	sign, whole, rest := "", 0, s
	if m := days.FindStringSubmatch(s); m != nil {
		sign, rest = m[1], m[3]
		whole, _ = strconv.Atoi(m[2]) // five digits
		if rest == "" {
			rest = "0s"
		}
	}
	d, err := time.ParseDuration(sign + rest)
	if err != nil {
		return 0, fmt.Errorf("%q: want a duration such as 20s, 30m, 36h or 1d", s)
	}
	if sign == "-" {
		whole = -whole
	}
	return d + time.Duration(whole)*day, nil
}
