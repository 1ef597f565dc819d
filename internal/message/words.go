package message

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
	"golang.org/x/text/language"
)

// One file for each language, named by its tag. {name}, {shop} and {n} are filled in.
//
//go:embed words/*.yaml
var wordFiles embed.FS

// words are the phrases of one language.
type words struct {
	lang string

	Dir                 string // ltr or rtl
	Greeting            string
	GreetingWithoutName string `yaml:"greeting_without_name"`
	Steps               map[string]stepWords
	Quantity            string
	Total               string
	Coupon              string
	MoreOne             string `yaml:"more_one"`
	MoreOther           string `yaml:"more_other"`
	Button              string
	Reason              string
	Unsubscribe         string
}

// stepWords are those that differ from reminder to reminder.
type stepWords struct{ Subject, Preheader, Title, Text string }

// languages finds the words for a locale.
type languages struct {
	matcher language.Matcher
	words   []*words // in the matcher's order
}

// readLanguages reads all words. English comes first: it is the last resort.
func readLanguages() (*languages, error) {
	files, err := fs.Glob(wordFiles, "words/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("listing the languages: %w", err)
	}
	l := &languages{}
	var tags []language.Tag
	for _, file := range append([]string{"words/en.yaml"}, files...) {
		w, err := readWords(file)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", file, err)
		}
		l.words, tags = append(l.words, w), append(tags, language.Make(w.lang))
	}
	l.matcher = language.NewMatcher(tags)
	return l, nil
}

func readWords(file string) (*words, error) {
	data, err := wordFiles.ReadFile(file)
	if err != nil {
		return nil, err
	}
	w := &words{lang: strings.TrimSuffix(path.Base(file), ".yaml")}
	if err := yaml.Load(data, w, yaml.WithKnownFields()); err != nil {
		return nil, err
	}
	return w, w.check()
}

// check finds phrases that are missing.
func (w *words) check() error {
	all := []string{
		w.Dir, w.Greeting, w.GreetingWithoutName, w.Quantity, w.Total, w.Coupon,
		w.MoreOne, w.MoreOther, w.Button, w.Reason, w.Unsubscribe,
	}
	for _, name := range []string{First, Second, Last} {
		s := w.Steps[name]
		all = append(all, s.Subject, s.Preheader, s.Title, s.Text)
	}
	for _, phrase := range all {
		if phrase == "" {
			return errors.New("a phrase is missing")
		}
	}
	return nil
}

// forLocales finds the words that suit the first of the locales for which there
// are any; malformed and empty locales are passed over.
func (l *languages) forLocales(locales ...string) *words {
	var tags []language.Tag
	for _, locale := range locales {
		if tag, err := language.Parse(locale); err == nil {
			tags = append(tags, tag)
		}
	}
	_, i, _ := l.matcher.Match(tags...)
	return l.words[i]
}

func (w *words) greeting(name string) string {
	if name == "" {
		return w.GreetingWithoutName
	}
	return strings.ReplaceAll(w.Greeting, "{name}", name)
}

// more says how many items are not shown; "" for none.
func (w *words) more(n int) string {
	switch {
	case n <= 0:
		return ""
	case n == 1:
		return w.MoreOne
	}
	return withNumber(w.MoreOther, n)
}

func withNumber(phrase string, n int) string {
	return strings.ReplaceAll(phrase, "{n}", strconv.Itoa(n))
}

func withShop(phrase, shop string) string { return strings.ReplaceAll(phrase, "{shop}", shop) }
