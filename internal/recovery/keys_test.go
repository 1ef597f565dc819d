package recovery_test

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Promise 9: keys hold nothing readable, and differ by store, kind and ID.
func TestKeys(t *testing.T) {
	t.Parallel()
	id, other := []byte("id key"), []byte("other key")
	form := regexp.MustCompile(`^[a-z2-7]{26}$`)
	seen := map[string]string{}
	for name, key := range map[string]string{
		"checkout":               recovery.CheckoutKey("default", "a"),
		"cart":                   recovery.CartKey("default", "a"),
		"order":                  recovery.OrderKey("default", "a"),
		"shopper":                recovery.ShopperKey(id, "default", "a"),
		"shopper by another key": recovery.ShopperKey(other, "default", "a"),
		"of another store":       recovery.CheckoutKey("second", "a"),
		"of another ID":          recovery.CheckoutKey("default", "b"),
		"cut elsewhere":          recovery.CheckoutKey("defaul", "ta"),
		"of no ID":               recovery.CheckoutKey("default", ""),
	} {
		if !form.MatchString(key) {
			t.Errorf("%s: %q, want 26 letters and digits of base32", name, key)
		}
		if twin, ok := seen[key]; ok {
			t.Errorf("%s and %s have the same key", name, twin)
		}
		seen[key] = name
	}
	// Kept for ever: another value would lose every document and suppression.
	if got, want := recovery.CheckoutKey("default", "a"), "ljkz3m6a62alldvpnyzveo4sju"; got != want {
		t.Errorf("got %s, want %s as before", got, want)
	}
	if got, want := recovery.ShopperKey(id, "default", anAddress), "76ep262vxka4n6zijtyo5wsuhe"; got != want {
		t.Errorf("got %s, want %s as before", got, want)
	}
}

func TestShardsAreEven(t *testing.T) {
	t.Parallel()
	counts := make([]int, recovery.Shards)
	for i := range 1600 {
		counts[recovery.ShardOf(recovery.CheckoutKey("default", fmt.Sprint(i)), recovery.Shards)]++
	}
	for shard, n := range counts {
		if n < 50 || n > 150 {
			t.Errorf("shard %d has %d of 1600, want about 100", shard, n)
		}
	}
	if got := recovery.ShardOf("key", 1); got != 0 {
		t.Errorf("of one: got %d, want 0", got)
	}
}

func TestHostAllowed(t *testing.T) {
	t.Parallel()
	hosts := []string{"shop.example.com", "*.Example.org"}
	for host, want := range map[string]bool{
		"shop.example.com": true, "SHOP.example.COM": true, "a.example.org": true, "a.b.example.org": true,
		"example.com": false, "a.shop.example.com": false, "example.org": false, ".example.org": false,
		"notexample.org": false, "shop.example.com.evil.net": false, "": false,
		"evil.net／.example.org": false, // a look-alike of the slash, which some clients take for one
	} {
		if got := recovery.HostAllowed(hosts, host); got != want {
			t.Errorf("%q: got %v, want %v", host, got, want)
		}
	}
	if recovery.HostAllowed(nil, "example.com") {
		t.Error("allowed where no host is")
	}
}

func TestReminderID(t *testing.T) {
	t.Parallel()
	id := recovery.ReminderID{Generation: 12, Step: 3}
	if got, err := recovery.ParseReminderID(id.String()); got != id || err != nil {
		t.Errorf("%s reads as %v, %v", id, got, err)
	}
	for _, s := range []string{"", "1", "1-", "-1", "a-1", "1-b", "1-2-3"} {
		if got, err := recovery.ParseReminderID(s); err == nil {
			t.Errorf("%q reads as %v, want an error", s, got)
		}
	}
}

func TestTaskName(t *testing.T) {
	t.Parallel()
	task := recovery.Task{Checkout: "hash", Reminder: recovery.ReminderID{Generation: 1, Step: 2}}
	if got := task.Name(); got != "hash-1-2" {
		t.Errorf("got %q, want hash-1-2", got)
	}
	if task.Suffix = "s0"; task.Name() != "hash-1-2-s0" {
		t.Errorf("got %q, want hash-1-2-s0", task.Name())
	}
}

func TestInstant(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 11, 0, 0, 1999, time.FixedZone("", 3600))
	if got := recovery.Instant(at); got != t0.Add(us) {
		t.Errorf("got %v, want %v", got, t0.Add(us))
	}
	if !recovery.Instant(time.Time{}).IsZero() {
		t.Error("no instant became one")
	}
}

func TestCustomerName(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]recovery.Customer{
		"Ana Lima": {FirstName: "Ana", LastName: "Lima"}, "Ana": {FirstName: "Ana"}, "Lima": {LastName: "Lima"}, "": {},
	} {
		if got := c.Name(); got != want {
			t.Errorf("%+v: got %q, want %q", c, got, want)
		}
	}
}

func BenchmarkShopperKey(b *testing.B) {
	key := []byte("0123456789abcdef0123456789abcdef")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			recovery.ShopperKey(key, "default", "ana@example.net")
		}
	})
}
