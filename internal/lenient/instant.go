package lenient

import (
	"strconv"
	"strings"
	"time"
)

// layouts are the forms of instants, those that tell their zone first.
var layouts = []string{
	time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z0700",
	"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02",
}

// Instant is the field's instant, also as seconds or milliseconds since 1970; the zero
// time where it is none. One that does not tell its zone is of the given one.
func (o Object) Instant(name string, zone *time.Location) time.Time {
	s := strings.TrimSpace(o.scalar(name))
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if n >= 100_000_000_000 {
			return plausible(time.UnixMilli(n))
		}
		return plausible(time.Unix(n, 0))
	}
	if zone == nil {
		zone = time.UTC
	}
	for _, name := range []string{" UTC", " GMT"} { // of other names the offset is not known
		if rest, ok := strings.CutSuffix(s, name); ok {
			s = rest + "Z"
		}
	}
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return plausible(t)
		}
	}
	return time.Time{}
}

// plausible keeps out what is written for "never", such as the year 0 or 1970.
func plausible(t time.Time) time.Time {
	if t.Year() < 1990 || t.Year() > 9000 {
		return time.Time{}
	}
	return t.UTC()
}
