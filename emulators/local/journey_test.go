package main

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

const (
	checkoutPath = "/checkout"
	orderPath    = "/order"
	ana          = "ana.lima@example.net"
)

// The main job: three tasks at their exact instants, a mail at each, none after the
// order. Promises 1, 3 and 4.
func TestFromCheckoutToMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
	w.wantStates(a, "scheduled", "scheduled", "scheduled")

	tasks := w.pending()
	if len(tasks) != 3 {
		t.Fatalf("got %d tasks, want 3", len(tasks))
	}
	for i, after := range []time.Duration{30 * time.Minute, 24 * time.Hour, 72 * time.Hour} {
		if got, want := tasks[i].ScheduleTime, abandonedAt.Add(after); !got.Equal(want) {
			t.Errorf("task %d is scheduled at %v, want %v", i, got, want)
		}
		if strings.Contains(tasks[i].Body+tasks[i].Name, "chk_") || strings.Contains(tasks[i].Body, "@") {
			t.Errorf("task %d holds more than hashes: %s", i, tasks[i].Body) // promise 9
		}
	}

	w.advance(30 * time.Minute)
	w.wantMails(ana)
	m := w.mails()[0]
	if late := m.SentAt.Sub(abandonedAt.Add(30 * time.Minute)); late < 0 || late > 20*time.Second {
		t.Errorf("sent %v after its due instant", late)
	}
	if m.From != "shop@example.com" || m.Subject == "" || m.HTML == "" || m.Text == "" {
		t.Errorf("the mail is incomplete: %+v", m)
	}
	for _, want := range []string{"R$", "1.289,70", "Trail running shoes"} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("the text lacks %q:\n%s", want, m.Text)
		}
	}
	back, _ := linksOf(t, m)
	if to := w.click(back); !strings.HasPrefix(to, "https://shop.example.com/checkouts/chk_7f3a91/recover?key=9c1e&utm_source=") {
		t.Errorf("the link leads to %s", to)
	}

	w.advance(23*time.Hour + 30*time.Minute)
	w.wantMails(ana, ana)

	a = w.post(http.StatusOK, orderPath, sample(t, "order.json"))
	if got := toJSON(t, a.Body["matched"]); got != `["chk_7f3a91"]` {
		t.Errorf("the order matched %s", got)
	}
	w.wantStates(w.checkoutNow(sample(t, "checkout.json")), "sent", "sent", "skipped:ordered")
	w.advance(72 * time.Hour)
	w.wantMails(ana, ana)
}

// A due instant that has passed when the checkout arrives is due at once, unless it
// is older than max_late. Promise 5.
func TestArrivesLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	late := func(id string, ago time.Duration) string {
		return toJSON(t, body{
			"checkout_id": id, "email": id + "@example.net",
			"abandoned_at": abandonedAt.Add(-ago).Format(time.RFC3339),
		})
	}
	w.post(http.StatusCreated, checkoutPath, late("half-an-hour", 31*time.Minute))
	w.post(http.StatusCreated, checkoutPath, late("too-late", 7*time.Hour))
	w.settle()
	w.wantMails("half-an-hour@example.net")
	w.wantStates(w.checkoutNow(late("half-an-hour", 31*time.Minute)), "sent", "scheduled", "scheduled")
	w.wantStates(w.checkoutNow(late("too-late", 7*time.Hour)), "skipped:stale", "scheduled", "scheduled")
}

// Clients of the replaced system keep working.
func TestReplacedSystemsForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.post(http.StatusCreated, "/api/checkout", sample(t, "legacy-checkout.json"))
	id, _ := a.Body["order_id"].(string)
	if id == "" || id != a.Body["checkout_id"] {
		t.Fatalf("got order_id %v and checkout_id %v, want one ID in both", a.Body["order_id"], a.Body["checkout_id"])
	}
	w.advance(30 * time.Minute)
	w.wantMails("greg@example.com")
	w.post(http.StatusOK, "/api/order", toJSON(t, body{"order_id": id, "email_id": "greg@example.com"}))
	w.advance(72 * time.Hour)
	w.wantMails("greg@example.com")

	// An order's ID of the shop's own finds the checkout by its address.
	w.post(http.StatusCreated, "/api/checkout", toJSON(t, body{"email_id": "ida@example.com"}))
	w.post(http.StatusOK, "/api/order", toJSON(t, body{"order_id": "48213378", "email_id": "Ida@example.com"}))
	w.advance(72 * time.Hour)
	w.wantMails("greg@example.com")
	w.post(http.StatusCreated, "/api/checkout", sample(t, "legacy-checkout.json"))
	w.post(http.StatusOK, "/api/order", sample(t, "legacy-order.json"))
	w.advance(72 * time.Hour)
	w.wantMails("greg@example.com")
}

// Every function answers the same under its local path and under a prefix.
func TestMounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, path := range []string{"/checkout", "/comeback/v1/checkout", "/Checkout", "/checkout/", "/api/checkout", "/x/api/checkout/"} {
		field := "email"
		if strings.Contains(path, "/api/") {
			field = "email_id"
		}
		w.post(http.StatusCreated, path, toJSON(t, body{field: "mount" + string(rune('a'+i)) + "@example.net"}))
	}
	for _, path := range []string{"/order", "/comeback/order", "/Order"} {
		w.post(http.StatusOK, path, sample(t, "order.json"))
	}
	for _, path := range []string{"/tasks/remind", "/p/tasks/remind", "/Remind", "/tasks/sweep", "/p/tasks/sweep", "/Sweep"} {
		w.post(http.StatusUnauthorized, path, "{}")
	}
	w.post(http.StatusNotFound, "/", "{}")
	w.post(http.StatusNotFound, "/checkouts", "{}")
}

// Reminders beyond the 30 days that Cloud Tasks can schedule arrive on time.
func TestBeyondThirtyDays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withConfig(storeYAML("reminders: [{after: 45d, template: first}, {after: 100d, template: last}]")))
	w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
	w.advance(45*24*time.Hour - time.Second)
	w.wantMails()
	w.advance(time.Second)
	w.wantMails(ana)
	w.advance(55 * 24 * time.Hour)
	w.wantMails(ana, ana)
	for i, due := range []time.Duration{45 * 24 * time.Hour, 100 * 24 * time.Hour} {
		if late := w.mails()[i].SentAt.Sub(abandonedAt.Add(due)); late < 0 || late > 20*time.Second {
			t.Errorf("mail %d was sent %v after its due instant", i, late)
		}
	}
	if n := len(w.pending()); n != 0 {
		t.Errorf("%d tasks are left", n)
	}
}
