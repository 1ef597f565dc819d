package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// leave posts a checkout of a shopper of its own, left now or, if said so, before.
func (w *world) leave(id string, ago time.Duration) {
	w.t.Helper()
	w.post(http.StatusCreated, checkoutPath, toJSON(w.t, body{
		"checkout_id": id, "email": id + "@example.net", "accepts_marketing": true,
		"abandoned_at": w.Clock.Now().Add(-ago).Format(time.RFC3339Nano),
	}))
}

// until moves the clock to the instant so long after the start.
func (w *world) until(after time.Duration) {
	w.t.Helper()
	w.console(http.StatusOK, http.MethodPost, "/api/clock", toJSON(w.t, body{"set": abandonedAt.Add(after).Format(time.RFC3339)}))
}

// mailed is when the mail of a reminder of the first generation went out, and that it
// did so once; zero if it did not.
func (w *world) mailed(id string, step int) time.Time {
	w.t.Helper()
	var at time.Time
	suffix := recovery.CheckoutKey("default", id) + "-" + recovery.ReminderID{Generation: 1, Step: step}.String()
	for _, m := range w.mails() {
		if message := m.CustomArgs["message_id"]; strings.HasSuffix(message, suffix) {
			if !at.IsZero() {
				w.t.Errorf("checkout %s, step %d: a second mail at %v", id, step, m.SentAt)
			}
			at = m.SentAt
		}
	}
	return at
}

// wantMailed wants the mail of a reminder within so much after the instant, not before.
func (w *world) wantMailed(id string, step int, from time.Time, within time.Duration) {
	w.t.Helper()
	if at := w.mailed(id, step); at.Before(from) || at.After(from.Add(within)) {
		w.t.Errorf("checkout %s, step %d: mailed at %v, want within %v of %v", id, step, at, within, from)
	}
}

// wantFates compares what became of a checkout's reminders, by step.
func (w *world) wantFates(id string, want ...string) {
	w.t.Helper()
	c := w.stored(id)
	for step, want := range want {
		r := c.Reminders[recovery.ReminderID{Generation: 1, Step: step}]
		if got := strings.TrimSpace(string(r.State) + " " + string(r.Reason)); got != want {
			w.t.Errorf("checkout %s, step %d: %s, want %s", id, step, got, want)
		}
	}
}

// The whole queue is purged while checkouts stand at every step, and once more: every
// reminder is mailed, once, within two minutes of the purge or of its due time, whichever
// is later. Promises 2 and 4.
func TestQueuePurgedAtEveryStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const hour = time.Hour
	left := map[string]time.Time{}
	for _, c := range []struct {
		id string
		at time.Duration
	}{
		{"done", time.Minute},
		{"ordered", 3 * hour},
		{"third-due", 24*hour + time.Minute},
		{"at-the-third", 30 * hour},
		{"second-due", 72*hour + time.Minute},
		{"at-the-second", 80 * hour},
		{"first-due", 95*hour + 31*time.Minute},
		{"at-the-first", 95*hour + 40*time.Minute},
	} {
		w.until(c.at)
		left[c.id] = w.Clock.Now()
		w.leave(c.id, 0)
		if c.id == "ordered" {
			w.advance(hour)
			w.post(http.StatusOK, orderPath, toJSON(t, body{"order_id": "o", "checkout_id": c.id}))
		}
	}
	var purges []time.Time
	purge := func(at time.Duration) {
		w.until(at)
		w.console(http.StatusNoContent, http.MethodPost, "/api/queues/purge", "")
		purges = append(purges, w.Clock.Now())
		if n := len(w.pending()); n != 0 {
			t.Errorf("%d tasks are pending after the purge", n)
		}
	}
	purge(96*hour + 50*time.Second) // three reminders are due ten seconds later
	purge(96*hour + 2*time.Minute)  // and this is before or after a sweep finds them
	w.until(180 * hour)

	for id, at := range left {
		for step, after := range []time.Duration{30 * time.Minute, 24 * hour, 72 * hour} {
			if id == "ordered" && step > 0 {
				continue
			}
			from := at.Add(after)
			for _, p := range purges { // the last one before it was mailed counts
				if sent := w.mailed(id, step); p.After(from) && !sent.Before(p) {
					from = p
				}
			}
			w.wantMailed(id, step, from, 2*time.Minute)
		}
	}
	w.wantFates("ordered", "sent", "skipped ordered", "skipped ordered")
}

// SendGrid is away for a day. What fell due before is mailed before; what fell due in
// the outage is mailed after it, if max_late allows, and else has failed if it was tried,
// or is stale if nobody tried; what is due later is mailed on time. Promises 2, 4 and 5.
func TestSendGridAwayForADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const hour = time.Hour
	begins, ends := hour, 25*hour
	back := abandonedAt.Add(ends)
	w.leave("before", 0) // due at 30m, 24h and 72h
	w.until(50 * time.Minute)
	w.leave("during", 0) // due at 1h20m, 24h50m and 72h50m
	w.until(begins)
	w.fault("sendgrid", "unavailable", 1)
	w.until(5 * hour)
	w.leave("told-late", 9*hour) // its first was due at -3h30m, the others are at 20h and 68h
	w.until(20 * hour)
	w.leave("in-the-end", 0) // due at 20h30m, 44h and 92h
	w.until(ends)
	w.wantFates("during", "failed provider", "scheduled", "scheduled")
	w.heal()
	w.leave("after", 0)
	w.until(100 * hour)

	w.wantFates("before", "sent", "sent", "sent")
	w.wantMailed("before", 0, abandonedAt.Add(30*time.Minute), time.Minute)
	w.wantMailed("before", 1, back, 11*time.Minute)
	w.wantMailed("before", 2, abandonedAt.Add(72*hour), time.Minute)
	w.wantFates("during", "failed provider", "sent", "sent")
	w.wantMailed("during", 1, back, 11*time.Minute)
	w.wantFates("told-late", "skipped stale", "sent", "sent")
	w.wantMailed("told-late", 1, back, 11*time.Minute)
	w.wantFates("in-the-end", "sent", "sent", "sent")
	w.wantMailed("in-the-end", 0, back, 11*time.Minute)
	w.wantFates("after", "sent", "sent", "sent")
	w.wantMailed("after", 0, back.Add(30*time.Minute), time.Minute)
	if n := len(w.mails()); n != 3+2+2+3+3 {
		t.Errorf("%d mails, want each that was sent once", n)
	}
}

// A store that has patience for two days loses nothing to a day without SendGrid, and
// mails nothing twice. Promises 2, 4 and 5.
func TestSendGridAwayForADayWithPatience(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withConfig(storeYAML("max_late: 2d")))
	const hour = time.Hour
	w.leave("second", 0) // due at 30m, 24h and 72h
	w.until(hour)
	w.fault("sendgrid", "unavailable", 1)
	w.until(2 * hour)
	w.leave("first", 0) // due at 2h30m, 26h and 74h
	w.until(25 * hour)
	if n := len(w.mails()); n != 1 {
		t.Errorf("%d mails before the end of the outage, want the one before it began", n)
	}
	w.heal()
	back := abandonedAt.Add(25 * hour)
	w.until(80 * hour)
	for _, id := range []string{"first", "second"} {
		w.wantFates(id, "sent", "sent", "sent")
	}
	w.wantMailed("second", 1, back, 11*time.Minute)
	w.wantMailed("first", 0, back, 11*time.Minute)
	w.wantMailed("first", 1, abandonedAt.Add(26*hour), time.Minute)
	if n := len(w.mails()); n != 6 {
		t.Errorf("%d mails, want six", n)
	}
}
