package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/callerauth"
)

// attack is a request that must be refused, with nothing stored, enqueued or mailed.
type attack struct {
	name, path, body string
	headers          []string
	want             int
	field            string // that a 400 or 403 names
}

// shopYAML is the example store, whose links may lead to a few more hosts, and a second
// store with a key of its own.
func shopYAML() string {
	second := strings.TrimPrefix(storeYAML(`api_keys: ["env:SECOND_API_KEY"]`), "stores:\n")
	return storeYAML(`link_hosts: [shop.example.com, "*.pay.example.com"]`) + strings.Replace(second, "default:", "second:", 1)
}

// attacked is a system with one checkout, whose first mail has gone out. The events'
// key, if one is given, is the second store's.
func attacked(t *testing.T, eventsKey string) *world {
	t.Helper()
	w := newWorld(t, withConfig(shopYAML()), func(o *Options) {
		vars := map[string]string{"SECOND_API_KEY": "second's"}
		o.Lookup = func(name string) (string, bool) { v, ok := vars[name]; return v, ok }
	})
	if eventsKey != "" { // here the emulator's would speak for both
		verifier := callerauth.NewSendGrid(w.Clock.Now)
		if err := verifier.Add("second", eventsKey); err != nil {
			t.Fatal(err)
		}
		w.App.Events = verifier
	}
	w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
	w.advance(40 * time.Minute)
	w.wantMails(ana)
	return w
}

// refuse sends each attack, and checks that it changed nothing.
func (w *world) refuse(attacks []attack) {
	w.t.Helper()
	for _, a := range attacks {
		if a.path == "" {
			a.path = checkoutPath
		}
		before, pending := w.Firestore.Revision(), len(w.pending())
		got, err := w.try(a.path, a.body, a.headers...)
		fault, _ := got.Body["error"].(map[string]any)
		field, _ := fault["field"].(string)
		if err != nil || got.Status != a.want || field != a.field || fault["code"] == nil {
			w.t.Errorf("%s: got %d %s %v, want %d and the field %q", a.name, got.Status, got.Raw, err, a.want, a.field)
		}
		if w.Firestore.Revision() != before || len(w.pending()) != pending {
			w.t.Errorf("%s: something was stored", a.name)
		}
		if got.Header.Get("Access-Control-Allow-Origin") != "" || got.Header.Get("Set-Cookie") != "" || got.Header.Get("X-Content-Type-Options") != "nosniff" {
			w.t.Errorf("%s: the answer's headers are %v", a.name, got.Header)
		}
	}
	w.wantMails(ana)
}

// Who is not the store's backend gets nowhere. Promise 8.
func TestAttacksOnKeys(t *testing.T) {
	t.Parallel()
	w := attacked(t, "")
	whole := sample(t, "checkout.json")
	with := func(headers ...string) []string { return append([]string{"Authorization", ""}, headers...) }
	w.refuse([]attack{
		{name: "no key", body: whole, headers: with(), want: 401},
		{name: "a key in the address", path: checkoutPath + "?key=local&api_key=local&access_token=local", body: whole, headers: with(), want: 401},
		{name: "a key in the body", body: sampleBody(t, "checkout.json", body{"api_key": "local", "authorization": "Bearer local"}), headers: with(), want: 401},
		{name: "a key as user and password", body: whole, headers: []string{"Authorization", "Basic bG9jYWw6bG9jYWw="}, want: 401},
		{name: "a key and more", body: whole, headers: []string{"Authorization", "Bearer local, Bearer second's"}, want: 401},
		{name: "a key in other case", body: whole, headers: []string{"Authorization", "Bearer LOCAL"}, want: 401},
		{name: "another store's key", body: sampleBody(t, "checkout.json", body{"store": "default"}), headers: []string{"Authorization", "Bearer second's"}, want: 403, field: "store"},
		{name: "another store's order", path: orderPath, body: sampleBody(t, "order.json", body{"store": "second"}), want: 403, field: "store"},
		{name: "another store, named twice", body: `{"store":"default","email":"a@b.example","store":"second"}`, want: 403, field: "store"},
		{name: "a store that is none", body: `{"store":"__proto__","email":"a@b.example"}`, want: 403, field: "store"},
		{name: "a store that is a path", body: `{"store":"default/checkouts/x","email":"a@b.example"}`, want: 403, field: "store"},
	})
	// The second store's key speaks for the second store: the first's checkout stays.
	w.post(http.StatusOK, orderPath, sampleBody(t, "order.json", nil), "Authorization", "Bearer second's")
	w.wantStates(w.checkoutNow(sample(t, "checkout.json")), "sent", "scheduled", "scheduled")
}

// A page in a browser that the merchant or the shopper has open cannot act for them:
// nothing goes by cookies, and no answer lets another origin read it.
func TestAttacksAcrossSites(t *testing.T) {
	t.Parallel()
	w := attacked(t, "")
	from := func(headers ...string) []string {
		return append([]string{"Authorization", "", "Origin", "https://evil.example.net", "Sec-Fetch-Site", "cross-site", "Cookie", "session=local; key=local"}, headers...)
	}
	form := "email=a%40b.example&store=default"
	w.refuse([]attack{
		{name: "a form", body: form, headers: from("Content-Type", "application/x-www-form-urlencoded"), want: 401},
		{name: "a form of plain text that is JSON", body: `{"email":"a@b.example","x":"="}`, headers: from("Content-Type", "text/plain"), want: 401},
		{name: "a form with files", body: "--x\r\n\r\n--x--", headers: from("Content-Type", "multipart/form-data; boundary=x"), want: 401},
		{name: "an order's form", path: orderPath, body: form, headers: from("Content-Type", "application/x-www-form-urlencoded"), want: 401},
		{name: "a form to Remind", path: "/tasks/remind", body: form, headers: from(), want: 401},
		{name: "a form to Sweep", path: "/tasks/sweep", body: form, headers: from(), want: 401},
		{name: "a form to SendGridEvents", path: "/webhooks/sendgrid", body: "[]", headers: from("Content-Type", "text/plain"), want: 401},
		{name: "a form with the key", body: form, headers: []string{"Content-Type", "multipart/form-data; boundary=x"}, want: 415},
		{name: "a form of fields with the key", body: form, headers: []string{"Content-Type", "application/x-www-form-urlencoded"}, want: 400},
		{name: "another method by a header", body: "", headers: from("X-HTTP-Method-Override", "GET"), want: 401},
	})
	for _, method := range []string{http.MethodOptions, http.MethodGet, http.MethodTrace, http.MethodPatch, "BREW"} {
		req, err := http.NewRequestWithContext(t.Context(), method, w.FunctionsURL+checkoutPath, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", "https://evil.example.net")
		req.Header.Set("Access-Control-Request-Headers", "authorization")
		if a, err := do(req); err != nil || a.Status != http.StatusMethodNotAllowed || a.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: got %d, headers %v, %v; want 405 and no other origin let in", method, a.Status, a.Header, err)
		}
	}
}

// No link leads away from the store's hosts: such a checkout is refused, whatever
// parser its link was made for.
func TestAttacksByLinks(t *testing.T) {
	t.Parallel()
	w := attacked(t, "")
	var attacks []attack
	for _, link := range []string{
		"https://evil.example.net/", "//evil.example.net/", "///evil.example.net/", `/\evil.example.net`, "https:evil.example.net", "https:/evil.example.net",
		"https:///evil.example.net", `https:\\evil.example.net`, `https://evil.example.net\@shop.example.com`, `https://shop.example.com\@evil.example.net`,
		"https://shop.example.com@evil.example.net", "https://shop.example.com:443@evil.example.net", "https://user:pw@shop.example.com/", "https://@shop.example.com/",
		"https://shop.example.com.evil.example.net", "https://shop.example.community", "https://evilshop.example.com", "https://shop-example.com", "https://shop.example.com./",
		"https://pay.example.com.evil.example.net", "https://evilpay.example.com", "https://pay.example.com",
		"https://evil.example.net\u3002pay.example.com", "https://evil.example.net\uff0fx.pay.example.com", "https://evil.example.net%2f.pay.example.com", "https://evil.example.net%E3%80%82pay.example.com",
		"https://evil.example.net?.pay.example.com", "https://evil.example.net#.pay.example.com", "https://evil.example.net;.pay.example.com/\u0000",
		"https://sh\u043ep.example.com", "https://shop.example.com\u00ad", "https://shop\u200b.example.com", "https://\u202eshop.example.com",
		"https://127.0.0.1/", "https://[::1]/", "https://0x7f000001/", "https://localhost/", "https://shop.example.com:x/",
		"javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)", "javascript://shop.example.com/%0aalert(1)", "data:text/html,x", "vbscript:x",
		"file:///etc/passwd", "ftp://shop.example.com/", "mailto:a@shop.example.com", "intent://shop.example.com/", "https://shop.example.com/\" onclick=\"x", "https://shop.example.com/<script>", "https://shop.example.com/a\r\nBcc: x",
	} {
		attacks = append(
			attacks,
			attack{name: "back to " + link, body: toJSON(t, body{"email": "a@b.example", "recover_url": link}), want: 400, field: "recover_url"},
			attack{name: "an item at " + link, body: toJSON(t, body{"email": "a@b.example", "items": []body{{"title": "x", "url": link}}}), want: 400, field: "items[0].url"},
		)
	}
	for _, link := range []string{"http://cdn.example.net/1.jpg", "javascript:alert(1)", "data:image/svg+xml,<svg onload=alert(1)>", `https://cdn.example.net/1.jpg" onerror="x`, "//cdn.example.net/1.jpg", "https://u:p@cdn.example.net/", "blob:https://x"} {
		attacks = append(attacks, attack{name: "a picture at " + link, body: toJSON(t, body{"email": "a@b.example", "items": []body{{"title": "x", "image_url": link}}}), want: 400, field: "items[0].image_url"})
	}
	w.refuse(attacks)

	// And what is let in is led to as it is.
	good := []string{"https://shop.example.com/c?a=1&next=https://evil.example.net", "HTTPS://SHOP.example.com/", "https://a.b.pay.example.com:8443/x"}
	for i, link := range good {
		w.post(http.StatusCreated, checkoutPath, toJSON(t, body{"email": string(rune('a'+i)) + "@example.net", "recover_url": link}))
	}
	w.advance(31 * time.Minute)
	mails := w.mails()[1:]
	for _, m := range mails {
		back, _ := linksOf(t, m)
		to := w.click(back)
		if !slices.ContainsFunc(good, func(link string) bool { return strings.HasPrefix(strings.ToLower(to), strings.ToLower(link)) }) {
			t.Errorf("%s is led to %s", m.To, to)
		}
	}
	if len(mails) != len(good) {
		t.Errorf("%d mails, want %d", len(mails), len(good))
	}
}
