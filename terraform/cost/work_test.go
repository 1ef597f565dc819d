package cost

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/comeback-checkout/comeback/internal/config"
	"github.com/comeback-checkout/comeback/internal/firestoredb"
	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/recovery/recoverytest"
)

// left is when the shopper leaves the checkout.
var left = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// shop is the service on Firestore's real client and emulator, configured as a
// deployment that leaves every rule at its default.
type shop struct {
	*testing.T
	*recovery.Service
	*meter
	clock *recoverytest.Clock
	queue *recoverytest.Queue
	last  recovery.Task // that was run
}

func openShop(t *testing.T) *shop {
	t.Helper()
	cfg, err := config.Load(config.Default(), func(string) (string, bool) { return "", false }, "")
	if err != nil {
		t.Fatal(err)
	}
	client, m := metered(t)
	s := &shop{T: t, meter: m, clock: recoverytest.NewClock(left), queue: &recoverytest.Queue{}}
	runs := 0
	s.Service = &recovery.Service{
		DB: firestoredb.New(client, s.clock), Queue: s.queue, Mailer: &recoverytest.Mailer{},
		Renderer: recoverytest.Renderer{}, Clock: s.clock, Stores: cfg.RecoveryStores(),
		NewID: func() string { runs++; return fmt.Sprintf("run-%d", runs) },
		Log:   slog.New(slog.DiscardHandler), Deadlines: recovery.DefaultDeadlines(),
	}
	return s
}

// checkout records one, with a cart, and returns what that used.
func (s *shop) checkout() Use {
	s.Helper()
	_, _, err := s.RecordCheckout(s.Context(), "default", recovery.News{
		CheckoutID: "c", Email: "ana@example.net", CartID: recovery.Given("k"), AbandonedAt: left,
		Items: recovery.Given([]recovery.Item{{ID: "mug", Quantity: 1}}),
	})
	if err != nil {
		s.Fatal(err)
	}
	return s.take()
}

// update tells of the checkout again, with another total than at first.
func (s *shop) update(want recovery.Effect) Use {
	s.Helper()
	s.clock.Set(left.Add(time.Minute))
	_, effect, err := s.RecordCheckout(s.Context(), "default", recovery.News{
		CheckoutID: "c", Email: "ana@example.net", CartID: recovery.Given("k"), UpdatedAt: left.Add(time.Minute),
		Items: recovery.Given([]recovery.Item{{ID: "mug", Quantity: 1}}), Total: recovery.Given(&recovery.Money{Minor: 900, Currency: "EUR"}),
	})
	if err != nil || effect != want {
		s.Fatalf("got the effect %v, %v, want %v", effect, err, want)
	}
	return s.take()
}

// click follows the link of the last reminder.
func (s *shop) click() Use {
	s.Helper()
	way, err := s.Follow(s.Context(), recovery.Link{Store: s.last.Store, Checkout: s.last.Checkout, Reminder: s.last.Reminder}, true)
	if err != nil || !way.Noted {
		s.Fatalf("got %+v, %v, want the click noted", way, err)
	}
	return s.take()
}

func (s *shop) order() Use {
	s.Helper()
	_, err := s.RecordOrder(s.Context(), "default", recovery.OrderNews{OrderID: "o", CheckoutID: "c", CartID: "k", Email: "ana@example.net"})
	if err != nil {
		s.Fatal(err)
	}
	return s.take()
}

// remind runs the next reminder at its due instant.
func (s *shop) remind() Use {
	s.Helper()
	next := s.queue.Pending()[0]
	for _, task := range s.queue.Pending() {
		if task.At.Before(next.At) {
			next = task
		}
	}
	s.clock.Set(next.At)
	for _, task := range s.queue.Take(next.At) {
		if _, err := s.Remind(s.Context(), task); err != nil {
			s.Fatal(err)
		}
		s.last = task
	}
	return s.take()
}

// event is what SendGrid tells of the last reminder.
func (s *shop) event(kind recovery.EventKind) Use {
	s.Helper()
	result, err := s.RecordEvents(s.Context(), []recovery.Event{{
		Store: s.last.Store, Checkout: s.last.Checkout, Reminder: s.last.Reminder,
		Kind: kind, At: s.clock.Now(), Email: "ana@example.net", Provider: "sg-1",
	}})
	if err != nil || result.Recorded != 1 {
		s.Fatalf("%s: got %+v, %v, want it recorded", kind, result, err)
	}
	return s.take()
}

// TestWork holds the counts of the formula to what the code does on the wire.
func TestWork(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	got := Work{Checkout: s.checkout(), Update: s.update(recovery.Updated)}
	if again, want := s.update(recovery.Ignored), (Use{Reads: got.Update.Reads}); again != want {
		t.Errorf("news that tells nothing uses %v, want %v", again, want)
	}
	got.Mailed = s.remind()
	got.Event = s.event(recovery.EventDelivered)
	for kind, want := range map[recovery.EventKind]Use{
		recovery.EventOpened: got.Event, recovery.EventProcessed: {Reads: got.Event.Reads}, // the latter tells no instant to keep
	} {
		if use := s.event(kind); use != want {
			t.Errorf("%s uses %v, want %v", kind, use, want)
		}
	}
	got.Click = s.click()
	s.clock.Set(s.clock.Now().Add(time.Second)) // another click, and not the same told again
	if again := s.click(); again != got.Click {
		t.Errorf("a second click uses %v, want %v as the first", again, got.Click)
	}
	for range 2 {
		if again := s.remind(); again != got.Mailed {
			t.Errorf("a later reminder uses %v, want %v as the first", again, got.Mailed)
		}
	}
	if len(s.queue.Pending()) != 0 {
		t.Fatalf("%d tasks are left, want all to have run", len(s.queue.Pending()))
	}
	got.Documents = float64(len(s.documents)) - 3
	if _, err := s.Sweep(s.Context()); err != nil {
		t.Fatal(err)
	}
	got.Sweep = s.take()

	s = openShop(t)
	s.checkout()
	before := len(s.documents)
	got.Order = s.order()
	got.OrderDocuments = float64(len(s.documents) - before)
	got.Ordered = s.remind()
	if diff := cmp.Diff(work, got); diff != "" {
		t.Errorf("the code uses something else than the formula says (-formula +code):\n%s", diff)
	}
}
