package functions

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/comeback-checkout/comeback/internal/app"
	"github.com/comeback-checkout/comeback/internal/link"
	"github.com/comeback-checkout/comeback/internal/page"
	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/recovery/recoverytest"
)

const chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"

// linked is the functions with links, and the tokens of checkout c1's first mail.
type linked struct {
	*shop
	back, leave string
}

func openLinked(t testing.TB) *linked {
	t.Helper()
	s := &linked{shop: open()}
	pages, err := page.New()
	if err != nil {
		t.Fatal(err)
	}
	s.Pages = pages
	s.Links = link.New("https://x.example/r", "https://x.example/u", map[string]link.Keys{"default": {Current: [][]byte{[]byte("key")}}})
	st := s.Service.Stores["default"]
	st.Name, st.CartURL, st.Locale = "Northwind", "https://shop.example.com/cart", "en"
	s.post("/checkout", "key", `{"checkout_id":"c1","email":"ana@example.net","locale":"fr"}`)
	c := s.db.Checkouts()[0]
	made := s.Links.Links(st, c, recovery.ReminderID{Generation: 1}, noon.Add(24*time.Hour))
	s.back, s.leave = path.Base(made.Recover), path.Base(made.Unsubscribe)
	s.take()
	return s
}

// ask sends a request as a browser does; headers may replace its own.
func (s *linked) ask(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("User-Agent", chrome)
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	Handler(s.App).ServeHTTP(w, r)
	return w
}

// What the links answer, and the lines that tell of it.
func TestLinesOfLinks(t *testing.T) {
	t.Parallel()
	const (
		info = `{"severity":"INFO","message":"request","function":`
		led  = `https://shop.example.com/cart?utm_source=comeback&utm_medium=email&utm_campaign=abandoned_checkout&utm_content=reminder-1`
	)
	of := fmt.Sprintf(`"checkout":%q,"reminder":"1-0"`, recovery.CheckoutKey("default", "c1"))
	away := func(s *linked) { s.db.FailAll(recovery.ErrOverload) }
	for _, tc := range []struct {
		name, method, path, body string
		headers                  []string
		before                   func(*linked)
		status                   int
		location, shows, line    string
	}{
		{
			name: "back", method: "GET", path: "/r/{back}", status: 302, location: led,
			line: info + `"Recover","status":302,"store":"default","outcome":"back",` + of + `,"noted":true}`,
		},
		{
			name: "back, for a scanner", method: "GET", path: "/r/{back}", headers: []string{"User-Agent", "bingbot/2.0"}, status: 302, location: led,
			line: info + `"Recover","status":302,"store":"default","outcome":"back",` + of + `,"noted":false}`,
		},
		{
			name: "back, head only", method: "HEAD", path: "/r/{back}", status: 302, location: led,
			line: info + `"Recover","status":302,"store":"default","outcome":"back",` + of + `,"noted":false}`,
		},
		{
			name: "back, without Firestore", method: "GET", path: "/r/{back}", before: away, status: 302, location: "https://shop.example.com/cart",
			line: `{"severity":"WARNING","message":"request","function":"Recover","status":302,"store":"default","outcome":"back",` + of + `,"noted":false,"error":"note the click: overloaded or away"}`,
		},
		{
			name: "bought", method: "GET", path: "/r/{back}", status: 200, shows: "Vous avez déjà commandé",
			before: func(s *linked) { s.shop.post("/order", "key", `{"order_id":"o1","checkout_id":"c1"}`); s.take() },
			line:   info + `"Recover","status":200,"store":"default","outcome":"bought",` + of + `,"noted":true}`,
		},
		{
			name: "emptied", method: "GET", path: "/r/{back}", status: 200, shows: "Votre panier est vide",
			before: func(s *linked) {
				for i, items := range []string{`[{"title":"Mug","quantity":1}]`, `[]`} {
					s.clock.Set(noon.Add(time.Duration(i+1) * time.Second))
					s.shop.post("/checkout", "key", `{"checkout_id":"c1","email":"ana@example.net","items":`+items+`}`)
				}
				s.take()
			},
			line: info + `"Recover","status":200,"store":"default","outcome":"empty",` + of + `,"noted":true}`,
		},
		{
			name: "bought, and taken back", method: "GET", path: "/r/{back}", status: 302, location: led,
			before: func(s *linked) {
				s.shop.post("/order", "key", `{"order_id":"o1","checkout_id":"c1"}`)
				if _, err := s.Service.RecordOrder(t.Context(), "default", recovery.OrderNews{OrderID: "o1", Refunds: map[string]recovery.Refund{recovery.Cancelled: {}}}); err != nil {
					t.Error(err)
				}
				s.take()
			},
			line: info + `"Recover","status":302,"store":"default","outcome":"back",` + of + `,"noted":true}`,
		},
		{
			name: "gone", method: "GET", path: "/r/{back}", status: 410, shows: "This cart is gone",
			before: func(s *linked) { s.clock.Set(noon.Add(20 * time.Hour)); s.App.Service.DB = recoverytest.NewDB(s.clock) },
			line:   info + `"Recover","status":410,"store":"default","outcome":"gone",` + of + `,"noted":false}`,
		},
		{
			name: "expired", method: "GET", path: "/r/{back}", status: 410, shows: "Ce lien a expiré",
			before: func(s *linked) { s.clock.Set(noon.Add(24 * time.Hour)) },
			line:   info + `"Recover","status":410,"store":"default","outcome":"expired"}`,
		},
		{
			name: "invalid", method: "GET", path: "/r/{back}x", headers: []string{"Accept-Language", "de"}, status: 404, shows: "Dieser Link funktioniert nicht",
			line: info + `"Recover","status":404,"outcome":"invalid"}`,
		},
		{
			name: "no token", method: "GET", path: "/r", status: 404, shows: "This link does not work",
			line: info + `"Recover","status":404,"outcome":"invalid"}`,
		},
		{
			name: "the other function's link", method: "GET", path: "/r/{leave}", status: 404, shows: "This link does not work",
			line: info + `"Recover","status":404,"outcome":"invalid"}`,
		},
		{
			name: "posted", method: "POST", path: "/r/{back}", status: 405, shows: "method_not_allowed",
			line: `{"severity":"WARNING","message":"request","function":"Recover","status":405,"error":"method_not_allowed","field":""}`,
		},
		{
			name: "asked", method: "GET", path: "/u/{leave}", status: 200, shows: "Plus de rappels ?",
			line: info + `"Unsubscribe","status":200,"store":"default","outcome":"ask"}`,
		},
		{
			name: "one click", method: "POST", path: "/u/{leave}", body: "List-Unsubscribe=One-Click", status: 200, shows: "You are unsubscribed",
			line: info + `"Unsubscribe","status":200,"store":"default","outcome":"unsubscribed",` + of + `}`,
		},
		{
			name: "never", method: "POST", path: "/u/{leave}", body: "choice=never", status: 200, shows: "Vous êtes désabonné",
			line: info + `"Unsubscribe","status":200,"store":"default","outcome":"unsubscribed",` + of + `}`,
		},
		{
			name: "not for this checkout", method: "POST", path: "/u/{leave}", body: "choice=checkout", status: 200, shows: "Plus de rappels pour ce panier",
			line: info + `"Unsubscribe","status":200,"store":"default","outcome":"left",` + of + `}`,
		},
		{
			name: "undone", method: "POST", path: "/u/{leave}", body: "choice=undo-never", headers: []string{"Sec-Fetch-Site", "same-origin", "Origin", "null"}, status: 200, shows: "C’est annulé",
			line: info + `"Unsubscribe","status":200,"store":"default","outcome":"undone",` + of + `}`,
		},
		{
			name: "undone by another site", method: "POST", path: "/u/{leave}", body: "choice=undo-never", headers: []string{"Sec-Fetch-Site", "cross-site"}, status: 403, shows: "No more reminders?",
			line: `{"severity":"WARNING","message":"request","function":"Unsubscribe","status":403,"store":"default","outcome":"ask",` + of + `,"error":"forbidden","field":""}`,
		},
		{
			name: "without Firestore", method: "POST", path: "/u/{leave}", body: "choice=never", before: away, status: 503, shows: "Try again",
			line: `{"severity":"WARNING","message":"request","function":"Unsubscribe","status":503,"store":"default","outcome":"away",` + of + `,"error":"unsubscribe: overloaded or away"}`,
		},
		{
			name: "asked, without Firestore", method: "GET", path: "/u/{leave}", before: away, status: 200, shows: "No more reminders?",
			line: `{"severity":"WARNING","message":"page not in the checkout's language","checkout":"` + recovery.CheckoutKey("default", "c1") + `","error":"overloaded or away"}` + "\n" +
				info + `"Unsubscribe","status":200,"store":"default","outcome":"ask"}`,
		},
		{
			name: "invalid to unsubscribe", method: "POST", path: "/u/{back}", body: "List-Unsubscribe=One-Click", status: 404, shows: "This link does not work",
			line: info + `"Unsubscribe","status":404,"outcome":"invalid"}`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := openLinked(t)
			if tc.before != nil {
				tc.before(s)
			}
			w := s.ask(tc.method, strings.NewReplacer("{back}", s.back, "{leave}", s.leave).Replace(tc.path), tc.body, tc.headers...)
			if w.Code != tc.status || w.Header().Get("Location") != tc.location || !strings.Contains(w.Body.String(), tc.shows) {
				t.Errorf("got %d to %q, want %d to %q, with %q:\n%s", w.Code, w.Header().Get("Location"), tc.status, tc.location, tc.shows, w.Body)
			}
			if (w.Header().Get("Retry-After") != "") != (tc.status == http.StatusServiceUnavailable) || len(w.Result().Cookies()) > 0 || tc.method == http.MethodHead && w.Body.Len() > 0 {
				t.Errorf("the headers are %v, the body has %d bytes", w.Header(), w.Body.Len())
			}
			if tc.status != http.StatusMethodNotAllowed && (!discreet(w.Header()) || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Robots-Tag") == "") {
				t.Errorf("the headers are %v", w.Header())
			}
			if diff := cmp.Diff(tc.line+"\n", s.take()); diff != "" {
				t.Errorf("the line (-want +got):\n%s", diff)
			}
		})
	}
}

// Links answer under any prefix and, deployed alone, at the root.
func TestLinksUnderPrefixes(t *testing.T) {
	t.Parallel()
	s := openLinked(t)
	for _, prefix := range []string{"/r/", "/Recover/", "/comeback/v1/r/"} {
		for _, end := range []string{"", "/", "?utm_source=mail"} {
			if w := s.ask(http.MethodGet, prefix+s.back+end, ""); w.Code != http.StatusFound {
				t.Errorf("%s…%s: got %d, want 302", prefix, end, w.Code)
			}
		}
	}
	for _, e := range endpoints() {
		for _, path := range []string{"/", "/r/", "/u/", "/a/b/c/"} {
			token := map[string]string{"Recover": s.back, "Unsubscribe": s.leave}[e.name]
			if token == "" {
				continue
			}
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodGet, path+token, nil)
			e.handler(func(context.Context) (*app.App, error) { return s.App, nil })(w, r)
			if w.Code >= 400 {
				t.Errorf("%s alone at %s: got %d", e.name, path, w.Code)
			}
		}
	}
}

// FuzzLinks: no path and no body makes a link of what is none, or a redirect to another
// host, or changes what is kept.
func FuzzLinks(f *testing.F) {
	s := openLinked(f)
	f.Add("/r/"+s.back, "", true)
	f.Add("/u/"+s.leave, "choice=undo-never", false)
	f.Add("/r//"+s.back+"/%2e%2e", "x", true)
	f.Fuzz(func(t *testing.T, path, body string, get bool) {
		method := http.MethodPost
		if get {
			method = http.MethodGet
		}
		u, err := url.ParseRequestURI(path)
		if err != nil || strings.ContainsAny(path, " \r\n\t") || u.Host != "" {
			return
		}
		if _, token := cutToken(u.Path); token == s.back || token == s.leave {
			return
		}
		r := httptest.NewRequest(method, "/", strings.NewReader(body))
		r.URL = u
		w := httptest.NewRecorder()
		Handler(s.App).ServeHTTP(w, r)
		if w.Code < 400 || w.Header().Get("Location") != "" {
			t.Errorf("%s %q: got %d to %q", method, path, w.Code, w.Header().Get("Location"))
		}
	})
}

// discreet says whether an answer keeps the link from everybody else: a page may tell it to
// its own form.
func discreet(h http.Header) bool {
	policy := "no-referrer"
	if strings.HasPrefix(h.Get("Content-Type"), "text/html") {
		policy = "same-origin"
	}
	return h.Get("Referrer-Policy") == policy
}
