package functions

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/comeback-checkout/comeback/internal/address"
	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/recovery/recoverytest"
)

// The fields of a checkout and an order whose values are text, as a path.
var (
	checkoutTexts = []string{
		"checkout_id", "email", "cart_id", "customer.id", "customer.first_name", "customer.last_name", "locale", "timezone",
		"currency", "total", "items.id", "items.title", "items.variant", "items.price", "items.image_url", "items.url",
		"recover_url", "consent.wording", "consent.at", "abandoned_at", "updated_at", "store",
	}
	orderTexts = []string{"order_id", "checkout_id", "cart_id", "email", "currency", "total", "placed_at", "store"}
)

const wholeCheckout = `{"checkout_id":"c","cart_id":"k","email":"Ana@example.net","customer":{"id":"7","first_name":"Ana","last_name":"Lima"},
	"locale":"pt-BR","timezone":"America/Sao_Paulo","accepts_marketing":true,"consent":{"wording":"Yes","at":"2026-11-23T11:00:00Z"},"currency":"BRL","total":"1289.70",
	"items":[{"id":"s","title":"Shoes","variant":"41","quantity":2,"price":"1.5","image_url":"https://cdn.example.net/1.jpg","url":"https://shop.example.com/p"}],
	"recover_url":"https://shop.example.com/c","abandoned_at":"2026-11-23T11:59:00Z","updated_at":"2026-11-23T12:00:00+01:00","test":false,"store":"default"}`

const wholeOrder = `{"order_id":"o","checkout_id":"c","cart_id":"k","email":"ana@example.net","currency":"JPY","total":"12","placed_at":"2026-11-23T12:00:00Z"}`

// FuzzCheckout looks for a body that is neither refused with nothing stored nor
// within all the limits.
func FuzzCheckout(f *testing.F) {
	for _, body := range append(oddJSON(), wholeCheckout, `{"email":"a@b.example"}`, `{"email":"a@b.example","items":[{}],"customer":null}`) {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) { checkCheckout(t, body) })
}

// FuzzCheckoutText does the same with one field's text, which mutations of a whole
// body hardly reach.
func FuzzCheckoutText(f *testing.F) {
	for i := range checkoutTexts {
		for _, text := range oddText() {
			f.Add(uint8(i), text)
		}
	}
	f.Fuzz(func(t *testing.T, field uint8, text string) {
		checkCheckout(t, withText(t, wholeCheckout, checkoutTexts[int(field)%len(checkoutTexts)], text))
	})
}

// FuzzOrder looks for an order that is refused and stored, or accepted and joined to
// nothing that it names.
func FuzzOrder(f *testing.F) {
	for _, body := range append(oddJSON(), wholeOrder, `{"order_id":"1","email":"a@b.example"}`) {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) { checkOrder(t, body) })
}

// FuzzOrderText does the same with one field's text.
func FuzzOrderText(f *testing.F) {
	for i := range orderTexts {
		for _, text := range oddText() {
			f.Add(uint8(i), text)
		}
	}
	f.Fuzz(func(t *testing.T, field uint8, text string) {
		checkOrder(t, withText(t, wholeOrder, orderTexts[int(field)%len(orderTexts)], text))
	})
}

// oddJSON are bodies that decoders trip over.
func oddJSON() []string {
	return []string{
		"", "null", "[]", "{", "{}", `{"email":1e1000000}`, `{"email":"a@b.example","email":"c@d.example"}`, `{"Email":"a@b.example"}`,
		`{"email":"a@b.example"}{}`, "\xef\xbb\xbf{}", "{\"email\":\"\xff\"}", `{"email":"\ud800@b.example"}`, `{"email":"a@b.example\u0000"}`,
		`{"a":` + strings.Repeat("[", 20_000), strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000),
		`{"email":"a@b.example","total":1.0,"items":[[]],"customer":[]}`,
	}
}

// oddText are values that come near to what some field takes.
func oddText() []string {
	return []string{
		"", "ana@example.net", `"a b"@example.net`, "a@b.1234567890123456789012", "a@xn--bcher-kva.example", "ana@example.net\r\nBcc: b@c.example",
		"pt-BR", "zh-Hant-TW-u-ca-chinese", "America/Sao_Paulo", "../../etc/passwd", "EUR", "eur", "0.10", "999999999999999.99", "1e3", "-1", "٣",
		"2026-11-23T11:00:00Z", "9999-12-31T23:59:60Z", "https://shop.example.com/", "https://shop.example.com@evil.example.net/", "javascript:alert(1)",
		"https:/\\evil.example.net", "//evil.example.net", "https://sub.shop.example.com\u3002evil.example.net/", "https://[::1]/", "<b>{{.}}</b>", "\u202e", strings.Repeat("ä", 200),
	}
}

// withText sets the field at the path to a text.
func withText(t *testing.T, body, path, text string) []byte {
	t.Helper()
	var whole map[string]any
	if err := json.Unmarshal([]byte(body), &whole); err != nil {
		t.Fatal(err)
	}
	at := whole
	outer, field, nested := strings.Cut(path, ".")
	switch in := whole[outer].(type) {
	case map[string]any:
		at = in
	case []any:
		at = in[0].(map[string]any)
	}
	if !nested {
		at, field = whole, path
	}
	at[field] = text
	b, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// call posts a body to the shop of the fuzz targets, and checks what holds for every
// answer. It returns the status.
func call(t *testing.T, s *shop, path string, body []byte) int {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(string(body)))
	r.Header.Set("Authorization", "Bearer key")
	w := httptest.NewRecorder()
	Handler(s.App).ServeHTTP(w, r)
	lines := s.take()
	if strings.Count(lines, "\n") != 1 || strings.Contains(lines, "@") || !harmless.MatchString(lines) {
		t.Errorf("the log holds more than one line of words and hashes: %s", lines)
	}
	if w.Code < 300 {
		return w.Code
	}
	var answer struct {
		Error struct{ Code, Message, Field string }
	}
	err := json.Unmarshal(w.Body.Bytes(), &answer)
	if err != nil || answer.Error.Code == "" || answer.Error.Message == "" {
		t.Errorf("%d: got %s, want an error with code and message", w.Code, w.Body)
	}
	whole := map[string]json.RawMessage{}
	isObject := utf8.Valid(body) && json.Unmarshal(body, &whole) == nil && whole != nil
	switch {
	case w.Code == http.StatusRequestEntityTooLarge && len(body) > callerLimit, w.Code == http.StatusForbidden && answer.Error.Field == "store":
	case w.Code != http.StatusBadRequest, isObject != (answer.Error.Field != ""):
		t.Errorf("got %d %s, want a 400 that names a field if the body is an object", w.Code, w.Body)
	}
	if len(s.db.Checkouts()) != 0 || len(s.Service.Queue.(*recoverytest.Queue).Pending()) != 0 {
		t.Errorf("%d: something was stored", w.Code)
	}
	return w.Code
}

// harmless is a log line that nothing of the caller's is in, but hashes and names of fields.
var harmless = regexp.MustCompile(`^\{("[a-z]+":("[A-Za-z]+"|"[a-z_]+(\[\d+\])?(\.[a-z_]+)?"|"[a-z2-7]{26}"|""|\d+),?)+\}\n$`)

func fuzzShop() *shop {
	s := open()
	s.Service.Stores["default"].LinkHosts = linkHosts
	return s
}

var linkHosts = []string{"shop.example.com", "*.shop.example.com"}

func checkCheckout(t *testing.T, body []byte) {
	t.Helper()
	s := fuzzShop()
	if call(t, s, "/checkout", body) >= 300 {
		return
	}
	stored := s.db.Checkouts()
	if len(stored) != 1 || len(stored[0].Reminders) != 3 {
		t.Fatalf("got %d checkouts, want one with three reminders", len(stored))
	}
	withinLimits(t, stored[0])
	if status := call(t, s, "/checkout", withID(t, body, stored[0].ID)); status != http.StatusOK {
		t.Errorf("the same again: got %d, want 200", status)
	}
	if again := s.db.Checkouts(); len(again) != 1 || again[0].Generation != 1 {
		t.Errorf("the same again made %d checkouts", len(again))
	}
}

func withID(t *testing.T, body []byte, id string) []byte {
	t.Helper()
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(body, &whole); err != nil {
		t.Fatal(err)
	}
	whole["checkout_id"], _ = json.Marshal(id) // a string is never refused
	b, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// withinLimits checks a stored checkout against the contract, without the decoder's
// own words for it.
func withinLimits(t *testing.T, c *recovery.Checkout) {
	t.Helper()
	within := func(limit int, texts ...string) {
		for _, text := range texts {
			if n := utf8.RuneCountInString(text); n > limit {
				t.Errorf("%d characters of %.40q…, want at most %d", n, text, limit)
			}
		}
	}
	within(200, c.ID, c.CartID, c.Customer.ID)
	within(100, c.Customer.FirstName, c.Customer.LastName, c.Locale, c.TimeZone)
	within(254, c.Email)
	within(2048, c.RecoverURL)
	links, amounts := []string{c.RecoverURL}, []*recovery.Money{c.Total}
	for _, it := range c.Items {
		within(200, it.ID)
		within(500, it.Title, it.Variant)
		within(2048, it.ImageURL, it.URL)
		links, amounts = append(links, it.URL), append(amounts, it.Price)
		if it.Quantity < 1 || it.Quantity > 99_999 {
			t.Errorf("quantity %d", it.Quantity)
		}
		if it.ImageURL != "" && !strings.HasPrefix(strings.ToLower(it.ImageURL), "https://") {
			t.Errorf("picture %q", it.ImageURL)
		}
	}
	for _, link := range links {
		if host := browserHost(link); link != "" && host != "shop.example.com" && !strings.HasSuffix(host, ".shop.example.com") {
			t.Errorf("%q leads to %q", link, host)
		}
	}
	for _, m := range amounts {
		if m != nil && (m.Minor < 0 || len(m.Currency) != 3) {
			t.Errorf("amount %+v", *m)
		}
	}
	if len(c.Items) > 250 || c.T.Sub(noon) > 5*time.Minute || c.ExpiresAt.Before(noon) {
		t.Errorf("%d items, T %v, expiry %v", len(c.Items), c.T, c.ExpiresAt)
	}
	if at := strings.LastIndexByte(c.Email, '@'); at < 1 || c.Email != address.Normal(c.Email) || strings.ContainsAny(c.Email, " \r\n\x00<>,") || !strings.Contains(c.Email[at:], ".") {
		t.Errorf("address %q", c.Email)
	}
	if top := c.Email[strings.LastIndexByte(c.Email, '.')+1:]; strings.Trim(top, "0123456789") == "" {
		t.Errorf("address %q, at a number", c.Email)
	}
}

// browserHost is where a browser would go: it takes \ for /, any number of slashes,
// and some foreign stops for a dot, whatever a parser of strict URLs says.
func browserHost(link string) string {
	_, rest, _ := strings.Cut(link, ":")
	rest = strings.TrimLeft(rest, `/\`)
	if end := strings.IndexAny(rest, `/\?#`); end >= 0 {
		rest = rest[:end]
	}
	rest = rest[strings.LastIndexByte(rest, '@')+1:]
	host, _, _ := strings.Cut(rest, ":")
	return strings.ToLower(strings.NewReplacer("\u3002", ".", "\uff0e", ".", "\uff61", ".").Replace(host))
}

func checkOrder(t *testing.T, body []byte) {
	t.Helper()
	s := fuzzShop()
	if call(t, s, "/order", body) >= 300 {
		return
	}
	if status := call(t, s, "/order", body); status != http.StatusOK {
		t.Errorf("the same again: got %d, want 200", status)
	}
	var named struct {
		CheckoutID string `json:"checkout_id"`
	}
	if json.Unmarshal(body, &named) != nil || named.CheckoutID == "" {
		return
	}
	// What the order named must not be mailed, whatever else stood in it.
	checkout, err := json.Marshal(map[string]string{"checkout_id": named.CheckoutID, "email": "somebody@example.net"})
	if err != nil {
		t.Fatal(err)
	}
	call(t, s, "/checkout", checkout)
	for _, c := range s.db.Checkouts() {
		for id, r := range c.Reminders {
			if r.Open() {
				t.Errorf("reminder %s of an ordered checkout is %s", id, r.State)
			}
		}
	}
}
