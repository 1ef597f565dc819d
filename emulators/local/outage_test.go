package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Cloud Tasks is away while a checkout is posted: it is taken, and nothing is lost
// once the service is back. Promise 4.
func TestCloudTasksAway(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"unavailable", "timeout", "accept_then_drop"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.fault("cloudtasks", mode, 1)
			w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
			w.heal()
			w.advance(2 * time.Minute) // the sweep enqueues what is missing
			if n := len(w.pending()); n != 3 {
				t.Errorf("%d tasks are pending, want 3", n)
			}
			w.advance(80 * time.Hour)
			w.wantMails(ana, ana, ana)
			if late := w.mails()[0].SentAt.Sub(abandonedAt.Add(30 * time.Minute)); late > 20*time.Second {
				t.Errorf("the first mail is %v late, though its task was made in time", late)
			}
		})
	}
}

// The queue is purged in the middle: every reminder still goes out, within two
// minutes of its due instant. Promise 4.
func TestQueuePurged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
	w.advance(10 * time.Minute)
	w.console(http.StatusNoContent, http.MethodPost, "/api/queues/purge", "")
	w.advance(80 * time.Hour)
	w.wantMails(ana, ana, ana)
	for i, after := range []time.Duration{30 * time.Minute, 24 * time.Hour, 72 * time.Hour} {
		if late := w.mails()[i].SentAt.Sub(abandonedAt.Add(after)); late < 0 || late > 2*time.Minute {
			t.Errorf("mail %d is %v late", i, late)
		}
	}
}

// Firestore is away: 503 with Retry-After, and the retry succeeds without doubles.
// Promises 4 and 6.
func TestFirestoreAway(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"unavailable", "timeout", "accept_then_drop"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.fault("firestore", mode, 1)
			for _, request := range []struct {
				path, sample string
				taken        func(*recovery.Checkout) bool
			}{
				{checkoutPath, "checkout.json", func(c *recovery.Checkout) bool { return c != nil }},
				{orderPath, "order.json", func(c *recovery.Checkout) bool { return c != nil && c.Order != nil }},
			} {
				for again := true; again; again = mode == "accept_then_drop" && !request.taken(w.find("chk_7f3a91")) {
					a := w.post(http.StatusServiceUnavailable, request.path, sample(t, request.sample))
					if a.Header.Get("Retry-After") == "" {
						t.Errorf("%s: no Retry-After", request.path)
					}
				}
			}
			w.heal()
			if mode == "accept_then_drop" { // the order that was lost on the way back has been taken
				w.post(http.StatusOK, checkoutPath, sample(t, "checkout.json"))
				w.advance(80 * time.Hour)
				w.wantMails()
				return
			}
			w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
			w.advance(80 * time.Hour)
			w.wantMails(ana, ana, ana)
		})
	}
}

// Firestore is away for hours while reminders fall due: each goes out once it is
// back, once. Promises 2 and 4.
func TestFirestoreAwayWhenDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
	w.fault("firestore", "unavailable", 1)
	w.advance(3 * time.Hour)
	w.wantMails()
	w.heal()
	w.advance(15 * time.Minute)
	w.wantMails(ana)
	w.advance(80 * time.Hour)
	w.wantMails(ana, ana, ana)
}

// SendGrid is full or away: the reminder goes out later, once. Promises 2 and 4.
func TestSendGridOverloaded(t *testing.T) {
	t.Parallel()
	for status, headers := range map[int][]string{
		http.StatusTooManyRequests:    {"X-RateLimit-Reset", "1"},
		http.StatusServiceUnavailable: nil,
	} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
			w.SendGrid.Answer(status, headers...)
			w.SendGrid.Answer(status, headers...)
			w.advance(30 * time.Minute)
			w.wantMails()
			w.wantStates(w.checkoutNow(sample(t, "checkout.json")), "scheduled", "scheduled", "scheduled")
			w.advance(5 * time.Minute)
			w.wantMails(ana)
			w.advance(80 * time.Hour)
			w.wantMails(ana, ana, ana)
		})
	}
}

// SendGrid is away for longer than max_late: tried and refused ends as failed.
// Promise 5.
func TestSendGridAwayTooLong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
	w.fault("sendgrid", "unavailable", 1)
	w.advance(7 * time.Hour)
	w.wantStates(w.checkoutNow(sample(t, "checkout.json")), "failed:provider", "scheduled", "scheduled")
	w.heal()
	w.advance(80 * time.Hour)
	w.wantMails(ana, ana)
}

// SendGrid refuses this mail: it has failed, and Cloud Tasks is told that it is done.
func TestSendGridRejects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
	w.SendGrid.Answer(http.StatusBadRequest)
	w.advance(30 * time.Minute)
	w.wantStates(w.checkoutNow(sample(t, "checkout.json")), "failed:rejected", "scheduled", "scheduled")
	if n := len(w.pending()); n != 2 {
		t.Errorf("%d tasks are pending, want 2", n)
	}
	w.advance(80 * time.Hour)
	w.wantMails(ana, ana)
}

// SendGrid refuses the deployment: the reminder waits for the fix.
func TestSendGridRefusesKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
	w.SendGrid.Answer(http.StatusUnauthorized)
	w.advance(35 * time.Minute)
	w.wantMails(ana)
}

// Accepted, but the answer is lost: unknown until an event tells, if there is one; one
// mail, never a second. Promise 2.
func TestAnswerLost(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"accept_then_drop", "timeout"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
			w.fault("sendgrid", mode, 1)
			w.advance(30 * time.Minute)
			w.heal()
			w.wantStates(w.checkoutNow(sample(t, "checkout.json")), "unknown", "scheduled", "scheduled")
			w.advance(12 * time.Hour)
			state, mails := "sent", []string{ana}
			if mode == "timeout" { // it was never accepted, which we cannot know
				state, mails = "unknown", []string{}
			}
			w.wantStates(w.checkoutNow(sample(t, "checkout.json")), state, "scheduled", "scheduled")
			w.wantMails(mails...)
		})
	}
}

// A lost answer of the claim's own commit is not taken for somebody else's claim.
func TestClaimsAnswerLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
	w.fault("firestore", "accept_then_drop", 0.5)
	w.advance(31 * time.Minute)
	w.heal()
	w.advance(2 * time.Minute)
	w.wantMails(ana)
	if r := w.stored("chk_7f3a91").Reminders[recovery.ReminderID{Generation: 1}]; r.State != recovery.Sent {
		t.Errorf("the reminder is %s, want sent", r.State)
	}
}

// A restart of the clock while an old claim is in flight loses and doubles nothing.
func TestRestartWhileClaimed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withConfig(storeYAML("cooldown: {same_step: 0s}")))
	w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
	w.console(http.StatusOK, http.MethodPost, "/api/faults", `{"target":"sendgrid","mode":"slow","latency":"700ms"}`)
	advanced := make(chan struct{})
	go func() {
		defer close(advanced)
		w.advance(30 * time.Minute)
	}()
	id := recovery.ReminderID{Generation: 1}
	for w.stored("chk_7f3a91").Reminders[id].State != recovery.Claimed {
		if t.Context().Err() != nil {
			t.Fatal("the reminder was never claimed")
		}
	}
	changed := sampleBody(t, "checkout.json", body{
		"items":        []body{{"id": "sku-9", "title": "Rain jacket", "quantity": 1}},
		"abandoned_at": nil, "updated_at": at(30 * time.Minute), "total": nil,
	})
	if a := w.post(http.StatusOK, checkoutPath, changed); a.Body["generation"] != 2.0 {
		t.Fatalf("got generation %v, want 2", a.Body["generation"])
	}
	<-advanced
	w.heal()
	if r := w.stored("chk_7f3a91").Reminders[id]; r.State != recovery.Sent {
		t.Errorf("the old claim ended as %s, want sent", r.State)
	}
	w.wantMails(ana)
	w.advance(80 * time.Hour)
	w.wantMails(ana, ana, ana, ana) // one of the first generation, three of the second
}
