package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/comeback-checkout/comeback/emulators/sendgrid"
)

const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"

// browser follows no redirect by itself.
var browser = &http.Client{
	Transport:     http.DefaultTransport,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// browse sends a request as a shopper's browser does, and wants the status. Headers stand
// beside its own or replace them; "" leaves one out.
func (w *world) browse(want int, method, address, form string, headers ...string) answer {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, address, strings.NewReader(form))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("User-Agent", firefox)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	a, err := doWith(browser, req)
	if err != nil {
		w.t.Fatal(err)
	}
	if a.Status != want {
		w.t.Fatalf("%s %s: got %d %s, want %d", method, address, a.Status, a.Raw, want)
	}
	return a
}

// click follows a link as a shopper, and returns where it leads.
func (w *world) click(address string) string {
	w.t.Helper()
	return w.browse(http.StatusFound, http.MethodGet, address, "").Header.Get("Location")
}

// press presses a button of the page at the address.
func (w *world) press(address, choice string) answer {
	w.t.Helper()
	return w.browse(http.StatusOK, http.MethodPost, address, "choice="+choice, "Sec-Fetch-Site", "same-origin", "Origin", "null")
}

// oneClick unsubscribes as a mailbox provider does.
func (w *world) oneClick(address string) answer {
	w.t.Helper()
	return w.browse(http.StatusOK, http.MethodPost, address, "List-Unsubscribe=One-Click", "User-Agent", "")
}

var recoverLine = regexp.MustCompile(`(?m)^(http://127\.0\.0\.1:\d+/r/[A-Za-z0-9_-]+)$`)

// linksOf are the links back and to unsubscribe of a mail, which are the same wherever
// they stand in it.
func linksOf(t testing.TB, m sendgrid.Message) (back, leave string) {
	t.Helper()
	found := recoverLine.FindStringSubmatch(m.Text)
	header := strings.Trim(m.Headers["List-Unsubscribe"], "<>")
	if found == nil || header == "" || m.Headers["List-Unsubscribe-Post"] != "List-Unsubscribe=One-Click" {
		t.Fatalf("the mail lacks a link: %v\n%s", m.Headers, m.Text)
	}
	if !strings.Contains(m.Text, ": "+header) || !strings.Contains(m.HTML, `href="`+header+`"`) || !strings.Contains(m.HTML, `href="`+found[1]+`"`) {
		t.Errorf("the mail's links differ:\n%s\n%s", header, m.Text)
	}
	return found[1], header
}
