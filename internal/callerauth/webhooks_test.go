package callerauth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
)

func hmacOf(secret, body string) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return mac.Sum(nil)
}

func sign64(secret, body string) string {
	return base64.StdEncoding.EncodeToString(hmacOf(secret, body))
}

// Promise 8: a secret speaks for its own store only, over the very body.
func TestWebhooks(t *testing.T) {
	t.Parallel()
	const body = `{"id":1}`
	var w Webhooks
	w.Add("north", "north.myshopify.com", "new", "old")
	w.Add("south", "south.myshopify.com", "south", "shared")
	w.Add("west", "west.myshopify.com", "shared", "")
	w.Add("tea", "tea.example/", "tea", "both")
	w.Add("us", "tea.example/us", "us", "both")
	for _, c := range []struct {
		name, source, signature, body string
		want                          string // "": refused
	}{
		{"the first secret", "north.myshopify.com", sign64("new", body), body, "north"},
		{"the second", "north.myshopify.com", sign64("old", body), body, "north"},
		{"spaces around it", "north.myshopify.com", " " + sign64("old", body) + "\n", body, "north"},
		{"one app for two shops", "south.myshopify.com", sign64("shared", body), body, "south"},
		{"the other of them", "west.myshopify.com", sign64("shared", body), body, "west"},
		{"a language's address", "tea.example/de", sign64("tea", body), body, "tea"},
		{"another's", "tea.example/us/en", sign64("both", body), body, "us"},
		{"the shop above", "tea.example/usa", sign64("both", body), body, "tea"},
		{"that of a shop below", "tea.example/", sign64("us", body), body, ""},
		{"a host with a longer name", "tea.example.net/", sign64("tea", body), body, ""},
		{"a path on Shopify", "north.myshopify.com/de", sign64("new", body), body, ""},
		{"no body", "north.myshopify.com", sign64("new", ""), "", "north"},
		{"another store's secret", "north.myshopify.com", sign64("south", body), body, ""},
		{"an unknown shop", "east.myshopify.com", sign64("new", body), body, ""},
		{"no shop", "", sign64("new", body), body, ""},
		{"an empty secret", "west.myshopify.com", sign64("", body), body, ""},
		{"another body", "north.myshopify.com", sign64("new", body), body + " ", ""},
		{"none", "north.myshopify.com", "", body, ""},
		{"in hex", "north.myshopify.com", hex.EncodeToString(hmacOf("new", body)), body, ""},
		{"in URL base64", "north.myshopify.com", strings.ReplaceAll(strings.ReplaceAll(sign64("new", body), "+", "-"), "/", "_") + "!", body, ""},
		{"cut", "north.myshopify.com", sign64("new", body)[:40], body, ""},
		{"the first half", "north.myshopify.com", base64.StdEncoding.EncodeToString(hmacOf("new", body)[:16]), body, ""},
		{"more", "north.myshopify.com", base64.StdEncoding.EncodeToString(append(hmacOf("new", body), 0)), body, ""},
		{"two", "north.myshopify.com", sign64("new", body) + "," + sign64("old", body), body, ""},
	} {
		got, err := w.Store(c.source, c.signature, []byte(c.body))
		if got != c.want || (err == nil) != (c.want != "") || err != nil && !errors.Is(err, ErrUnauthorized) {
			t.Errorf("%s: got %q, %v; want %q", c.name, got, err, c.want)
		}
	}
	if _, err := (&Webhooks{}).Store("", sign64("", ""), nil); !errors.Is(err, ErrUnauthorized) {
		t.Errorf("no shops at all: got %v, want ErrUnauthorized", err)
	}
}

func TestWebhookSources(t *testing.T) {
	t.Parallel()
	if got := ShopifySource(" North.MyShopify.com"); got != "north.myshopify.com" {
		t.Errorf("got %q", got)
	}
	same := []string{"https://Shop.example.de/", "http://shop.example.de", "shop.example.de/", "HTTPS://shop.example.de//", "https://shop.example.de/?lang=de", "https://shop.example.de?lang=de"}
	for _, s := range same {
		if got := WooCommerceSource(s); got != "shop.example.de/" {
			t.Errorf("%q: got %q", s, got)
		}
	}
	for _, other := range []string{"https://www.shop.example.de/", "https://shop.example.de:8443/", "https://shop.example.de/en/", "https://shop.example.de.evil.example.net/", "https://shop.example.de@evil.example.net/", "ftp://shop.example.de/", ""} {
		if got := WooCommerceSource(other); got == "shop.example.de/" {
			t.Errorf("%q is taken for the shop", other)
		}
	}
	if WooCommerceSource("https://a.example/Shop/") != WooCommerceSource("http://a.example/Shop") || WooCommerceSource("https://a.example/Shop") == WooCommerceSource("https://a.example/shop") {
		t.Error("paths are not compared as they are")
	}
}

func TestWooCommerceSecrets(t *testing.T) {
	t.Parallel()
	for secret, want := range map[string][]string{
		"plain":                     {"plain"},
		"a&b":                       {"a&b"},
		"a&amp;b":                   {"a&amp;b", "a&b"},
		"&lt;&gt;&quot;&#039;&#39;": {"&lt;&gt;&quot;&#039;&#39;", `<>"''`},
		"&#x27;&#X0022;&#0038;":     {"&#x27;&#X0022;&#0038;", `'"&`},
		"&amp;lt;":                  {"&amp;lt;", "&lt;"}, // once only
		"&nbsp;&auml;&#65;":         {"&nbsp;&auml;&#65;"},
	} {
		if got := WooCommerceSecrets(secret); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", secret, got, want)
		}
	}
}

// FuzzWebhooks looks for a signature that counts and is not that of the body.
func FuzzWebhooks(f *testing.F) {
	var w Webhooks
	w.Add("north", "north.myshopify.com", "secret")
	f.Add("north.myshopify.com", sign64("secret", "{}"), []byte("{}"))
	f.Add("north.myshopify.com", sign64("", "{}"), []byte("{}"))
	f.Add("", "", []byte(""))
	f.Fuzz(func(t *testing.T, source, signature string, body []byte) {
		store, err := w.Store(source, signature, body)
		right := source == "north.myshopify.com" && strings.Join(strings.Fields(signature), "") == sign64("secret", string(body))
		if (err == nil) != (store == "north") || err == nil && !right {
			t.Errorf("%q with %q: got %q, %v", source, signature, store, err)
		}
	})
}
