package message

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// FuzzRender looks for a cart whose text becomes markup, a line of its own or a link.
func FuzzRender(f *testing.F) {
	f.Add("Ana", "Trail shoes 2.0", "41 / Black", "https://shop.example.com/c?a=1&b=2", "https://cdn.example.net/1.jpg", "https://shop.example.com/p", "pt-BR", int64(89990))
	f.Add(`<b>Eve</b>`, `</span><script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, "javascript:alert(1)", `https://x/" onload="alert(1)`, "data:text/html,<b>", "ar", int64(-1))
	f.Add("Win at evil.example", "see https://evil.example/a.b.c", "mail win@evil.example, www.evil.example", "//evil.example", "http://x/", "https://a\u2028b/", "en", int64(1<<62))
	f.Add("{{.Link}} {shop}", "{{template \"x\"}}", "a\r\n\r\nTotal: $0.00\x00\x1b[31m", "https://shop.example.com/\u202e", "HTTPS://CDN.example.net/ß", "http://[::1%25x]/", "x-y-z", int64(0))
	r := renderer(f)
	plain, err := r.Render(store(), fuzzCheckout("Ana", "Shoes", "Black", "", "", "", "en", 100), 0, reminder(store(), 0), recovery.Links{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, name, title, variant, recoverURL, imageURL, itemURL, locale string, minor int64) {
		c := fuzzCheckout(name, title, variant, recoverURL, imageURL, itemURL, locale, minor)
		got, err := r.Render(store(), c, 0, reminder(store(), 0), recovery.Links{})
		if err != nil {
			t.Fatal(err)
		}
		for part, s := range map[string]string{"subject": got.Subject, "HTML": got.HTML, "text": got.Text} {
			if !utf8.ValidString(s) || strings.ContainsFunc(s, hidden) {
				t.Errorf("%s holds control characters: %q", part, s)
			}
		}
		if strings.Contains(got.Subject, "\n") {
			t.Errorf("subject %q", got.Subject)
		}
		links := map[string]bool{store().URL: true, store().CartURL: true, webURL(recoverURL): true, webURL(itemURL): true}
		checkText(t, got.Text, links, strings.Count(plain.Text, "\n")+2) // the two links of an item
		links[pictureURL(imageURL)] = true
		checkMarkup(t, got.HTML, links)
	})
}

// hidden says whether r controls a line or its direction; amounts in Arabic bring marks
// of their own.
func hidden(r rune) bool {
	return unicode.IsControl(r) && r != '\n' || unicode.In(r, unicode.Bidi_Control) && r != '\u200e' && r != '\u200f'
}

func fuzzCheckout(name, title, variant, recoverURL, imageURL, itemURL, locale string, minor int64) *recovery.Checkout {
	m := &recovery.Money{Minor: minor, Currency: "EUR"}
	return &recovery.Checkout{
		Store: "default", Locale: locale, RecoverURL: recoverURL, Total: m, Customer: recovery.Customer{FirstName: name},
		Items: []recovery.Item{{Title: title, Variant: variant, Quantity: 2, Price: m, ImageURL: imageURL, URL: itemURL}},
	}
}

// linkLike is what mail programs make a link of by themselves.
var linkLike = regexp.MustCompile(`(?i)://|[\pL\pN]\.\pL|@[\pL\pN]`)

func checkText(t *testing.T, text string, links map[string]bool, most int) {
	t.Helper()
	if n := strings.Count(text, "\n"); n > most {
		t.Errorf("%d lines, want at most %d:\n%s", n, most, text)
	}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); linkLike.MatchString(line) && !links[line] {
			t.Errorf("a link was made of %q", line)
		}
	}
}

func checkMarkup(t *testing.T, text string, links map[string]bool) {
	t.Helper()
	origins := map[string]bool{}
	for link := range links {
		origins[origin(link)] = link != ""
	}
	for n := range parse(t, text).Descendants() {
		switch {
		case n.Type == html.CommentNode, n.Type == html.ElementNode && !strings.Contains(elements, " "+n.Data+" "):
			t.Errorf("the cart made %s", n.Data)
		case n.Type == html.TextNode && n.Parent.Data != "style" && linkLike.MatchString(n.Data):
			t.Errorf("a link was made of %q", n.Data)
		}
		for _, a := range n.Attr {
			switch a.Key {
			case "href", "src":
				if !origins[origin(a.Val)] || !strings.HasPrefix(a.Val, "http") {
					t.Errorf("%s leads to %q", n.Data, a.Val)
				}
			case "content", "name", "charset", "role", "width", "height", "cellpadding", "cellspacing", "border", "class", "style", "bgcolor", "align", "valign", "dir", "lang", "colspan", "alt":
			default:
				t.Errorf("the cart made %s=%q", a.Key, a.Val)
			}
		}
	}
}

// origin is a link's scheme and host; the template escapes some of what comes after.
func origin(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return "none"
	}
	return u.Scheme + "://" + u.Host
}

// elements are those of the template.
const elements = " html head meta title style body div table tbody tr td h1 p a span img strong br "
