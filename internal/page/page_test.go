package page

import (
	"crypto/sha256"
	"encoding/base64"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

var update = flag.Bool("update", false, "write the golden files anew")

var kinds = []Kind{Expired, Bought, Empty, Gone, Invalid, Ask, Unsubscribed, Left, Undone, Away}

func shop() *recovery.Store {
	return &recovery.Store{ID: "default", Name: "Northwind", URL: "https://shop.example.com", CartURL: "https://shop.example.com/cart", Locale: "en"}
}

func render(t *testing.T, p Page) string {
	t.Helper()
	pages, err := New()
	if err != nil {
		t.Fatal(err)
	}
	html, _, err := pages.Render(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(html)
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]Page{
		"ask":          {Kind: Ask, Store: shop(), Locale: "pt-BR"},
		"unsubscribed": {Kind: Unsubscribed, Store: shop()},
		"undone":       {Kind: Undone, Store: shop(), Locale: "nl"},
		"expired":      {Kind: Expired, Store: shop(), Locale: "de-AT"},
		"invalid":      {Kind: Invalid},
		"away":         {Kind: Away, Store: shop(), Again: Never},
	} {
		got, file := render(t, p), filepath.Join("testdata", name+".html")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatalf("%v; go test ./internal/page -update writes it", err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Every language has every phrase, and no blank is left in one.
func TestWords(t *testing.T) {
	t.Parallel()
	l, err := readLanguages()
	if err != nil {
		t.Fatal(err)
	}
	if len(l.words) != 8 {
		t.Errorf("%d sets of words, want seven and English first", len(l.words))
	}
	for _, w := range l.words {
		all := []string{w.Dir, w.Shop, w.Never, w.Checkout, w.Undo, w.Again}
		for _, kind := range kinds {
			all = append(all, w.Pages[kind].Title, w.Pages[kind].Text)
		}
		for _, phrase := range all {
			if phrase == "" {
				t.Errorf("%s lacks a phrase: %q", w.lang, all)
			}
		}
		if len(w.Pages) != len(kinds) {
			t.Errorf("%s has %d pages, want %d", w.lang, len(w.Pages), len(kinds))
		}
		// Without a store there is no name to fill in.
		if invalid := w.Pages[Invalid]; strings.Contains(invalid.Title+invalid.Text, "{") {
			t.Errorf("%s names the shop where it is not known", w.lang)
		}
	}
	for _, kind := range kinds {
		if html := render(t, Page{Kind: kind, Store: shop()}); strings.Contains(html, "{") && strings.Contains(strings.Split(html, "<body>")[1], "{") {
			t.Errorf("%s: a blank is left:\n%s", kind, html)
		}
	}
}

// The checkout's locale, else the browser's, else the store's, else English.
func TestLanguage(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, checkout, store, accept, want string }{
		{"the checkout's", "pt-BR", "en", "de", "pt"},
		{"with a region that has no words", "de-AT", "en", "fr", "de"},
		{"the store's", "", "it", "", "it"},
		{"the store's, for languages without words", "ja", "nl", "da", "nl"},
		{"the browser's first", "", "it", "de", "de"},
		{"the browser's", "ja", "sv", "da, es;q=0.8, en;q=0.5", "es"},
		{"English", "ja", "sv", "da", "en"},
		{"malformed", "x_y!", "", "%%", "en"},
		{"a long header", "", "", strings.Repeat("de,", 1000), "en"},
	} {
		store := shop()
		store.Locale = tc.store
		if html := render(t, Page{Kind: Ask, Store: store, Locale: tc.checkout, Accept: tc.accept}); !strings.Contains(html, `<html lang="`+tc.want+`"`) {
			t.Errorf("%s: got %.60s, want %s", tc.name, html, tc.want)
		}
	}
	if html := render(t, Page{Kind: Invalid, Accept: "fr-CH, fr;q=0.9"}); !strings.Contains(html, `<html lang="fr"`) {
		t.Errorf("without a store: got %.60s, want fr", html)
	}
}

var foreign = regexp.MustCompile(`(?i)<(script|img|iframe|object|embed|link|base)\b|\bon[a-z]+=|@import|url\(`)

// Nothing runs, nothing is fetched, and a form leads nowhere but to the page's address.
func TestPagesAreSelfContained(t *testing.T) {
	t.Parallel()
	store := shop()
	store.Name, store.URL, store.CartURL = `<script>alert(1)</script>"`, "javascript:alert(1)", "javascript:alert(2)"
	for _, kind := range kinds {
		html := render(t, Page{Kind: kind, Store: store, Again: Checkout})
		if m := foreign.FindString(html); m != "" {
			t.Errorf("%s holds %s", kind, m)
		}
		if strings.Contains(html, " action=") || strings.Contains(html, `href="javascript`) {
			t.Errorf("%s leads away:\n%s", kind, html)
		}
	}
}

// The policy lets through the style that is there, and nothing else.
func TestHeaders(t *testing.T) {
	t.Parallel()
	pages, err := New()
	if err != nil {
		t.Fatal(err)
	}
	html, h, err := pages.Render(Page{Kind: Ask, Store: shop(), Locale: "fr"})
	if err != nil {
		t.Fatal(err)
	}
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindSubmatch(html)
	sum := sha256.Sum256(style[1])
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Content-Language": "fr", "X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff",
		"Cache-Control": "no-store", "Referrer-Policy": "same-origin", "X-Robots-Tag": "noindex, nofollow",
		"Content-Security-Policy": "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
