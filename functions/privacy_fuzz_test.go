package functions

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/comeback-checkout/comeback/internal/address"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// FuzzPrivacy looks for a body by which somebody else than the one it names is erased or
// told of, or that the log repeats.
func FuzzPrivacy(f *testing.F) {
	for _, body := range append(oddJSON(), `{"email":"ana@example.net"}`, `{"email":" ANA@example.net "}`, `{"email":"bo@example.net","store":"default"}`) {
		f.Add([]byte(body), true)
		f.Add([]byte(body), false)
	}
	f.Fuzz(func(t *testing.T, body []byte, export bool) {
		s := fuzzShop()
		s.post("/checkout", "key", wholeCheckout)
		s.take()
		path := "/privacy/erase"
		if export {
			path = "/privacy/export"
		}
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(string(body)))
		r.Header.Set("Authorization", "Bearer key")
		w := httptest.NewRecorder()
		Handler(s.App).ServeHTTP(w, r)

		var named struct{ Email string }
		isAna := json.Unmarshal(body, &named) == nil && address.Normal(named.Email) == "ana@example.net"
		if told := strings.Contains(w.Body.String(), "Lima"); told && (!isAna || !export) {
			t.Errorf("%s %s: got %d, with what is kept of Ana", path, body, w.Code)
		}
		if c := s.db.Checkouts()[0]; c.Status == recovery.StatusErased && (!isAna || export) {
			t.Errorf("%s %s: got %d, and Ana was erased", path, body, w.Code)
		}
		if lines := s.take(); strings.Count(lines, "\n") != 1 || strings.Contains(lines, "@") || !harmless.MatchString(lines) {
			t.Errorf("the log holds more than one line of words and hashes: %s", lines)
		}
	})
}
