package internal_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	link      = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading   = regexp.MustCompile(`(?m)^#+ (.+)$`)
	notAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	fenced    = regexp.MustCompile("(?ms)^ *```.*?^ *```")
)

// anchors are what links may name of a page, as GitHub makes them.
func anchors(text string) map[string]bool {
	names := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		names[strings.ReplaceAll(notAnchor.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")] = true
	}
	return names
}

// Each link between the pages leads to a file and a heading that there are.
func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatal("no pages:", err)
	}
	for _, path := range append(pages, "../README.md", "../terraform/README.md") {
		text := read(t, path)
		for _, m := range link.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
			file, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(m[1], "://") {
				continue
			}
			target := text
			if file != "" {
				to := filepath.Join(filepath.Dir(path), file)
				if _, err := os.Stat(to); err != nil {
					t.Errorf("%s leads to %s, which there is not", path, file)
					continue
				}
				if anchor == "" {
					continue
				}
				target = read(t, to)
			}
			if !anchors(target)[anchor] {
				t.Errorf("%s leads to %s, and there is no such heading", path, m[1])
			}
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
