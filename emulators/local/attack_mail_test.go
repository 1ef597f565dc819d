package main

import (
	"fmt"
	"net/http"
	"net/mail"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/emulators/sendgrid"
)

// linkLike is what mail programs make a link of by themselves.
var linkLike = regexp.MustCompile(`(?i)https?://|www\.\w|evil\.example|@evil`)

// Text that shoppers and shops write comes out as that text: no header, no recipient, no
// line, no markup, no link and no instruction to the templates is made of it. See
// TestCartTextIsText for a whole mail, and package message's FuzzRender.
func TestAttacksByText(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withConfig(storeYAML("locale: en")))
	attacks := []string{
		"Eve\r\nBcc: victim@evil.example", "Eve\nTo: victim@evil.example\n\nbody", "Eve\u2028Bcc: victim@evil.example", "Eve\x00\x1b[31m\u0085",
		"Win at evil.example", "https://evil.example/win", "www.evil.example", "win@evil.example", "http:\u200b//evil.example",
		"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "<a href='https://evil.example'>win</a>", "</td></table><h1>You won</h1>", "<!--", "]]>", "&lt;b&gt;",
		"{{.Link}}", "{{template \"x\"}}", "{shop} {name} {n}", "%s%n", "${7*7}", "-substitution-", "[%unsubscribe%]", "<%body%>",
		"\u202eevil\u202c", "\u2066\u2067\u200f", strings.Repeat("long ", 20),
	}
	for i, text := range attacks {
		w.post(http.StatusCreated, checkoutPath, toJSON(t, body{
			"email": fmt.Sprintf("text%d@example.net", i), "customer": body{"first_name": text, "last_name": text}, "currency": "EUR", "total": "1",
			"items": []body{{"id": text, "title": text, "variant": text, "price": "1", "image_url": "https://cdn.shop.example.com/'onload=x", "url": "https://shop.example.com/p"}, {"id": text}},
		}))
	}
	w.advance(30 * time.Minute)
	mails := w.mails()
	if len(mails) != len(attacks) {
		t.Fatalf("%d mails, want %d", len(mails), len(attacks))
	}
	for _, m := range mails {
		checkPlain(t, attacks, m)
	}
}

func checkPlain(t *testing.T, attacks []string, m sendgrid.Message) {
	t.Helper()
	var i int
	if _, err := fmt.Sscanf(m.To, "text%d@example.net", &i); err != nil || i >= len(attacks) {
		t.Fatalf("a mail went to %q", m.To)
	}
	if m.From != "shop@example.com" || m.Subject != "Did you forget something at Example Shop?" {
		t.Errorf("%q: from %q, subject %q", attacks[i], m.From, m.Subject)
	}
	back, leave := linksOf(t, m)
	for name, value := range m.Headers {
		value = strings.ReplaceAll(value, leave, "") // its signature may hold any letters
		if name == "To" {                            // the name stands in quotes before the one address
			to, err := mail.ParseAddressList(value)
			if err != nil || len(to) != 1 || to[0].Address != m.To {
				t.Errorf("%q: to %s, %v", attacks[i], value, err)
			}
			value = ""
		}
		if strings.Contains(name+value, "evil") || strings.ContainsAny(name+value, "\r\n") {
			t.Errorf("%q: header %s: %s", attacks[i], name, value)
		}
	}
	for line := range strings.Lines(m.Text) {
		line = strings.NewReplacer(back, "", leave, "").Replace(line)
		if link := strings.HasPrefix(strings.TrimSpace(line), "https://shop.example.com"); linkLike.MatchString(line) && !link || strings.HasPrefix(line, "Bcc:") || strings.HasPrefix(line, "To:") {
			t.Errorf("%q: the text has the line %q", attacks[i], line)
		}
	}
	for _, markup := range []string{"<script", "<img src=x", "<a href='", "<h1>You", "<!-- ", "onerror=alert(1)>\"", "'onload"} {
		if strings.Contains(m.HTML, markup) {
			t.Errorf("%q: the HTML holds %s", attacks[i], markup)
		}
	}
	for _, part := range []string{m.Subject, m.Text, m.HTML} {
		if strings.ContainsAny(part, "\x00\x1b\r\u0085\u2028\u202e\u202c\u2066\u2067\u200f") {
			t.Errorf("%q: control characters in %q", attacks[i], part)
		}
	}
}
