package money

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
)

// samples come from Unicode CLDR 48; testdata/patterns.mjs made them and says how
// to read them.
//
//go:embed patterns.tsv
var samples string

// pattern is how a locale writes amounts.
type pattern struct {
	before, after  string // around the number, with ¤ for the currency in one of them
	group, decimal string // separators
	outer          int    // digits in each group but the last
	groupFrom      int    // digits from which groups are made
	zero           rune   // the digit zero
}

// patterns reads the table once, when the first amount is shown.
var patterns = sync.OnceValue(func() map[string]pattern {
	table := map[string]pattern{}
	for line := range strings.Lines(samples) {
		locale, sample, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		table[locale] = readPattern(sample)
	}
	return table
})

// patternFor finds the pattern of the locale, of its language, or of English.
func patternFor(tag language.Tag) pattern {
	base, _ := tag.Base()
	region, _ := tag.Region()
	for _, locale := range []string{base.String() + "-" + region.String(), base.String()} {
		if p, ok := patterns()[locale]; ok {
			return p
		}
	}
	return patterns()["en"]
}

// readPattern takes a row's sample of 1234567.89 apart.
func readPattern(row string) pattern {
	sample, late := strings.CutSuffix(row, "\t5")
	p := pattern{groupFrom: 4, outer: 3}
	if late {
		p.groupFrom = 5
	}
	first := strings.IndexFunc(sample, unicode.IsDigit)
	last := strings.LastIndexFunc(sample, unicode.IsDigit)
	one, width := utf8.DecodeRuneInString(sample[first:])
	p.zero = one - 1
	p.before, p.after = sample[:first], sample[last+width:]
	number := sample[first : last+width]

	separators := strings.FieldsFunc(number, unicode.IsDigit)
	p.group, p.decimal = separators[0], separators[len(separators)-1]
	if head, _, _ := strings.Cut(number, p.group); utf8.RuneCountInString(head) == 2 { // "12,34,567.89" in India
		p.outer = 2
	}
	return p
}

// parseLocale reads the language, script and region of a BCP 47 tag, as much of it as
// is well formed; nothing is English. Extensions are left out: a numbering system such
// as that of zh-u-nu-hanidec keeps x/text looking for its symbols for ever.
func parseLocale(locale string) language.Tag {
	base, _, _ := strings.Cut(strings.ReplaceAll(locale, "_", "-"), "-")
	for _, s := range []string{locale, base} {
		if tag, err := language.Parse(s); err == nil && tag != language.Und {
			plain, _ := language.Compose(tag.Raw()) // well formed, as its parts are
			return plain
		}
	}
	return language.English
}
