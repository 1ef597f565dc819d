package firestoredb

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"

	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/recovery/recoverytest"
	"github.com/comeback-checkout/comeback/terraform"
)

// A document of another form, by a later release or by hand, does not keep the sweep
// from the others. Promise 4.
func TestToCheckPassesOverUnreadable(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	db := open(t, recoverytest.NewClock(now), terraform.Indexes)
	for _, id := range []string{"a", "b"} {
		c := &recovery.Checkout{
			Store: "s", Key: recovery.CheckoutKey("s", id), ID: id, Generation: 1, Status: recovery.StatusOpen,
			T: now, CheckAt: now.Add(-time.Minute), ExpiresAt: now.Add(time.Hour),
		}
		if err := db.Commit(t.Context(), "s", recovery.Change{Create: c}); err != nil {
			t.Fatal(err)
		}
	}
	odd := db.doc("s", "checkouts", recovery.CheckoutKey("s", "a"))
	if _, err := odd.Update(t.Context(), []firestore.Update{{Path: "customer_id", Value: 17}}); err != nil {
		t.Fatal(err)
	}
	list, err := db.ToCheck(t.Context(), now, nil, 10)
	if len(list) != 1 || list[0].ID != "b" {
		t.Errorf("got %d checkouts, want b alone", len(list))
	}
	if err == nil {
		t.Error("the unreadable one was not reported")
	}
}

// Many in a row neither fill a page nor the log.
func TestToCheckPassesOverMany(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	db := open(t, recoverytest.NewClock(now), terraform.Indexes)
	for i := range 12 {
		odd := db.doc("s", "checkouts", fmt.Sprintf("%02d", i))
		doc := map[string]any{"shard": 0, "check_at": now.Add(-time.Minute), "customer_id": 17}
		if i%6 == 5 {
			delete(doc, "customer_id")
		}
		if _, err := odd.Set(t.Context(), doc); err != nil {
			t.Fatal(err)
		}
	}
	first, err := db.ToCheck(t.Context(), now, nil, 1)
	if len(first) != 1 || first[0].Key != "05" || err == nil {
		t.Fatalf("got %v, %v; want the first that can be read", first, err)
	}
	rest, err := db.ToCheck(t.Context(), now, first[0], 4)
	if len(rest) != 1 || rest[0].Key != "11" || err == nil {
		t.Errorf("got %v, %v; want the second", rest, err)
	}
	all, err := db.ToCheck(t.Context(), now, nil, 20)
	if len(all) != 2 || err == nil || !strings.HasSuffix(err.Error(), "and 5 more like these") {
		t.Errorf("got %v, %v; want both, and how many more there are", all, err)
	}
}

// A mark of another form does not keep the sweep from the others.
func TestLastHeardPassesOverUnreadable(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	db := open(t, recoverytest.NewClock(now), terraform.Indexes)
	good, odd := recovery.Source{Store: "s", Name: "Checkout"}, recovery.Source{Store: "s", Name: "Order"}
	if err := db.Commit(t.Context(), "s", recovery.Change{Heard: &recovery.RaiseHeard{Source: good.Name, At: now}}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.doc("s", "heard", odd.Name).Set(t.Context(), map[string]any{"at": "noon"}); err != nil {
		t.Fatal(err)
	}
	heard, err := db.LastHeard(t.Context(), []recovery.Source{odd, good})
	if len(heard) != 1 || !heard[good].Equal(now) {
		t.Errorf("got %v, want the good one alone", heard)
	}
	if err == nil {
		t.Error("the unreadable one was not reported")
	}
}
