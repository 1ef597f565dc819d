package message

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

var quiet = slog.New(slog.DiscardHandler)

func TestLanguage(t *testing.T) {
	t.Parallel()
	l, err := readLanguages()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ checkout, store, want string }{
		{"pt-BR", "en", "pt"},
		{"de-AT", "en", "de"},
		{"fr_CA", "en", "fr"},
		{"nl-BE", "en", "nl"},
		{"es-419", "en", "es"},
		{"it", "en", "it"},
		{"en-GB", "de", "en"},
		{"", "de", "de"},
		{"ja-JP", "de", "de"},
		{"no such locale", "fr", "fr"},
		{"ja", "ko", "en"},
		{"", "", "en"},
	} {
		if got := l.forLocales(c.checkout, c.store).lang; got != c.want {
			t.Errorf("checkout %q, store %q: words are %q, want %q", c.checkout, c.store, got, c.want)
		}
	}
}

// Every language has each phrase, with the placeholders that the English one has.
func TestWords(t *testing.T) {
	t.Parallel()
	l, err := readLanguages()
	if err != nil {
		t.Fatal(err)
	}
	phrases := func(w *words) []string {
		list := []string{
			w.Greeting, w.GreetingWithoutName, w.Quantity, w.Total, w.Coupon, w.MoreOne, w.MoreOther,
			w.Button, w.Reason, w.Unsubscribe,
		}
		for _, name := range []string{First, Second, Last} {
			s := w.Steps[name]
			list = append(list, s.Subject, s.Preheader, s.Title, s.Text)
		}
		return list
	}
	english := phrases(l.words[0])
	for _, w := range l.words {
		if len(w.Steps) != 3 {
			t.Errorf("%s: %d steps, want first, second and last", w.lang, len(w.Steps))
		}
		for i, phrase := range phrases(w) {
			for _, place := range []string{"{name}", "{shop}", "{n}"} {
				if got, want := strings.Count(phrase, place), strings.Count(english[i], place); got != want {
					t.Errorf("%s: %q has %s %d times, want %d as in %q", w.lang, phrase, place, got, want, english[i])
				}
			}
		}
	}
}

func TestUnknownTemplateIsReplaced(t *testing.T) {
	t.Parallel()
	four := store()
	four.Steps = append(four.Steps, recovery.Step{})
	one := store()
	one.Steps = one.Steps[:1]
	for _, c := range []struct {
		store *recovery.Store
		step  int
		want  string
	}{
		{four, 0, First},
		{four, 1, Second},
		{four, 2, Second},
		{four, 3, Last},
		{four, 9, Last}, // the configuration had more steps once
		{one, 0, First},
	} {
		var log bytes.Buffer
		r, err := New(slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Render(c.store, sample(t), c.step, recovery.Reminder{Template: "gone"}, recovery.Links{})
		if err != nil {
			t.Fatal(err)
		}
		want, err := r.Render(c.store, sample(t), c.step, recovery.Reminder{Template: c.want}, recovery.Links{})
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("step %d of %d: subject %q, want that of %q: %q", c.step, len(c.store.Steps), got.Subject, c.want, want.Subject)
		}
		if n := strings.Count(log.String(), "level=WARN"); n != 1 || !strings.Contains(log.String(), "template=gone") {
			t.Errorf("step %d of %d: want one warning of the template, got: %s", c.step, len(c.store.Steps), log.String())
		}
	}
}

func TestLongCart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		items  int
		more   string
		listed int
	}{
		{20, "", 20},
		{21, "and 1 more item", 20},
		{250, "and 230 more items", 20},
	} {
		checkout := &recovery.Checkout{Locale: "en"}
		for i := range c.items {
			checkout.Items = append(checkout.Items, recovery.Item{Title: fmt.Sprintf("Item <%d>", i), Quantity: 1})
		}
		got := render(t, store(), checkout, 0)
		for kind, body := range map[string]string{"HTML": got.HTML, "text": got.Text} {
			if n := strings.Count(body, "Item "); n != c.listed {
				t.Errorf("%d items, %s: %d listed, want %d", c.items, kind, n, c.listed)
			}
			if strings.Contains(body, " more item") != (c.more != "") || !strings.Contains(body, c.more) {
				t.Errorf("%d items, %s: want %q after the list, got %s", c.items, kind, c.more, body)
			}
		}
		if len(got.HTML) > 100_000 {
			t.Errorf("%d items: %d bytes of HTML; Gmail cuts off at 102 KB", c.items, len(got.HTML))
		}
	}
}

// A line is shown by what a shopper can read of it.
func TestLineWithoutTitle(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		item recovery.Item
		want string // "" for no line
	}{
		{recovery.Item{ID: "4400000001", Title: "Mug", Variant: "Blue"}, "Mug"},
		{recovery.Item{ID: "4400000001", Variant: "Blue"}, "Blue"},
		{recovery.Item{ID: "mug-blue"}, "mug-blue"},
		{recovery.Item{ID: "4400000001"}, ""},
		{recovery.Item{ID: "gid://shopify/ProductVariant/4400000001"}, ""},
		{recovery.Item{}, ""},
	} {
		c.item.Quantity = 7
		got := render(t, store(), &recovery.Checkout{Locale: "en", Items: []recovery.Item{c.item}}, 0)
		shown := strings.Contains(got.Text, "7")
		if shown != (c.want != "") || !strings.Contains(got.Text, c.want) || strings.Contains(got.Text, "44000") {
			t.Errorf("%+v: want %q in\n%s", c.item, c.want, got.Text)
		}
	}
}

func TestLink(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ recover, cart, want string }{
		{"https://shop.example.com/r?key=1&x=2", "https://shop.example.com/cart", "https://shop.example.com/r?key=1&x=2"},
		{"", "https://shop.example.com/cart", "https://shop.example.com/cart"},
		{"javascript:alert(1)", "https://shop.example.com/cart", "https://shop.example.com/cart"},
		{"https://shop.example.com/\r\nX", "", "https://shop.example.com"},
		{"//evil.example", "", "https://shop.example.com"},
		{"", "", "https://shop.example.com"},
	} {
		s := store()
		s.CartURL = c.cart
		got := render(t, s, &recovery.Checkout{Locale: "en", RecoverURL: c.recover}, 0)
		if !strings.Contains(got.Text, "Back to your cart:\n"+c.want+"\n") {
			t.Errorf("recover %q, cart %q: want a line %q in the text, got:\n%s", c.recover, c.cart, c.want, got.Text)
		}
		if !hasLink(t, got.HTML, c.want) {
			t.Errorf("recover %q, cart %q: no link to %q in the HTML", c.recover, c.cart, c.want)
		}
	}
}

// The HTML has no element, attribute or link that the template did not make.
func TestAttackStaysText(t *testing.T) {
	t.Parallel()
	got := render(t, store(), attack(t), 1)
	for _, s := range []string{got.Subject, got.Text} {
		if strings.ContainsFunc(s, func(r rune) bool { return unicode.In(r, unicode.Bidi_Control) || r < ' ' && r != '\n' }) {
			t.Errorf("control characters in %q", s)
		}
	}
	for line := range strings.Lines(got.Text) {
		if strings.HasPrefix(line, "Bcc:") || strings.HasPrefix(line, "Total: $0.00") {
			t.Errorf("a title forged the line %q", line)
		}
	}
	for n := range parse(t, got.HTML).Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "script" || n.Data == "b" || n.Data == "i" {
			t.Errorf("the cart made an element %s", n.Data)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") {
				t.Errorf("the cart made an attribute %s=%q", a.Key, a.Val)
			}
			if (a.Key == "href" || a.Key == "src") && !strings.HasPrefix(a.Val, "https://shop.example.com") && !strings.HasPrefix(a.Val, "https://cdn.example.net/") {
				t.Errorf("the cart made a link to %q", a.Val)
			}
		}
	}
	for _, text := range []string{`<script>alert("x")</script>`, `"><img src=x onerror=alert(1)>`, "<b>Eve</b>", "{{.Link}} {name} %s"} {
		if !strings.Contains(got.Text, text) || !strings.Contains(got.HTML, html.EscapeString(text)) {
			t.Errorf("%q does not appear as text", text)
		}
	}
}

func TestSubject(t *testing.T) {
	t.Parallel()
	s := store()
	s.Name = "North\r\nBcc: x@evil.example " + strings.Repeat("wind ", 100)
	l, err := readLanguages()
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range l.words {
		for step := range s.Steps {
			got := render(t, s, &recovery.Checkout{Locale: w.lang}, step).Subject
			if n := len([]rune(got)); n > 150 || strings.ContainsFunc(got, unicode.IsControl) || strings.Contains(got, "{") {
				t.Errorf("%s, step %d: subject of %d characters: %q", w.lang, step, n, got)
			}
		}
	}
}

func TestUnsubscribeLinkIsShownOnceThereIsOne(t *testing.T) {
	t.Parallel()
	r := renderer(t)
	v := newView(store(), sample(t), r.languages.forLocales("en"), First, "", recovery.Links{})
	for _, link := range []string{"", "https://shop.example.com/u/token"} {
		v.UnsubscribeLink = link
		var htm, text bytes.Buffer
		if err := r.html.Execute(&htm, v); err != nil {
			t.Fatal(err)
		}
		if err := r.text.Execute(&text, v); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(htm.String(), ">Unsubscribe<") && strings.Contains(text.String(), "Unsubscribe: "+link); got != (link != "") {
			t.Errorf("link %q: shown is %t", link, got)
		}
	}
}

func parse(t *testing.T, s string) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func hasLink(t *testing.T, s, href string) bool {
	for n := range parse(t, s).Descendants() {
		for _, a := range n.Attr {
			if a.Key == "href" && a.Val == href {
				return true
			}
		}
	}
	return false
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		renderer(b)
	}
}

func BenchmarkRender(b *testing.B) {
	s, long := store(), attack(b)
	for len(long.Items) < 250 {
		long.Items = append(long.Items, sample(b).Items...)
	}
	for name, c := range map[string]*recovery.Checkout{"2 items": sample(b), "250 items": long} {
		b.Run(name, func(b *testing.B) {
			r := renderer(b)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Render(s, c, 0, reminder(s, 0), recovery.Links{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
