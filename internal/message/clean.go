package message

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Lengths, in characters, up to which text from outside is shown.
const (
	maxSubject = 150
	maxShop    = 60
	maxName    = 40
	maxTitle   = 120
	maxVariant = 80
	maxCoupon  = 60
	maxAddress = 300
)

// clean makes s one line of at most limit characters. Whitespace becomes a space;
// what controls the line or its direction goes, so that no text can pass itself
// off as what stands around it.
func clean(s string, limit int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.Join(strings.FieldsFunc(s, breaks), " ")
	s = strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Bidi_Control) {
			return -1
		}
		return r
	}, s)
	return cut(s, limit)
}

// breaks says whether r ends a word or a line, or controls a terminal.
func breaks(r rune) bool {
	return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp)
}

// cut shortens s to limit characters, the last of which is then an ellipsis.
func cut(s string, limit int) string {
	runes := []rune(s)
	if len(runes) <= limit {
		return s
	}
	return strings.TrimSpace(string(runes[:limit-1])) + "…"
}

// linkMark is what mail programs take for the beginning of a link: a name before a
// domain, an address, a scheme. Numbers such as 2.0 and 10:30 are none.
var linkMark = regexp.MustCompile(`([\pL\pN])(\.)(\pL)|(@)([\pL\pN])|(:)(/)`)

// unlinked keeps mail programs from making links of a text. Anybody can name himself
// "Win at evil.example", or have it engraved, and give somebody else's address at a
// checkout, and the shop would mail the link. An invisible non-joiner breaks it up.
func unlinked(text string) string {
	for range 2 { // matches overlap in "a.b.c"
		text = linkMark.ReplaceAllString(text, "$1$2$4$6\u200c$3$5$7")
	}
	return text
}

// hostForm is a name, with a port if need be. Go takes quotes and brackets for hosts too.
var hostForm = regexp.MustCompile(`^[\pL\pM\pN._-]+(:[0-9]+)?$`)

// webURL returns s if it is an absolute http or https address, else "".
func webURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || !hostForm.MatchString(u.Host) || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return breaks(r) || unicode.In(r, unicode.Cf) }) {
		return "" // it could break off in the text part
	}
	return u.String()
}

// pictureURL returns s if it is an absolute https address, else "".
func pictureURL(s string) string {
	if s = webURL(s); strings.HasPrefix(s, "https:") {
		return s
	}
	return ""
}

// firstURL is the first of the candidates that is an http or https address.
func firstURL(candidates ...string) string {
	for _, s := range candidates {
		if u := webURL(s); u != "" {
			return u
		}
	}
	return ""
}
