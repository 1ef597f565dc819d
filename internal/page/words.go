package page

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"go.yaml.in/yaml/v4"
	"golang.org/x/text/language"
)

// One file for each language, named by its tag. {shop} is filled in.
//
//go:embed words/*.yaml
var wordFiles embed.FS

// words are the phrases of one language.
type words struct {
	lang string

	Dir   string // ltr or rtl
	Pages map[Kind]struct{ Title, Text string }
	// The labels of links and buttons.
	Shop, Never, Checkout, Undo, Again string
}

// languages finds the words for a locale.
type languages struct {
	matcher language.Matcher
	words   []*words // in the matcher's order
}

// readLanguages reads all words. English comes first: it is the last resort.
func readLanguages() (*languages, error) {
	files, err := fs.Glob(wordFiles, "words/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("listing the pages' languages: %w", err)
	}
	l := &languages{}
	var tags []language.Tag
	for _, file := range append([]string{"words/en.yaml"}, files...) {
		w, err := readWords(file)
		if err != nil {
			return nil, fmt.Errorf("reading the pages' %s: %w", file, err)
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
	return w, nil
}

// maxAccept is how much of an Accept-Language header is read: anybody may send one.
const maxAccept = 200

// of finds the words that suit the shopper's locale, or else what the browser accepts, or
// else the store's locale. What is malformed is passed over.
func (l *languages) of(shopper, accept, store string) *words {
	var tags []language.Tag
	if tag, err := language.Parse(shopper); err == nil {
		tags = append(tags, tag)
	}
	if len(accept) <= maxAccept {
		if accepted, _, err := language.ParseAcceptLanguage(accept); err == nil {
			tags = append(tags, accepted...)
		}
	}
	if tag, err := language.Parse(store); err == nil {
		tags = append(tags, tag)
	}
	for _, tag := range tags { // one by one: together, a better match further on would win
		if _, i, sure := l.matcher.Match(tag); sure != language.No {
			return l.words[i]
		}
	}
	return l.words[0]
}
