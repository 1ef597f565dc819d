package terraform_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/comeback-checkout/comeback/emulators/sendgrid"
)

// links follows the mail's links: back to the cart, and out.
func (s *services) links(t *testing.T, m sendgrid.Message) {
	t.Helper()
	back, _, _ := strings.Cut(m.Text[strings.Index(m.Text, s.vars["COMEBACK_RECOVER_URL"]):], "\n")
	res := s.send(t, http.MethodGet, back)
	if got, want := res.Header.Get("Location"), "https://shop.example.com/cart?utm_"; res.StatusCode != http.StatusFound || !strings.HasPrefix(got, want) {
		t.Errorf("the way back: got %d to %q, want 302 to %s…", res.StatusCode, got, want)
	}
	out := strings.Trim(m.Headers["List-Unsubscribe"], "<>")
	if res := s.send(t, http.MethodPost, out); res.StatusCode != http.StatusOK || !strings.HasPrefix(out, s.vars["COMEBACK_UNSUBSCRIBE_URL"]) {
		t.Errorf("the way out, %s: got %d, want 200", out, res.StatusCode)
	}
}

// send sends what a browser or a mailbox provider would, and does not follow where it
// leads.
func (s *services) send(t *testing.T, method, url string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader("List-Unsubscribe=One-Click"))
	s.must(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", "Mozilla/5.0")
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	s.must(t, err)
	_ = res.Body.Close()
	return res
}
