package main

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// kept is all that the database holds, as text.
func (w *world) kept() string {
	w.t.Helper()
	return toJSON(w.t, w.documents("checkouts", "shoppers", "messages", "suppressions", "orders", "carts", "heard"))
}

// wantNoTrace wants nothing of the sample shopper but the marker.
func (w *world) wantNoTrace() {
	w.t.Helper()
	kept := w.kept()
	for _, trace := range []string{ana, "lima", "Ana", "1041", "1042", "chk_", "shop.example.com", "subject"} {
		if strings.Contains(strings.ToLower(kept), strings.ToLower(trace)) {
			w.t.Errorf("%q is still there:\n%s", trace, kept)
		}
	}
	if !strings.Contains(kept, `"reason":"erased"`) {
		w.t.Errorf("the marker is gone:\n%s", kept)
	}
}

// A shopper asks what is kept, and then that it goes: nothing that comes afterwards brings
// any of it back.
func TestPrivacy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
	w.advance(time.Hour)
	w.wantMails(ana)
	order := `{"order_id":"1041","email":"` + ana + `","currency":"EUR","total":"12.00","placed_at":"2026-11-01T00:00:00Z"}`
	w.post(http.StatusOK, orderPath, order)

	export := w.post(http.StatusOK, "/privacy/export", `{"email":" `+strings.ToUpper(ana)+` "}`)
	if got := export.Header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment") {
		t.Errorf("the export is not a file: %q", got)
	}
	for _, want := range []string{`"email": "` + ana, `"order_id": "1041"`, `"amount": "12.00"`, `"subject": `, `"state": "sent"`} {
		if !strings.Contains(export.Raw, want) {
			t.Errorf("the export has no %s:\n%s", want, export.Raw)
		}
	}

	got := w.post(http.StatusOK, "/privacy/erase", `{"email":"`+ana+`"}`).Body
	if got["erased"] != true || got["checkouts"] != 1.0 || got["orders"] != 1.0 || got["messages"] != 1.0 {
		t.Errorf("got %v, want one of each erased", got)
	}
	w.event(0, "open")
	if again := w.post(http.StatusOK, checkoutPath, sample(t, "checkout.json")).Body; again["status"] != "erased" {
		t.Errorf("the checkout, told of again, is %v, want erased", again["status"])
	}
	w.post(http.StatusOK, orderPath, sample(t, "order.json"))
	w.advance(4 * 24 * time.Hour)
	w.wantMails(ana)

	w.wantNoTrace()
}

// Nobody knows what became of the mail while its shopper is erased; then all of it tells:
// SendGrid, the shopper's click, and late calls of the shop of that checkout and another.
func TestErasedWithMailInFlight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fault("sendgrid", "accept_then_drop", 1)
	back, leave := w.firstMail(nil)
	w.heal()
	if got := w.post(http.StatusOK, "/privacy/erase", `{"email":"`+ana+`"}`).Body; got["checkouts"] != 1.0 {
		t.Fatalf("got %v, want the checkout erased", got)
	}
	w.advance(time.Minute) // SendGrid tells that it was delivered
	w.event(0, "click")
	w.browse(http.StatusGone, http.MethodGet, back, "")
	w.oneClick(leave)
	w.post(http.StatusOK, checkoutPath, sampleBody(t, "checkout.json", body{"updated_at": "2026-11-20T18:01:00Z"}))
	w.post(http.StatusCreated, checkoutPath, sampleBody(t, "checkout.json", body{"checkout_id": "chk_late"}))
	w.post(http.StatusOK, orderPath, sample(t, "order.json"))
	w.advance(4 * 24 * time.Hour)
	w.wantMails(ana)
	w.wantNoTrace()
}

// Somebody else goes on with a checkout that was erased, and wants no marketing: that counts
// for all of that shopper's checkouts, though the erased one takes nothing.
func TestWithdrawalToldOfErasedCheckout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post(http.StatusCreated, checkoutPath, sample(t, "checkout.json"))
	w.post(http.StatusCreated, checkoutPath, sampleBody(t, "checkout.json", body{"checkout_id": "chk_bo", "email": "bo@example.net"}))
	w.post(http.StatusOK, "/privacy/erase", `{"email":"`+ana+`"}`)
	refused := body{"email": "bo@example.net", "accepts_marketing": false, "updated_at": "2026-11-20T17:31:00Z"}
	if got := w.post(http.StatusOK, checkoutPath, sampleBody(t, "checkout.json", refused)).Body; got["status"] != "erased" {
		t.Errorf("the checkout is %v, want erased", got["status"])
	}
	w.advance(4 * 24 * time.Hour)
	w.wantMails()
	w.wantFates("chk_bo", "skipped no_consent", "skipped no_consent", "skipped no_consent")
}

// Nobody erases or reads without the store's key, and what is asked for must be clear.
func TestPrivacyRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/privacy/erase", "/privacy/export"} {
		for _, tc := range []struct {
			body string
			auth string
			want int
		}{
			{`{"email":"` + ana + `"}`, "Bearer wrong", http.StatusUnauthorized},
			{`{"email":"` + ana + `"}`, "", http.StatusUnauthorized},
			{`{"email":"nobody"}`, "Bearer local", http.StatusBadRequest},
			{`{}`, "Bearer local", http.StatusBadRequest},
			{`{"email":"` + ana + `","store":"another"}`, "Bearer local", http.StatusForbidden},
			{`{"email":"nobody@example.net"}`, "Bearer local", http.StatusOK},
		} {
			got, err := w.try(path, tc.body, "Authorization", tc.auth)
			if err != nil || got.Status != tc.want {
				t.Errorf("%s %s with %q: got %d, %v; want %d", path, tc.body, tc.auth, got.Status, err, tc.want)
			}
		}
	}
}
