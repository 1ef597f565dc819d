package config

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// line wants text on one line: a line break in a name would add a header to a mail.
func line(most int) func(string) (string, error) {
	return text(most, func(r rune) bool { return unicode.IsControl(r) }, "without line breaks")
}

// lines wants text that may have line breaks.
func lines(most int) func(string) (string, error) {
	return text(most, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }, "without control characters")
}

func text(most int, bad func(rune) bool, without string) func(string) (string, error) {
	return func(s string) (string, error) {
		s = strings.TrimSpace(s)
		if s == "" || utf8.RuneCountInString(s) > most || strings.ContainsFunc(s, bad) {
			return "", fmt.Errorf("want 1 to %d characters %s", most, without)
		}
		return s, nil
	}
}

// matching wants text of the given form.
func matching(form *regexp.Regexp, want string) func(string) (string, error) {
	return func(s string) (string, error) {
		if !form.MatchString(s) {
			return "", errors.New(want)
		}
		return s, nil
	}
}

// oneOf wants one of the words.
func oneOf[T ~string](words ...T) func(string) (T, error) {
	return func(s string) (T, error) {
		var all []string
		for _, w := range words {
			if s == string(w) {
				return w, nil
			}
			all = append(all, string(w))
		}
		return "", fmt.Errorf("want one of %s", strings.Join(all, ", "))
	}
}

var domainForm = regexp.MustCompile(`^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]$`)

// emailAddress wants one bare address; no more than 254 bytes fit in an envelope
// (RFC 5321).
func emailAddress(s string) (string, error) {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Name != "" || a.Address != s || len(s) > 254 || !domainForm.MatchString(s[strings.LastIndexByte(s, '@')+1:]) {
		return "", errors.New("want one address such as shop@example.com")
	}
	return s, nil
}

// webURL wants an absolute http or https URL. One with a password in it is refused,
// since it would be mailed.
func webURL(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil ||
		len(s) > 2048 || strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`"<>\`, r)
	}) {
		return "", errors.New("want an absolute URL such as https://shop.example.com/")
	}
	return s, nil
}

// httpsURL wants what webURL wants, by https.
func httpsURL(s string) (string, error) {
	if !strings.HasPrefix(s, "https://") {
		return "", errors.New("want an https URL")
	}
	return webURL(s)
}

const label = `[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?`

var hostForm = regexp.MustCompile(`^(?:\*\.` + label + `\.)?` + label + `(?:\.` + label + `)*$`)

// hostPattern wants a host, or *. and a domain of two labels at least: *.com would
// lead anywhere.
func hostPattern(s string) (string, error) {
	s = strings.ToLower(s)
	if len(s) > 253 || !hostForm.MatchString(s) {
		return "", errors.New("want a host such as shop.example.com, or *.example.com")
	}
	return s, nil
}

// host is the host that a checked URL leads to.
func host(checked string) string {
	u, err := url.Parse(checked)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// localeTag wants a known BCP 47 tag and gives its canonical spelling.
func localeTag(s string) (string, error) {
	tag, err := language.Parse(s)
	if err != nil || tag == language.Und {
		return "", errors.New("want a BCP 47 tag such as en, de-AT or pt-BR")
	}
	return tag.String(), nil
}

// timeZone wants a name of the IANA database. "Local" would mean another zone on
// each machine.
func timeZone(s string) (*time.Location, error) {
	loc, err := time.LoadLocation(s)
	if err != nil || s == "" || s == "Local" {
		return nil, errors.New("want an IANA time zone such as Europe/London or UTC")
	}
	return loc, nil
}

// timeOfDay wants HH:MM and gives the time since midnight.
func timeOfDay(s string) (time.Duration, error) {
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != len("15:04") {
		return 0, errors.New("want a time of day from 00:00 to 23:59")
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}

// instant wants a point in time with its zone.
func instant(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, errors.New("want an instant such as 2026-11-22T00:00:00Z (RFC 3339)")
	}
	return recovery.Instant(t), nil
}
