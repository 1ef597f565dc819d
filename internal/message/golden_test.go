package message

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/comeback-checkout/comeback/internal/money"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

var update = flag.Bool("update", false, "write the golden files anew")

// store is a shop with the three default reminders, the last with a coupon.
func store() *recovery.Store {
	s := &recovery.Store{
		ID: "default", Name: "Northwind", URL: "https://shop.example.com", CartURL: "https://shop.example.com/cart",
		PostalAddress: "1 Pier Road, Bristol, UK", Locale: "en", TimeZone: time.UTC, Steps: recovery.DefaultSteps(),
	}
	s.Steps[2].Coupon = "COMEBACK10"
	return s
}

// sample is a checkout as a Brazilian storefront reports it.
func sample(t testing.TB) *recovery.Checkout {
	t.Helper()
	data, err := os.ReadFile("testdata/checkout.json")
	if err != nil {
		t.Fatal(err)
	}
	var in struct {
		Customer struct {
			FirstName string `json:"first_name"`
		}
		Locale, Currency, Total string
		RecoverURL              string `json:"recover_url"`
		Items                   []struct {
			ID, Title, Variant, Price, URL string
			Quantity                       int
			ImageURL                       string `json:"image_url"`
		}
	}
	if err := json.Unmarshal(data, &in); err != nil {
		t.Fatal(err)
	}
	c := &recovery.Checkout{
		Store: "default", Locale: in.Locale, RecoverURL: in.RecoverURL, Total: price(t, in.Total, in.Currency),
		Customer: recovery.Customer{FirstName: in.Customer.FirstName},
	}
	for _, i := range in.Items {
		c.Items = append(c.Items, recovery.Item{
			ID: i.ID, Title: i.Title, Variant: i.Variant, Quantity: i.Quantity,
			Price: price(t, i.Price, in.Currency), ImageURL: i.ImageURL, URL: i.URL,
		})
	}
	return c
}

func price(t testing.TB, amount, currency string) *recovery.Money {
	t.Helper()
	m, err := money.Parse(amount, currency)
	if err != nil {
		t.Fatal(err)
	}
	return &m
}

// attack is what somebody hostile may put into a cart.
func attack(t testing.TB) *recovery.Checkout {
	return &recovery.Checkout{
		Store: "default", Locale: "en", RecoverURL: "javascript:alert(1)", Total: price(t, "1", "USD"),
		Customer: recovery.Customer{FirstName: "<b>Eve</b>\r\nBcc: x@evil.example"},
		Items: []recovery.Item{
			{
				Title: `<script>alert("x")</script>`, Variant: `"><img src=x onerror=alert(1)>`, Quantity: 1,
				ImageURL: "https://cdn.example.net/a.jpg?x=\"><script>", URL: "javascript:alert(1)",
			},
			{Title: "Socks\r\nBcc: x@evil.example\r\n\r\nTotal: $0.00", Quantity: 2, ImageURL: "http://cdn.example.net/plain.jpg"},
			{Title: "invoice\u202efdp.exe\u2066\u200f", Variant: "a\u2028b\u0085c\x00d\x1b[31m", URL: "https://shop.example.com/\u202e/p"},
			{Title: "{{.Link}} {name} %s \xff\xfe", URL: "//evil.example/p", ImageURL: "data:image/png;base64,AAAA"},
			{Title: strings.Repeat("Very long title ", 30), URL: "https://shop.example.com/p?a=1&b=%22%3E<i>'"},
			{ID: "sku-without-title", Quantity: 99999, Price: &recovery.Money{Minor: 1 << 62, Currency: "USD"}},
		},
	}
}

func reminder(s *recovery.Store, step int) recovery.Reminder {
	return recovery.Reminder{Template: s.Steps[step].Template, Coupon: s.Steps[step].Coupon}
}

// links are as package link makes them.
func links() recovery.Links {
	return recovery.Links{Recover: "https://comeback.example.com/r/AQdkZWZhdWx0", Unsubscribe: "https://comeback.example.com/u/AgdkZWZhdWx0"}
}

func renderer(t testing.TB) *Renderer {
	t.Helper()
	r, err := New(quiet)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// render is the mail of a store without links of its own.
func render(t testing.TB, s *recovery.Store, c *recovery.Checkout, step int) recovery.Content {
	t.Helper()
	return renderWith(t, s, c, step, recovery.Links{})
}

func renderWith(t testing.TB, s *recovery.Store, c *recovery.Checkout, step int, links recovery.Links) recovery.Content {
	t.Helper()
	got, err := renderer(t).Render(s, c, step, reminder(s, step), links)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestGolden(t *testing.T) {
	t.Parallel()
	english := sample(t)
	english.Locale, english.Total = "en-GB", price(t, "1289.70", "GBP")
	for i := range english.Items {
		english.Items[i].Price.Currency = "GBP"
	}
	for _, c := range []struct {
		name     string
		checkout *recovery.Checkout
		step     int
	}{
		{"pt-BR", sample(t), 0},
		{"en", english, 2},
		{"attack", attack(t), 1},
		{"empty", &recovery.Checkout{Store: "default"}, 0},
	} {
		got := renderWith(t, store(), c.checkout, c.step, links())
		golden(t, c.name+".html", got.HTML)
		golden(t, c.name+".txt", "Subject: "+got.Subject+"\n\n"+got.Text)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; go test ./internal/message -update writes it", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got); go test ./internal/message -update accepts it:\n%s", name, diff)
	}
}
