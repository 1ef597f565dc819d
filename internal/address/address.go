// Package address reads e-mail addresses, and writes each in one form, so that a shopper is
// the same however a shop, a mail service or the shopper writes it.
package address

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// Limits on an address and its parts, in bytes.
const (
	Max      = 254 // RFC 5321, 4.5.3.1.3
	maxLocal = 64  // RFC 5321, 4.5.3.1.1
	maxLabel = 63  // RFC 1035, 2.3.4
)

// Normal is the form in which addresses are compared and kept: trimmed, in lower case, in
// Unicode's composed form (NFC), without the wide letters of East Asian keyboards, and with the domain as DNS has it, in ASCII (UTS 46). Any
// text has one, also what is no address; that of a normal form is itself.
func Normal(text string) string {
	if !isASCII(text) {
		text = norm.NFC.String(width.Fold.String(text))
	}
	text = strings.ToLower(strings.TrimSpace(text))
	if isASCII(text) {
		return text
	}
	at := strings.LastIndexByte(text, '@')
	if domain, err := idna.Lookup.ToASCII(text[at+1:]); err == nil && at >= 0 {
		text = text[:at+1] + domain
	}
	return text
}

func isASCII(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// Parse reads a text that is one address and nothing else, and returns its normal form.
func Parse(text string) (string, bool) {
	if strings.ContainsFunc(strings.TrimSpace(text), func(r rune) bool { return invisible(r) || unicode.IsSpace(r) }) {
		return "", false
	}
	text = Normal(text)
	a, err := mail.ParseAddress(text)
	at := strings.LastIndexByte(text, '@')
	ok := err == nil && a.Address == text && a.Name == "" && len(text) <= Max && at <= maxLocal &&
		isDomain(text[at+1:])
	if !ok {
		return "", false
	}
	return text, true
}

const scheme = "mailto:"

// Find reads the address in a text that may say more, such as a name before it, "mailto:",
// a dot after it, or characters that nobody sees; "" if there is none.
func Find(text string) string {
	if found, ok := Parse(text); ok {
		return found
	}
	text = strings.TrimSpace(strings.Map(func(r rune) rune {
		if invisible(r) {
			return -1
		}
		return r
	}, text))
	if len(text) > len(scheme) && strings.EqualFold(text[:len(scheme)], scheme) {
		text, _, _ = strings.Cut(text[len(scheme):], "?")
	}
	if a, err := mail.ParseAddress(text); err == nil {
		text = a.Address
	}
	found, _ := Parse(strings.TrimRight(text, ".,; "))
	return found
}

// isDomain wants at least two labels of letters, digits and, inside, hyphens, the last of
// which is no number.
func isDomain(s string) bool {
	labels := strings.Split(s, ".")
	for _, l := range labels {
		if l == "" || len(l) > maxLabel || l[0] == '-' || l[len(l)-1] == '-' || strings.ContainsFunc(l, foreign) {
			return false
		}
	}
	return len(labels) > 1 && strings.ContainsFunc(labels[len(labels)-1], notDigit)
}

// foreign says that a domain's label holds no such character.
func foreign(r rune) bool {
	return r != '-' && !unicode.In(r, unicode.L, unicode.M, unicode.N)
}

func notDigit(r rune) bool { return !unicode.IsDigit(r) }

// invisible characters turn an address around, or make it look like another.
func invisible(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf) }
