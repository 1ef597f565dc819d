package config

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const day = 24 * time.Hour

var durationForm = regexp.MustCompile(`^(?:([0-9]{1,5})d)?((?:[0-9.]+[a-zµ]+)*)$`)

var errDuration = errors.New("want a duration such as 0s, 30m, 12h, 1d or 1d12h")

// parseDuration reads Go's syntax, with whole days of 24 hours in front.
func parseDuration(s string) (time.Duration, error) {
	m := durationForm.FindStringSubmatch(s)
	if m == nil || s == "" {
		return 0, errDuration
	}
	var days, rest time.Duration
	if m[1] != "" {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return 0, errDuration
		}
		days = time.Duration(n) * day
	}
	if m[2] != "" {
		var err error
		if rest, err = time.ParseDuration(m[2]); err != nil {
			return 0, errDuration
		}
	}
	switch sum := days + rest; {
	case sum < 0: // 99999d and a rest of 292 years are beyond what fits
		return 0, errDuration
	case sum%time.Microsecond != 0:
		return 0, errors.New("want no finer than microseconds, which is what is kept")
	default:
		return sum, nil
	}
}

// between wants a duration within the bounds, both included.
func between(from, to time.Duration) func(string) (time.Duration, error) {
	return func(s string) (time.Duration, error) {
		d, err := parseDuration(s)
		if err == nil && (d < from || d > to) {
			err = fmt.Errorf("want a duration from %s to %s", formatDuration(from), formatDuration(to))
		}
		return d, err
	}
}

// formatDuration writes what parseDuration reads, in its shortest form.
func formatDuration(d time.Duration) string {
	var b strings.Builder
	if d >= day {
		fmt.Fprintf(&b, "%dd", d/day)
		d %= day
		if d == 0 {
			return b.String()
		}
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	b.WriteString(s)
	return b.String()
}
