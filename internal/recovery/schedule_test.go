package recovery_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
	"pgregory.net/rapid"
)

func clockTime(hour, minute int) time.Duration {
	return time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
}

func location(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestDue(t *testing.T) {
	t.Parallel()
	day := &recovery.SendWindow{From: clockTime(8, 0), To: clockTime(21, 0)}
	night := &recovery.SendWindow{From: clockTime(20, 0), To: clockTime(2, 0)}
	for _, c := range []struct {
		name       string
		left       string // RFC 3339
		after      time.Duration
		window     *recovery.SendWindow
		store, own string // time zones
		want       string
	}{
		{"the offset alone", "2026-11-23T23:50:00.000001Z", 30 * time.Minute, nil, "", "", "2026-11-24T00:20:00.000001Z"},
		{"an offset of no time", "2026-11-23T23:50:00Z", 0, nil, "", "", "2026-11-23T23:50:00Z"},
		{"a day is 24 h, over a change of clocks too", "2026-10-24T12:00:00Z", 24 * time.Hour, nil, "Europe/London", "", "2026-10-25T12:00:00Z"},
		{"inside the window", "2026-11-23T20:29:59.999999Z", 30 * time.Minute, day, "", "", "2026-11-23T20:59:59.999999Z"},
		{"the window's end is outside", "2026-11-23T20:30:00Z", 30 * time.Minute, day, "", "", "2026-11-24T08:00:00Z"},
		{"the window's opening is inside", "2026-11-23T07:30:00Z", 30 * time.Minute, day, "", "", "2026-11-23T08:00:00Z"},
		{"before the opening", "2026-11-23T03:00:00Z", 30 * time.Minute, day, "", "", "2026-11-23T08:00:00Z"},
		{"the store's zone", "2026-11-23T20:00:00Z", 30 * time.Minute, day, "America/New_York", "", "2026-11-23T20:30:00Z"},
		{"the shopper's zone counts first", "2026-11-23T20:00:00Z", 30 * time.Minute, day, "America/New_York", "Asia/Tokyo", "2026-11-23T23:00:00Z"},
		{"an unknown zone is the store's", "2026-11-23T20:00:00Z", 30 * time.Minute, day, "America/New_York", "Mars/Olympus", "2026-11-23T20:30:00Z"},
		{"over midnight, before it", "2026-11-23T23:00:00Z", 30 * time.Minute, night, "", "", "2026-11-23T23:30:00Z"},
		{"over midnight, after it", "2026-11-24T01:00:00Z", 30 * time.Minute, night, "", "", "2026-11-24T01:30:00Z"},
		{"over midnight, outside", "2026-11-24T02:00:00Z", 0, night, "", "", "2026-11-24T20:00:00Z"},
		{"night before the day of 23 h", "2026-03-28T22:00:00Z", 0, day, "Europe/London", "", "2026-03-29T07:00:00Z"},
		{"night before the day of 25 h", "2026-10-24T22:00:00Z", 0, day, "Europe/London", "", "2026-10-25T08:00:00Z"},
		{
			"an opening that the day of 23 h leaves out", "2026-03-29T00:30:00Z", 0,
			&recovery.SendWindow{From: clockTime(1, 30), To: clockTime(5, 0)}, "Europe/London", "", "2026-03-29T01:30:00Z",
		},
	} {
		s := testStore()
		s.Window = c.window
		if c.store != "" {
			s.TimeZone = location(t, c.store)
		}
		at, err := time.Parse(time.RFC3339, c.left)
		if err != nil {
			t.Fatal(err)
		}
		got := recovery.Due(s, &recovery.Checkout{Key: "key", T: at, TimeZone: c.own}, c.after)
		if text := got.Format(time.RFC3339Nano); text != c.want {
			t.Errorf("%s: got %s, want %s", c.name, text, c.want)
		}
	}
}

// The spread moves each checkout by its own share, the same for all its steps, and
// an opening by the share as well.
func TestDueSpreads(t *testing.T) {
	t.Parallel()
	s := testStore()
	s.Spread = 10 * time.Minute
	var least, most time.Duration = s.Spread, 0
	for i := range 200 {
		c := &recovery.Checkout{Key: recovery.CheckoutKey("default", fmt.Sprint(i)), T: t0}
		share := recovery.Due(s, c, 0).Sub(t0)
		if share < 0 || share >= s.Spread || share%time.Microsecond != 0 {
			t.Fatalf("share %v, want whole microseconds from 0 to %v", share, s.Spread)
		}
		if got, want := recovery.Due(s, c, time.Hour), t0.Add(time.Hour+share); !got.Equal(want) {
			t.Errorf("the next step is due at %v, want %v", got, want)
		}
		least, most = min(least, share), max(most, share)

		windowed := *s
		windowed.Window = &recovery.SendWindow{From: clockTime(20, 0), To: clockTime(22, 0)}
		if got, want := recovery.Due(&windowed, c, time.Hour), t0.Add(10*time.Hour+share); !got.Equal(want) {
			t.Errorf("behind the opening: due at %v, want %v", got, want)
		}
	}
	if least > time.Minute || most < 9*time.Minute {
		t.Errorf("shares of 200 checkouts reach from %v to %v, want nearly all of %v", least, most, s.Spread)
	}
}

// The schedule rises with the steps, starts no earlier than T plus the first
// offset, and lies in the window. Only a step that the window's opening moved may
// come after the next one, by less than the spread; then the later step speaks.
func TestScheduleRises(t *testing.T) {
	t.Parallel()
	zones := []string{"", "UTC", "Europe/London", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"}
	rapid.Check(t, func(t *rapid.T) {
		s := testStore()
		s.Steps = nil
		after := time.Duration(0)
		for i := range rapid.IntRange(1, 5).Draw(t, "steps") {
			after += time.Duration(rapid.Int64Range(0, int64(40*24*time.Hour/time.Second)).Draw(t, "gap")) * time.Second
			s.Steps = append(s.Steps, recovery.Step{After: after, Template: fmt.Sprint(i)})
		}
		s.Spread = time.Duration(rapid.IntRange(0, 1800).Draw(t, "spread")) * time.Second
		if rapid.Bool().Draw(t, "windowed") {
			from := rapid.IntRange(0, 47).Draw(t, "from")
			open := rapid.IntRange(4, 40).Draw(t, "open") // half hours
			s.Window = &recovery.SendWindow{From: time.Duration(from) * 30 * time.Minute, To: time.Duration((from+open)%48) * 30 * time.Minute}
		}
		n := left("a")
		n.TimeZone = recovery.Given(rapid.SampledFrom(zones).Draw(t, "zone"))
		n.AbandonedAt = time.UnixMicro(rapid.Int64Range(1.7e15, 1.9e15).Draw(t, "left")).UTC()
		n.Arrived = n.AbandonedAt
		c := recovery.NewCheckout(s, &n)
		last, slack := c.T, time.Duration(0)
		if s.Window != nil {
			slack = s.Spread
		}
		for i, step := range s.Steps {
			r := c.Reminders[recovery.ReminderID{Generation: 1, Step: i}]
			if r.Due.Before(c.T.Add(step.After)) || r.Due.Before(last.Add(-slack)) || !r.Due.Equal(recovery.Instant(r.Due)) || r.Due.Location() != time.UTC {
				t.Errorf("step %d is due at %v; want UTC microseconds, not before %v nor before the step before, %v", i, r.Due, c.T.Add(step.After), last)
			}
			last = r.Due
			if s.Window == nil {
				continue
			}
			loc := time.UTC
			if c.TimeZone != "" {
				loc, _ = time.LoadLocation(c.TimeZone)
			}
			if !s.Window.Contains(r.Due.In(loc)) {
				t.Errorf("step %d is due at %v, outside of %v", i, r.Due.In(loc), *s.Window)
			}
		}
	})
}
