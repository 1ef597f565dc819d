package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// linkAttack is a request to one of the links that must do nothing.
type linkAttack struct {
	name, method, address, form string
	headers                     []string
	want                        int
}

// refuseLinks sends each attack, and checks that it changed nothing and led nowhere.
func (w *world) refuseLinks(attacks []linkAttack) {
	w.t.Helper()
	for _, a := range attacks {
		before := w.Firestore.Revision()
		req, err := http.NewRequestWithContext(w.t.Context(), a.method, w.FunctionsURL, strings.NewReader(a.form))
		if err != nil {
			w.t.Fatal(err)
		}
		if req.URL, err = url.Parse(a.address); err != nil {
			w.t.Fatal(err)
		}
		req.Header.Set("User-Agent", firefox)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for i := 0; i+1 < len(a.headers); i += 2 {
			req.Header.Set(a.headers[i], a.headers[i+1])
		}
		got, err := doWith(browser, req)
		if err != nil || got.Status != a.want {
			w.t.Errorf("%s: got %d %s %v, want %d", a.name, got.Status, got.Raw, err, a.want)
			continue
		}
		if w.Firestore.Revision() != before {
			w.t.Errorf("%s: something was stored", a.name)
		}
		for _, name := range []string{"Location", "Set-Cookie", "Access-Control-Allow-Origin"} {
			if v := got.Header.Get(name); v != "" {
				w.t.Errorf("%s: the answer has %s: %s", a.name, name, v)
			}
		}
	}
}

// A link's power is its own: no other token does anything. Promise 8.
func TestAttacksOnTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	back, leave := w.firstMail(nil)
	token := func(link string) string { return link[strings.LastIndexByte(link, '/')+1:] }
	flip := func(link string, at int) string {
		at += len(link) - len(token(link))
		c := byte('A')
		if link[at] == c {
			c = 'B'
		}
		return link[:at] + string(c) + link[at+1:]
	}
	u, r := w.FunctionsURL+"/u/", w.FunctionsURL+"/r/"
	const oneClick = "List-Unsubscribe=One-Click"
	attacks := []linkAttack{
		{name: "a link to unsubscribe leads back", method: http.MethodGet, address: r + token(leave), want: 404},
		{name: "a link back unsubscribes", method: http.MethodPost, address: u + token(back), form: oneClick, want: 404},
		{name: "no token", method: http.MethodPost, address: u, form: oneClick, want: 404},
		{name: "a token in the query", method: http.MethodPost, address: u + "?token=" + token(leave), form: oneClick, want: 404},
		{name: "a token in the form", method: http.MethodPost, address: u + "x", form: oneClick + "&token=" + token(leave), want: 404},
		{name: "a token and more", method: http.MethodPost, address: leave + "x", form: oneClick, want: 404},
		{name: "a token and a path", method: http.MethodPost, address: leave + "/x", form: oneClick, want: 404},
		{name: "an address for a token", method: http.MethodPost, address: u + "ana.lima@example.net", form: oneClick, want: 404},
		{name: "the checkout's key for a token", method: http.MethodGet, address: r + recovery.CheckoutKey("default", "chk_7f3a91"), want: 404},
		{name: "unsubscribing by GET", method: http.MethodGet, address: leave + "?List-Unsubscribe=One-Click&choice=never", want: 200},
		{name: "unsubscribing by HEAD", method: http.MethodHead, address: leave + "?List-Unsubscribe=One-Click", want: 200},
		{name: "another method by a header", method: http.MethodGet, address: leave, headers: []string{"X-HTTP-Method-Override", "POST"}, want: 200},
		{name: "another method", method: http.MethodDelete, address: leave, want: 405},
		{name: "a question of another origin", method: http.MethodOptions, address: leave, headers: []string{"Origin", "https://evil.example", "Access-Control-Request-Method", "POST"}, want: 405},
		{name: "a click by POST", method: http.MethodPost, address: back, form: oneClick, want: 405},
		{name: "a very long token", method: http.MethodGet, address: r + strings.Repeat("A", 10_000), want: 404},
		{name: "a path out of the function", method: http.MethodGet, address: r + "..%2f..%2fetc%2fpasswd", want: 404},
		{name: "markup for a token", method: http.MethodGet, address: r + "%3Cscript%3Ealert(1)%3C%2Fscript%3E", want: 404},
		{name: "another header by the token", method: http.MethodGet, address: r + "x%0d%0aSet-Cookie:%20a=b", want: 404},
	}
	for at := 0; at < len(token(leave)); at += 7 {
		attacks = append(attacks,
			linkAttack{name: "a changed token to unsubscribe", method: http.MethodPost, address: flip(leave, at), form: oneClick, want: 404},
			linkAttack{name: "a cut off token", method: http.MethodPost, address: u + token(leave)[:at], form: oneClick, want: 404})
	}
	for at := 0; at < len(token(back)); at += 7 {
		attacks = append(attacks, linkAttack{name: "a changed token back", method: http.MethodGet, address: flip(back, at), want: 404})
	}
	w.refuseLinks(attacks)
	w.advance(80 * time.Hour)
	w.wantMails(ana, ana, ana)
}

// Another site cannot undo for a shopper what they chose. That it could unsubscribe them,
// had it their link, is what RFC 8058 wants. Promise 8.
func TestAttacksOnUndo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, leave := w.firstMail(nil)
	w.press(leave, "never")
	var attacks []linkAttack
	for _, choice := range []string{"undo-never", "undo-checkout", "checkout"} {
		for name, headers := range map[string][]string{
			"from another site":            {"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"},
			"from a sister site":           {"Sec-Fetch-Site", "same-site", "Origin", "https://other.example.com"},
			"from nowhere":                 {"Sec-Fetch-Site", "none"},
			"from an old browser":          {"Origin", "https://evil.example"},
			"from a frame without origin":  {"Origin", "null"},
			"with the host said otherwise": {"Origin", "https://evil.example", "X-Forwarded-Host", "evil.example", "Forwarded", "host=evil.example"},
		} {
			attacks = append(attacks, linkAttack{name: choice + " " + name, method: http.MethodPost, address: leave, form: "choice=" + choice, headers: headers, want: 403})
		}
	}
	w.refuseLinks(attacks)
	page := w.browse(http.StatusOK, http.MethodGet, leave, "")
	for name, want := range map[string]string{"X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "X-Robots-Tag": "noindex, nofollow", "Cache-Control": "no-store"} {
		if got := page.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if policy := page.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors 'none'") || !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is %q", policy)
	}
	w.advance(80 * time.Hour)
	w.wantMails(ana)
}

// Whatever stands in the database or in the request, a link leads to the store's hosts
// of today, and its answer has the headers that we write. Promise 8.
func TestAttacksByRedirect(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withConfig(storeYAML(`reminders: [{after: 30m, template: first, coupon: "A&discount=B#x \"<y>%0d%0aSet-Cookie:z"}]`)))
	back, _ := w.firstMail(nil)
	store := w.App.Service.Stores["default"]
	key := recovery.CheckoutKey("default", "chk_7f3a91")
	allowed := []string{"shop.example.com"}
	for _, tc := range []struct {
		address string // of the checkout, as if it were recorded so
		hosts   []string
		want    string // what the link leads to, up to its query
	}{
		{"https://shop.example.com/c", allowed, "https://shop.example.com/c"},
		{"https://shop.example.com/c", []string{"new.example.com"}, "https://shop.example.com/cart"}, // no longer allowed
		{"https://evil.example/", allowed, "https://shop.example.com/cart"},
		{"//evil.example/", allowed, "https://shop.example.com/cart"},
		{`/\evil.example`, allowed, "https://shop.example.com/cart"},
		{`https:\\evil.example`, allowed, "https://shop.example.com/cart"},
		{`https://evil.example\@shop.example.com/`, allowed, "https://shop.example.com/cart"},
		{"https://shop.example.com@evil.example/", allowed, "https://shop.example.com/cart"},
		{"https://shop.example.com:pw@evil.example/", allowed, "https://shop.example.com/cart"},
		{"https://evil.example#.shop.example.com", []string{"*.shop.example.com"}, "https://shop.example.com/cart"},
		{"https://evil.example\u3002shop.example.com/", []string{"*.shop.example.com"}, "https://shop.example.com/cart"},
		{"javascript:alert(1)", allowed, "https://shop.example.com/cart"},
		{"data:text/html,x", allowed, "https://shop.example.com/cart"},
		{"https://shop.example.com/\r\nSet-Cookie: a=b", allowed, "https://shop.example.com/cart"},
		{"https://shop.example.com/\nhttps://evil.example", allowed, "https://shop.example.com/cart"},
		{"https://shop.example.com/%0d%0aSet-Cookie:%20a=b", allowed, "https://shop.example.com/%0d%0aSet-Cookie:%20a=b"},
		{"https://shop.example.com/c?next=https://evil.example", allowed, "https://shop.example.com/c?next=https://evil.example&"},
	} {
		store.LinkHosts = tc.hosts
		err := w.App.Service.DB.UpdateCheckout(t.Context(), "default", key, recovery.CheckoutOnly, func(k recovery.Case) (recovery.Change, error) {
			k.Checkout.RecoverURL = tc.address
			return recovery.Change{Update: []*recovery.Checkout{k.Checkout}}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		a := w.browse(http.StatusFound, http.MethodGet, back+"?next=https://evil.example&url=//evil.example", "",
			"X-Forwarded-Host", "evil.example", "Forwarded", "host=evil.example", "Referer", "https://evil.example", "X-Original-URL", "//evil.example")
		to, err := url.Parse(a.Header.Get("Location"))
		if err != nil || !strings.HasPrefix(to.String(), tc.want) || to.Hostname() != "shop.example.com" || to.User != nil {
			t.Errorf("%q: led to %s, %v; want %s", tc.address, a.Header.Get("Location"), err, tc.want)
			continue
		}
		if q := to.Query(); q.Get("coupon") != store.Steps[0].Coupon || q.Has("discount") || to.Fragment != "" || len(q["utm_source"]) != 1 {
			t.Errorf("%q: the query is %v", tc.address, q)
		}
		if len(a.Header["Location"]) != 1 || a.Header.Get("Set-Cookie") != "" || a.Raw != "" || !slices.Equal(a.Header["Referrer-Policy"], []string{"no-referrer"}) {
			t.Errorf("%q: the headers are %v", tc.address, a.Header)
		}
	}
}
