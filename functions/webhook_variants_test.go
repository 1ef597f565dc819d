package functions

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// variants calls use with the body as it is when one field of it, however deep, is
// missing, or one of its odd values: payloads of real shops have all of these.
func variants(t *testing.T, body string, oddValues func(any) []any, use func(path, what, body string)) {
	t.Helper()
	var whole any
	if err := json.Unmarshal([]byte(body), &whole); err != nil {
		t.Fatal(err)
	}
	tell := func(path, what string) {
		text, err := json.Marshal(whole)
		if err != nil {
			t.Fatal(err)
		}
		use(path, what, string(text))
	}
	var walk func(path string, node any)
	walk = func(path string, node any) {
		switch n := node.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(n)) {
				was, at := n[name], path+"."+name
				delete(n, name)
				tell(at, "is missing")
				for _, odd := range oddValues(was) {
					n[name] = odd
					tell(at, fmt.Sprintf("is %.40v", odd))
				}
				n[name] = was
				walk(at, was)
			}
		case []any:
			if len(n) > 0 {
				walk(path+"[0]", n[0])
			}
		}
	}
	walk("", whole)
}

// oddValues are what may stand in the place of a value: null, empty, or of another type.
func oddValues(was any) []any {
	list := []any{nil, "", "text", 12, -1.5, true, []any{}, []any{nil}, map[string]any{}, []any{was}}
	switch v := was.(type) {
	case string:
		if n, err := strconv.ParseFloat(v, 64); err == nil {
			list = append(list, n)
		}
		list = append(list, " "+v+" ")
	case float64:
		list = append(list, strconv.FormatFloat(v, 'f', -1, 64), fmt.Sprintf("%.2f", v))
	case bool:
		list = append(list, strconv.FormatBool(v), 1, 0)
	}
	return list
}

// decisive are the fields without which, or with another kind of which, a webhook comes to
// something else. Any other may look as it likes.
var decisive = map[string][]string{
	"checkouts/create": {".token", ".completed_at"},
	"checkouts/update": {".token", ".completed_at"},
	"orders/create":    {".checkout_token", ".cancelled_at"},
	"order.created":    {".id", ".status", ".billing", ".billing.email"},
	"order.updated":    {".id", ".status"},
}

// Whatever one field of a webhook looks like, it is answered 200 and comes to the same,
// unless the field is one that decides; and nobody without an address is waited for.
func TestWebhookVariants(t *testing.T) {
	t.Parallel()
	for topic, name := range map[string]string{
		"checkouts/create": "shopify/checkouts_create", "checkouts/update": "shopify/checkouts_update", "orders/create": "shopify/orders_create",
		"order.created": "woocommerce/order_pending", "order.updated": "woocommerce/order_processing",
	} {
		t.Run(topic, func(t *testing.T) {
			t.Parallel()
			whole := sampleOf(t, name+".json", nil)
			outcome := func(body string) string {
				s := northwind()
				word, all := s.deliver(t, topic, body), s.db.Checkouts()
				for _, c := range all {
					if c.Status == recovery.StatusOpen && !strings.Contains(c.Email, "@") {
						t.Errorf("a mail is to go to %q", c.Email)
					}
				}
				return fmt.Sprintf("%s with %d checkouts", word, len(all))
			}
			want := outcome(whole)
			variants(t, whole, oddValues, func(path, what, body string) {
				if got := outcome(body); got != want && !slices.Contains(decisive[topic], path) {
					t.Errorf("%s %s: got %s, want %s", path, what, got, want)
				}
			})
		})
	}
}
