package functions

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/comeback-checkout/comeback/internal/page"
)

// Every body but the page's own unsubscribes, as RFC 8058 has it and as providers do it.
func TestChoices(t *testing.T) {
	t.Parallel()
	const form = "application/x-www-form-urlencoded"
	multi := func(fields ...string) string {
		var b strings.Builder
		for i := 0; i < len(fields); i += 2 {
			fmt.Fprintf(&b, "--b\r\nContent-Disposition: form-data; name=%q\r\n\r\n%s\r\n", fields[i], fields[i+1])
		}
		return b.String() + "--b--\r\n"
	}
	for _, tc := range []struct {
		name, kind, body string
		want             page.Choice
		byPage           bool
	}{
		{"one click", form, "List-Unsubscribe=One-Click", page.Never, false},
		{"one click, multipart", "multipart/form-data; boundary=b", multi("List-Unsubscribe", "One-Click"), page.Never, false},
		{"multipart, after another field", "multipart/form-data; boundary=b", multi("a", "b", "List-Unsubscribe", "One-Click"), page.Never, false},
		{"in lower case", form, "list-unsubscribe=one-click", page.Never, false},
		{"after another field", form, "a=b&List-Unsubscribe=One-Click", page.Never, false},
		{"with a line break", form, "List-Unsubscribe=One-Click\r\n", page.Never, false},
		{"with a choice", form, "choice=undo-never&List-Unsubscribe=One-Click", page.Never, false},
		{"empty", form, "", page.Never, false},
		{"no type", "", "List-Unsubscribe=One-Click", page.Never, false},
		{"another type", "text/plain", "List-Unsubscribe=One-Click", page.Never, false},
		{"JSON", "application/json", `{"List-Unsubscribe":"One-Click"}`, page.Never, false},
		{"broken multipart", "multipart/form-data; boundary=b", "--b\r\nhalf", page.Never, false},
		{"multipart without a boundary", "multipart/form-data", multi("choice", "checkout"), page.Never, false},
		{"too large", form, "choice=undo-never&a=" + strings.Repeat("x", linkLimit), page.Never, false},
		{"no choice of ours", form, "choice=everything", page.Never, false},
		{"never", form, "choice=never", page.Never, true},
		{"checkout", form, "choice=checkout", page.Checkout, true},
		{"checkout, multipart", "multipart/form-data; boundary=b", multi("choice", "checkout"), page.Checkout, true},
		{"undo", form, "choice=undo-never", page.UndoNever, true},
		{"undo for a checkout", form, "choice=undo-checkout", page.UndoCheckout, true},
	} {
		r := httptest.NewRequest(http.MethodPost, "/u/x", strings.NewReader(tc.body))
		r.Header.Set("Content-Type", tc.kind)
		choice, byPage, err := endpoint{limit: linkLimit}.request(httptest.NewRecorder(), r).choice()
		if choice != tc.want || byPage != tc.byPage || err != nil {
			t.Errorf("%s: got %s, %v, %v; want %s, %v", tc.name, choice, byPage, err, tc.want, tc.byPage)
		}
	}
}

// Only our own page may undo.
func TestSameOrigin(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		site, origin string
		want         bool
	}{
		{"same-origin", "null", true},
		{"same-origin", "https://comeback.example.com", true},
		{"same-site", "https://evil.example.com", false},
		{"cross-site", "https://evil.example", false},
		{"cross-site", "https://comeback.example.com", false},
		{"none", "", false},
		{"", "", true},
		{"", "https://comeback.example.com", true},
		{"", "https://comeback.example.com.evil.example", false},
		{"", "https://evil.example", false},
		{"", "null", false},
		{"", "%zz", false},
	} {
		r := httptest.NewRequest(http.MethodPost, "https://comeback.example.com/u/x", nil)
		for name, value := range map[string]string{"Sec-Fetch-Site": tc.site, "Origin": tc.origin} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		if got := sameOrigin(r); got != tc.want {
			t.Errorf("%q, %q: got %v, want %v", tc.site, tc.origin, got, tc.want)
		}
	}
}
