package money

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/currency"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Format writes m as a reader of the locale (BCP 47) expects it: the symbol of the
// currency, which in that locale stands for no other, at its place, and the
// locale's digits and separators. An unknown locale counts as its language; an
// unknown language is written like English, with symbols as abroad (US$), and what
// is no locale at all is English. A currency without a symbol there shows its code.
func Format(m recovery.Money, locale string) string {
	tag := parseLocale(locale)
	p := patternFor(tag)
	number := p.number(m)
	sym := symbol(m.Currency, tag)
	before, after := p.before, p.after
	// CLDR's currencySpacing: letters do not touch digits ("USD 12.00", "$12.00").
	if r, _ := utf8.DecodeLastRuneInString(sym); strings.HasSuffix(before, "¤") && !isSymbol(r) {
		before += noBreakSpace
	}
	if r, _ := utf8.DecodeRuneInString(sym); strings.HasPrefix(after, "¤") && !isSymbol(r) {
		after = noBreakSpace + after
	}
	text := strings.Replace(before+number+after, "¤", sym, 1)
	if m.Minor < 0 {
		return "-" + text
	}
	return text
}

const noBreakSpace = "\u00a0"

func isSymbol(r rune) bool { return unicode.In(r, unicode.S, unicode.Z) }

// symbol is the currency's sign in the locale, or its code where it has none.
func symbol(code string, tag language.Tag) string {
	unit, err := currency.ParseISO(code)
	if err != nil { // younger than the tables of x/text
		return code
	}
	return message.NewPrinter(tag).Sprint(currency.Symbol(unit))
}

// number writes the absolute amount in the pattern's digits and separators.
func (p pattern) number(m recovery.Money) string {
	digits, err := decimals(m.Currency)
	if err != nil {
		digits = 2
	}
	s := strings.TrimPrefix(strconv.FormatInt(m.Minor, 10), "-")
	if missing := digits + 1 - len(s); missing > 0 {
		s = strings.Repeat("0", missing) + s
	}
	whole, fraction := s[:len(s)-digits], s[len(s)-digits:]
	if isOneOf(m.Currency, wholeOnly) && strings.Trim(fraction, "0") == "" {
		fraction = ""
	}
	text := p.grouped(whole)
	if fraction != "" {
		text += p.decimal + fraction
	}
	return p.localDigits(text)
}

// grouped puts the separator between the groups of whole's digits: the last has
// three, those before it two in India and three elsewhere.
func (p pattern) grouped(whole string) string {
	if len(whole) < p.groupFrom {
		return whole
	}
	head, text := whole[:len(whole)-3], whole[len(whole)-3:]
	for len(head) > p.outer {
		cut := len(head) - p.outer
		head, text = head[:cut], head[cut:]+p.group+text
	}
	return head + p.group + text
}

// localDigits replaces ASCII digits by the locale's own.
func (p pattern) localDigits(s string) string {
	if p.zero == '0' {
		return s
	}
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return r - '0' + p.zero
		}
		return r
	}, s)
}
