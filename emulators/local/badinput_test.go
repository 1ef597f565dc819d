package main

import (
	"net/http"
	"strings"
	"testing"
)

// Every kind of bad input is refused with the field's name, and nothing is stored.
func TestBadInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	items := func(n int) []body {
		list := make([]body, n)
		for i := range list {
			list[i] = body{"id": "sku"}
		}
		return list
	}
	change := func(changes body) string { return sampleBody(t, "checkout.json", changes) }
	item := func(changes body) string { return change(body{"items": []body{changes}}) }
	for name, tc := range map[string]struct {
		path, body, field string
		status            int
		headers           []string
	}{
		"not JSON":               {body: "hello", status: 400},
		"an array":               {body: "[]", status: 400},
		"null":                   {body: "null", status: 400},
		"empty":                  {body: "", status: 400},
		"trailing garbage":       {body: sample(t, "checkout.json") + "x", status: 400},
		"two objects":            {body: "{\"email\":\"a@b.example\"}{}", status: 400},
		"invalid UTF-8":          {body: "{\"email\":\"a@b.example\",\"locale\":\"\xff\"}", status: 400},
		"257 KiB":                {body: change(body{"padding": strings.Repeat("x", 257<<10)}), status: 413},
		"no key":                 {body: sample(t, "checkout.json"), headers: []string{"Authorization", ""}, status: 401},
		"a wrong key":            {body: sample(t, "checkout.json"), headers: []string{"Authorization", "Bearer guess"}, status: 401},
		"a key of another form":  {body: sample(t, "checkout.json"), headers: []string{"Authorization", "Basic bG9jYWw="}, status: 401},
		"XML":                    {body: "<email/>", headers: []string{"Content-Type", "application/xml"}, status: 415},
		"compressed":             {body: "x", headers: []string{"Content-Encoding", "gzip"}, status: 415},
		"another store":          {body: change(body{"store": "other"}), field: "store", status: 403},
		"no address":             {body: "{}", field: "email", status: 400},
		"a null address":         {body: change(body{"email": nil, "Email": "a@b.example"}), field: "email", status: 400},
		"an address of a number": {body: change(body{"email": 7}), field: "email", status: 400},
		"no domain":              {body: change(body{"email": "ana"}), field: "email", status: 400},
		"an empty domain":        {body: change(body{"email": "ana@"}), field: "email", status: 400},
		"a domain without a dot": {body: change(body{"email": "ana@localhost"}), field: "email", status: 400},
		"two addresses":          {body: change(body{"email": "a@b.example, c@d.example"}), field: "email", status: 400},
		"a named address":        {body: change(body{"email": "Ana <a@b.example>"}), field: "email", status: 400},
		"a line break in it":     {body: change(body{"email": "a@b.example\r\nBcc: c@d.example"}), field: "email", status: 400},
		"a long address":         {body: change(body{"email": strings.Repeat("a", 250) + "@b.example"}), field: "email", status: 400},
		"a long local part":      {body: change(body{"email": strings.Repeat("a", 65) + "@b.example"}), field: "email", status: 400},
		"a long label":           {body: change(body{"email": "a@" + strings.Repeat("b", 64) + ".example"}), field: "email", status: 400},
		"an IP address":          {body: change(body{"email": "a@1.2.3.4"}), field: "email", status: 400},
		"a turned-round address": {body: change(body{"email": "a\u202e@b.example"}), field: "email", status: 400},
		"an ID of a number":      {body: change(body{"checkout_id": 1}), field: "checkout_id", status: 400},
		"a long ID":              {body: change(body{"checkout_id": strings.Repeat("x", 201)}), field: "checkout_id", status: 400},
		"a long name":            {body: change(body{"customer": body{"first_name": strings.Repeat("ä", 101)}}), field: "customer.first_name", status: 400},
		"a customer of text":     {body: change(body{"customer": "Ana"}), field: "customer", status: 400},
		"consent in the future":  {body: change(body{"consent": body{"wording": "yes", "at": "2030-01-01T00:00:00Z"}}), field: "consent.at", status: 400},
		"consent as text":        {body: change(body{"accepts_marketing": "yes"}), field: "accepts_marketing", status: 400},
		"test as text":           {body: change(body{"test": "true"}), field: "test", status: 400},
		"a malformed locale":     {body: change(body{"locale": "pt_BR_!"}), field: "locale", status: 400},
		"a locale of POSIX":      {body: change(body{"locale": "pt_BR"}), field: "locale", status: 400},
		"an unknown time zone":   {body: change(body{"timezone": "Mars/Olympus"}), field: "timezone", status: 400},
		"the machine's zone":     {body: change(body{"timezone": "Local"}), field: "timezone", status: 400},
		"a negative total":       {body: change(body{"total": "-1.00"}), field: "total", status: 400},
		"a malformed total":      {body: change(body{"total": "1,00"}), field: "total", status: 400},
		"a total of a number":    {body: change(body{"total": 12.5}), field: "total", status: 400},
		"too many decimals":      {body: change(body{"total": "1.999"}), field: "total", status: 400},
		"an unknown currency":    {body: change(body{"currency": "XYZ"}), field: "currency", status: 400},
		"no currency":            {body: change(body{"currency": nil}), field: "currency", status: 400},
		"no time":                {body: change(body{"abandoned_at": "yesterday"}), field: "abandoned_at", status: 400},
		"a time of a number":     {body: change(body{"abandoned_at": 1}), field: "abandoned_at", status: 400},
		"six minutes ahead":      {body: change(body{"updated_at": "2026-11-20T17:36:30Z"}), field: "updated_at", status: 400},
		"javascript:":            {body: change(body{"recover_url": "javascript:alert(1)"}), field: "recover_url", status: 400},
		"another host":           {body: change(body{"recover_url": "https://evil.example.net/"}), field: "recover_url", status: 400},
		"a host in disguise":     {body: change(body{"recover_url": "https://shop.example.com@evil.example.net/"}), field: "recover_url", status: 400},
		"a look-alike host":      {body: change(body{"recover_url": "https://shop.example.com.evil.example.net/"}), field: "recover_url", status: 400},
		"a backslash":            {body: change(body{"recover_url": "https:\\\\shop.example.com\\@evil.example.net"}), field: "recover_url", status: 400},
		"a space in a URL":       {body: change(body{"recover_url": "https://shop.example.com/a b"}), field: "recover_url", status: 400},
		"no scheme":              {body: change(body{"recover_url": "//shop.example.com/"}), field: "recover_url", status: 400},
		"a long URL":             {body: change(body{"recover_url": "https://shop.example.com/" + strings.Repeat("x", 2048)}), field: "recover_url", status: 400},
		"items of text":          {body: change(body{"items": "shoes"}), field: "items", status: 400},
		"an item of text":        {body: change(body{"items": []string{"shoes"}}), field: "items[0]", status: 400},
		"251 items":              {body: change(body{"items": items(251)}), field: "items", status: 400},
		"an item's foreign URL":  {body: item(body{"url": "https://evil.example.net/"}), field: "items[0].url", status: 400},
		"a picture by http":      {body: item(body{"image_url": "http://shop.example.com/1.jpg"}), field: "items[0].image_url", status: 400},
		"a picture by data:":     {body: item(body{"image_url": "data:image/png;base64,AA"}), field: "items[0].image_url", status: 400},
		"a long title":           {body: item(body{"title": strings.Repeat("x", 501)}), field: "items[0].title", status: 400},
		"no pieces":              {body: item(body{"quantity": 0}), field: "items[0].quantity", status: 400},
		"too many pieces":        {body: item(body{"quantity": 100_000}), field: "items[0].quantity", status: 400},
		"half a piece":           {body: item(body{"quantity": 1.5}), field: "items[0].quantity", status: 400},
		"a negative price":       {body: item(body{"price": "-0.01"}), field: "items[0].price", status: 400},

		"an order without an ID":     {path: orderPath, body: `{"email":"a@b.example"}`, field: "order_id", status: 400},
		"an order of nobody":         {path: orderPath, body: `{"order_id":"1"}`, field: "email", status: 400},
		"an order's bad address":     {path: orderPath, body: `{"order_id":"1","email":"x"}`, field: "email", status: 400},
		"an order's bad total":       {path: orderPath, body: `{"order_id":"1","email":"a@b.example","currency":"EUR","total":"x"}`, field: "total", status: 400},
		"an order's bad time":        {path: orderPath, body: `{"order_id":"1","email":"a@b.example","placed_at":"x"}`, field: "placed_at", status: 400},
		"an order with no key":       {path: orderPath, body: sample(t, "order.json"), headers: []string{"Authorization", ""}, status: 401},
		"the replaced form, no mail": {path: "/api/checkout", body: `{"email":"a@b.example"}`, field: "email_id", status: 400},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.path == "" {
				tc.path = checkoutPath
			}
			revision := w.Firestore.Revision()
			a := w.post(tc.status, tc.path, tc.body, tc.headers...)
			fault, _ := a.Body["error"].(map[string]any)
			if fault["code"] == nil || fault["message"] == nil {
				t.Errorf("got %s, want an error with code and message", a.Raw)
			}
			if field, _ := fault["field"].(string); field != tc.field {
				t.Errorf("the error names the field %q, want %q: %s", field, tc.field, a.Raw)
			}
			if w.Firestore.Revision() != revision || len(w.pending()) != 0 {
				t.Error("something was stored")
			}
		})
	}
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete, http.MethodHead} {
		req, _ := http.NewRequestWithContext(t.Context(), method, w.FunctionsURL+checkoutPath, nil)
		if a, err := do(req); err != nil || a.Status != http.StatusMethodNotAllowed || a.Header.Get("Allow") != http.MethodPost {
			t.Errorf("%s: got %d, Allow %q, %v", method, a.Status, a.Header.Get("Allow"), err)
		}
	}
}

// All that the contract allows is accepted.
func TestGoodInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	change := func(changes body) string { return sampleBody(t, "checkout.json", changes) }
	item := func(changes body) string { return change(body{"items": []body{changes}}) }
	for name, requestBody := range map[string]string{
		"minimal":                   sample(t, "checkout-minimal.json"),
		"a picture on a CDN":        item(body{"image_url": "https://cdn.pictures.example.net/301.jpg?w=200"}),
		"unknown fields":            change(body{"utm_source": "x", "nested": body{"a": []int{1}}}),
		"nulls":                     change(body{"customer": nil, "items": nil}),
		"zero decimals of a yen":    change(body{"currency": "JPY", "total": "1290.00", "items": nil}),
		"three decimals of a dinar": change(body{"currency": "KWD", "total": "1.290", "items": nil}),
		"250 items": change(body{"items": func() (list []body) {
			for range 250 {
				list = append(list, body{"title": "Sock"})
			}
			return list
		}()}),
		"limits of text":           change(body{"checkout_id": strings.Repeat("ä", 200), "customer": body{"first_name": strings.Repeat("ä", 100)}}),
		"http":                     change(body{"recover_url": "http://shop.example.com/x"}),
		"four minutes ahead":       change(body{"updated_at": "2026-11-20T17:34:00Z"}),
		"another time zone's time": change(body{"abandoned_at": "2026-11-20T14:30:00.123456789-03:00"}),
		"a script in the locale":   change(body{"locale": "zh-Hant-TW"}),
		"an unusual address":       change(body{"email": " First.Last+tag@sub.example.co.uk "}),
		"an international domain":  change(body{"email": "ana@bücher.example"}),
		"no pieces told":           item(body{"title": "Sock"}),
	} {
		t.Run(name, func(t *testing.T) {
			if a, err := w.try(checkoutPath, requestBody); err != nil || a.Status/100 != 2 {
				t.Errorf("got %d %s %v", a.Status, a.Raw, err)
			}
		})
	}
}

// A checkout without an ID gets one: from the Idempotency-Key, else from the cart,
// else a new one.
func TestCheckoutIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := func(want int, requestBody string, headers ...string) any {
		return w.post(want, checkoutPath, requestBody, headers...).Body["checkout_id"]
	}
	key := []string{"Idempotency-Key", "a key of the caller's"}
	if a, b := id(201, `{"email":"a@example.net"}`, key...), id(200, `{"email":"a@example.net"}`, key...); a != b {
		t.Errorf("one key made %v and %v", a, b)
	}
	if a, b := id(201, `{"email":"b@example.net","cart_id":"7"}`), id(200, `{"email":"b@example.net","cart_id":"7"}`); a != b {
		t.Errorf("one cart made %v and %v", a, b)
	}
	if a, b := id(201, `{"email":"c@example.net"}`), id(201, `{"email":"c@example.net"}`); a == b {
		t.Errorf("two checkouts without anything share the ID %v", a)
	}
}
