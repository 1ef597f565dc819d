package firestoredb

import (
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/google/go-cmp/cmp"

	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/recovery/recoverytest"
	"github.com/comeback-checkout/comeback/terraform"
)

// A checkout of an earlier release has its last click alone: it counts, and goes over into
// the list of clicks with the next write.
func TestLastClickOfEarlierRelease(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	db := open(t, recoverytest.NewClock(now), terraform.Indexes)
	c := &recovery.Checkout{Store: "s", Key: "c", ID: "c", Generation: 1, Status: recovery.StatusOpen, T: now, ExpiresAt: now.Add(time.Hour)}
	if err := db.Commit(t.Context(), "s", recovery.Change{Create: c}); err != nil {
		t.Fatal(err)
	}
	first := recovery.Click{At: now.Add(-time.Minute), Reminder: recovery.ReminderID{Generation: 1}}
	ref := db.doc("s", "checkouts", "c")
	if _, err := ref.Update(t.Context(), []firestore.Update{{Path: "last_click", Value: clickDoc{At: first.At, Reminder: "1-0"}}}); err != nil {
		t.Fatal(err)
	}
	want := []recovery.Click{first, {At: now, Reminder: recovery.ReminderID{Generation: 1, Step: 1}}}
	for n := 1; n <= 2; n++ {
		err := db.UpdateCheckout(t.Context(), "s", "c", recovery.CheckoutOnly, func(k recovery.Case) (recovery.Change, error) {
			if diff := cmp.Diff(want[:n], k.Checkout.Clicks); diff != "" {
				t.Errorf("read for the %d. time (-want +got):\n%s", n, diff)
			}
			k.Checkout.Clicks = want
			return recovery.Change{Update: []*recovery.Checkout{k.Checkout}}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	snap, err := ref.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if old, there := snap.Data()["last_click"]; there {
		t.Errorf("the last click is still there: %v", old)
	}
}
