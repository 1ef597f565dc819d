package woocommerce

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/comeback-checkout/comeback/internal/money"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

func euros(minor int64) *recovery.Money { return &recovery.Money{Minor: minor, Currency: "EUR"} }

func parse(t *testing.T, text string) Order {
	t.Helper()
	o, ok := ParseOrder([]byte(text), time.FixedZone("", 3600))
	if !ok {
		t.Fatalf("%s is no order", text)
	}
	return o
}

func TestParseOrder(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/order_processing.json")
	if err != nil {
		t.Fatal(err)
	}
	o := parse(t, string(text))
	want := recovery.OrderNews{
		OrderID: "7781", CheckoutID: "7781", Email: "lena.vogt@example.de", Total: euros(6490),
		PlacedAt: time.Date(2026, 11, 21, 8, 40, 0, 0, time.UTC), Standing: recovery.Stands,
		UpdatedAt: o.Modified, Refunds: map[string]recovery.Refund{}, AllRefunds: true,
	}
	if diff := cmp.Diff(want, o.News()); diff != "" || o.Kind() != Placed || len(o.Refunds) != 0 {
		t.Errorf("it is %v, with refunds %v, and tells (-want +got):\n%s", o.Kind(), o.Refunds, diff)
	}
	items, more, there := o.Items(10)
	wantItems := []recovery.Item{{ID: "91", Title: `Teapot "Oslo"`, Quantity: 1, Price: euros(6000), ImageURL: "https://teeladen.example.de/wp-content/uploads/oslo.jpg"}}
	if diff := cmp.Diff(wantItems, items); diff != "" || !there || more != 0 {
		t.Errorf("its items (-want +got):\n%s", diff)
	}
	for _, text := range []string{``, `[]`, `{}`, `{"id":0}`, `{"id":null}`, `{"id":{}}`, `{"action":"x","arg":1}`} {
		if o, ok := ParseOrder([]byte(text), nil); ok {
			t.Errorf("%s is read as the order %q", text, o.ID)
		}
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	const paid = `,"date_paid_gmt":"2026-11-21T08:40:00"`
	for status, want := range map[string]Kind{
		`"pending"`: Checkout, `"failed"`: Checkout, `"checkout-draft"`: Checkout, `"wc-pending"`: Checkout,
		`"processing"`: Placed, `"completed"`: Placed, `"On-Hold"`: Placed, `"refunded"`: Placed,
		`"cancelled"`: Expired, `"cancelled"` + paid: Cancelled, `"cancelled","date_paid":"2026-11-21 09:40:00"`: Cancelled,
		`"trash"`: Nothing, `"trash"` + paid: Nothing, `"auto-draft"`: Nothing, `null`: Nothing, `7`: Own, `"wc-packed"`: Own,
		`"packed"` + paid: Placed, `"pending"` + paid: Placed, `"checkout-draft"` + paid: Placed, `"failed"` + paid: Checkout, `null` + paid: Placed,
	} {
		if got := parse(t, `{"id":1,"status":`+status+`}`).Kind(); got != want {
			t.Errorf("%s: got %d, want %d", status, got, want)
		}
	}
}

// A bank transfer's order was created as a checkout, before the mail was clicked that
// brought it.
func TestPlacedAt(t *testing.T) {
	t.Parallel()
	const created, modified, paid = `"date_created_gmt":"2026-11-20T17:00:00"`, `"date_modified_gmt":"2026-11-20T18:00:00"`, `"date_paid_gmt":"2026-11-20T17:59:00"`
	for dates, want := range map[string]string{
		created + "," + modified + "," + paid:        "2026-11-20T17:59:00Z",
		created + "," + modified:                     "2026-11-20T18:00:00Z",
		created:                                      "2026-11-20T17:00:00Z",
		`"date_paid":"2026-11-20T18:59:00"`:          "2026-11-20T17:59:00Z",
		`"date_paid_gmt":"2026-11-20 17:59:00"`:      "2026-11-20T17:59:00Z",
		`"date_paid_gmt":1795197540`:                 "2026-11-20T17:59:00Z",
		`"date_paid_gmt":"0000-00-00 00:00:00"`:      "0001-01-01T00:00:00Z",
		`"date_paid_gmt":"2026-11-20T18:59:00+0100"`: "2026-11-20T17:59:00Z",
	} {
		if got := parse(t, `{"id":1,`+dates+`}`).News().PlacedAt.Format(time.RFC3339); got != want {
			t.Errorf("%s: got %s, want %s", dates, got, want)
		}
	}
}

func TestRefunds(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		order string
		want  map[string]recovery.Refund
	}{
		"in part": {
			`{"id":1,"status":"processing","currency":"EUR","refunds":[{"id":9,"total":"-10.00"},{"id":"10","total":-1.5},{"id":11,"total":"2"}]}`,
			map[string]recovery.Refund{"9": {Total: euros(1000)}, "10": {Total: euros(150)}, "11": {Total: euros(200)}},
		},
		"in full": {
			`{"id":1,"status":"refunded","currency":"EUR","refunds":[{"id":9,"total":"-64.90"}]}`,
			map[string]recovery.Refund{"9": {Total: euros(6490)}, recovery.Cancelled: {}},
		},
		"in full, without the list": {`{"id":1,"status":"refunded"}`, map[string]recovery.Refund{recovery.Cancelled: {}}},
		"cancelled when paid":       {`{"id":1,"status":"cancelled","date_paid_gmt":"2026-11-20T17:59:00"}`, map[string]recovery.Refund{recovery.Cancelled: {}}},
		"not readable":              {`{"id":1,"status":"processing","currency":"EUR","refunds":[{"id":9,"total":"ten"},{"total":"-1"},null,7]}`, map[string]recovery.Refund{}},
		"of no currency":            {`{"id":1,"status":"processing","refunds":[{"id":9,"total":"-1"}]}`, map[string]recovery.Refund{}},
		"none":                      {`{"id":1,"status":"processing","refunds":null}`, map[string]recovery.Refund{}},
	} {
		if diff := cmp.Diff(tc.want, parse(t, tc.order).Refunds); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestItems(t *testing.T) {
	t.Parallel()
	line := func(include, line string) recovery.Item {
		items, _, _ := parse(t, fmt.Sprintf(`{"id":1,"currency":"EUR","prices_include_tax":%s,"line_items":[%s]}`, include, line)).Items(1)
		return items[0]
	}
	for name, tc := range map[string]struct{ include, line, want string }{
		"with tax":            {"true", `{"quantity":2,"total":"50.42","total_tax":"9.58","price":25.21}`, "30.00"},
		"without":             {"false", `{"quantity":2,"total":"50.42","total_tax":"9.58"}`, "25.21"},
		"not divisible":       {`"false"`, `{"quantity":"3","total":"10.00"}`, "3.33"},
		"many decimals":       {`1`, `{"quantity":1,"total":"33.613445","total_tax":"6.386555"}`, "40.00"},
		"the price alone":     {"null", `{"quantity":2,"price":33.333333333333336}`, "33.33"},
		"a fee of minus five": {"null", `{"quantity":1,"total":"-5.00"}`, ""},
		"nothing":             {"null", `{}`, ""},
	} {
		got := ""
		if p := line(tc.include, tc.line).Price; p != nil {
			got = money.Decimal(*p)
		}
		if got != tc.want {
			t.Errorf("%s: got %q, want %q", name, got, tc.want)
		}
	}
	it := line("null", `{"variation_id":92,"product_id":91,"name":"Tea &amp; <b>cake</b> &#8211; 1\u0000","quantity":0.5}`)
	if want := (recovery.Item{ID: "92", Title: "Tea & <b>cake</b> – 1", Quantity: 1}); !cmp.Equal(it, want) {
		t.Errorf("got %+v, want %+v", it, want)
	}
	for _, none := range []string{"0", `"0"`, "0.0", "-1", `" -0.5 "`} { // taken out, or a return
		items, more, there := parse(t, `{"id":1,"line_items":[{"name":"a","quantity":`+none+`},{"name":"b","quantity":null}]}`).Items(9)
		if len(items) != 1 || items[0].Title != "b" || more != 0 || !there {
			t.Errorf("quantity %s: got %+v, %d more, %t", none, items, more, there)
		}
	}
	const taken, left = `{"name":"a","quantity":0}`, `{"name":"b","quantity":1}`
	items, more, _ := parse(t, `{"id":1,"line_items":[`+strings.Join([]string{taken, left, taken, left, taken}, ",")+`]}`).Items(1)
	if len(items) != 1 || items[0].Title != "b" || more != 1 { // what was taken out does not count
		t.Errorf("past the limit: got %+v, %d more", items, more)
	}
}

func TestMeta(t *testing.T) {
	t.Parallel()
	o := parse(t, `{"id":1,"meta_data":[{"id":1,"key":"a","value":{"b":1}},{"key":"wpml_language","value":"de"},{"key":"_n","value":1}]}`)
	for key, want := range map[string]string{"wpml_language": "de", "_n": "1", "a": "", "none": ""} {
		got := ""
		for _, m := range o.Meta(key) {
			got += m.Text("value", 9)
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
}
