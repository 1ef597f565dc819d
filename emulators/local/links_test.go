package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// firstMail leaves the sample checkout, and is the links of its first mail.
func (w *world) firstMail(changes body) (back, leave string) {
	w.t.Helper()
	w.post(http.StatusCreated, checkoutPath, sampleBody(w.t, "checkout.json", changes))
	w.advance(30 * time.Minute)
	mails := w.mails()
	if len(mails) != 1 {
		w.t.Fatalf("%d mails, want the first", len(mails))
	}
	return linksOf(w.t, mails[0])
}

// row is the message of the n-th mail, as the database has it.
func (w *world) row(n int) *recovery.Message {
	w.t.Helper()
	key := recovery.ShopperKey([]byte("local-id-key"), "default", ana)
	p, err := w.App.Service.DB.Personal(w.t.Context(), "default", key)
	if err != nil {
		w.t.Fatal(err)
	}
	slices.SortFunc(p.Messages, func(a, b *recovery.Message) int { return a.SentAt.Compare(b.SentAt) })
	if n >= len(p.Messages) {
		w.t.Fatalf("%d messages, want more than %d", len(p.Messages), n)
	}
	return p.Messages[n]
}

// From the mail by a click to the order, which is the second mail's.
func TestFromMailToOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withConfig(storeYAML("reminders: [{after: 30m, template: first}, {after: 1d, template: last, coupon: SAVE 10%}]")))
	back, _ := w.firstMail(nil)
	to := w.click(back)
	const own = "https://shop.example.com/checkouts/chk_7f3a91/recover?key=9c1e"
	if want := own + "&utm_source=comeback&utm_medium=email&utm_campaign=abandoned_checkout&utm_content=reminder-1"; to != want {
		t.Errorf("the first link leads to\n%s, want\n%s", to, want)
	}
	w.advance(24 * time.Hour)
	second, _ := linksOf(t, w.mails()[1])
	to = w.click(second)
	if want := own + "&utm_source=comeback&utm_medium=email&utm_campaign=abandoned_checkout&utm_content=reminder-2&coupon=SAVE+10%25"; to != want {
		t.Errorf("the second link leads to\n%s, want\n%s", to, want)
	}
	w.click(second)
	for n, want := range []int{1, 2} {
		if row := w.row(n); len(row.Clicks) != want || !row.Clicked.Equal(row.Clicks[0]) {
			t.Errorf("message %d: clicks %v, the first at %v; want %d", n, row.Clicks, row.Clicked, want)
		}
	}
	a := w.post(http.StatusOK, orderPath, sampleBody(t, "order.json", body{"placed_at": nil}))
	if got := toJSON(t, a.Body["attribution"]); got != `{"kind":"click","step":1}` {
		t.Errorf("the order is attributed to %s", got)
	}
	if row := w.row(1); row.Order != recovery.OrderKey("default", "1042") {
		t.Errorf("the second message's order is %q", row.Order)
	}
	page := w.browse(http.StatusOK, http.MethodGet, back, "")
	if !strings.Contains(page.Raw, "Você já fez o seu pedido") || !strings.Contains(page.Raw, `<html lang="pt"`) {
		t.Errorf("after the order the link shows\n%s", page.Raw)
	}
}

// What looks at a link before a person does is led as the person would be, and not
// counted.
func TestClicksOfMachines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	back, leave := w.firstMail(nil)
	revision := w.Firestore.Revision()
	for _, headers := range [][]string{
		{"User-Agent", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
		{"User-Agent", "Mozilla/5.0 BingPreview/1.0b"},
		{"User-Agent", ""},
		{"Purpose", "prefetch"},
		{"Sec-Purpose", "prefetch;prerender"},
		{"X-Moz", "prefetch"},
	} {
		if a := w.browse(http.StatusFound, http.MethodGet, back, "", headers...); !strings.Contains(a.Header.Get("Location"), "utm_content=reminder-1") {
			t.Errorf("%v: led to %s", headers, a.Header.Get("Location"))
		}
		w.browse(http.StatusOK, http.MethodGet, leave, "", headers...)
	}
	w.browse(http.StatusFound, http.MethodHead, back, "")
	if a := w.browse(http.StatusOK, http.MethodHead, leave, ""); a.Raw != "" {
		t.Errorf("HEAD has a body: %s", a.Raw)
	}
	if w.Firestore.Revision() != revision || len(w.stored("chk_7f3a91").Clicks) != 0 || len(w.row(0).Clicks) != 0 {
		t.Error("something was noted")
	}
	w.click(back)
	if clicks := w.stored("chk_7f3a91").Clicks; len(clicks) != 1 || len(w.row(0).Clicks) != 1 {
		t.Error("the shopper's own click was not noted")
	}
	w.advance(80 * time.Hour)
	w.wantMails(ana, ana, ana)
}

// RFC 8058: a POST is enough, whatever its form, and no mail comes after it.
func TestOneClickUnsubscribe(t *testing.T) {
	t.Parallel()
	multi := "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n"
	for name, request := range map[string][]string{
		"a form":    {"List-Unsubscribe=One-Click", "application/x-www-form-urlencoded"},
		"multipart": {multi, "multipart/form-data; boundary=b"},
		"empty":     {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			_, leave := w.firstMail(nil)
			for range 2 {
				a := w.browse(http.StatusOK, http.MethodPost, leave, request[0], "Content-Type", request[1], "User-Agent", "", "Origin", "https://mail.example.org", "Sec-Fetch-Site", "cross-site")
				if a.Header.Get("Set-Cookie") != "" || a.Header.Get("Location") != "" {
					t.Errorf("the headers are %v", a.Header)
				}
			}
			w.post(http.StatusCreated, checkoutPath, toJSON(t, body{"checkout_id": "another", "email": "Ana.Lima@example.net"}))
			w.advance(80 * time.Hour)
			w.wantMails(ana)
			w.wantStates(w.checkoutNow(sample(t, "checkout.json")), "sent", "skipped:unsubscribed", "skipped:unsubscribed")
		})
	}
}

// The page asks, its buttons act, and each can be undone.
func TestUnsubscribePage(t *testing.T) {
	t.Parallel()
	for choice, stopped := range map[string]string{"never": "skipped:unsubscribed", "checkout": "skipped:stopped"} {
		t.Run(choice, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			_, leave := w.firstMail(nil)
			revision := w.Firestore.Revision()
			page := w.browse(http.StatusOK, http.MethodGet, leave, "")
			for _, want := range []string{`<html lang="pt"`, `value="never"`, `value="checkout"`, `<form method="post">`, "Example Shop"} {
				if !strings.Contains(page.Raw, want) {
					t.Errorf("the page lacks %s:\n%s", want, page.Raw)
				}
			}
			if strings.Contains(page.Raw, "example.net") || strings.Contains(page.Raw, "Lima") {
				t.Errorf("the page tells who its reader is:\n%s", page.Raw)
			}
			if w.Firestore.Revision() != revision {
				t.Error("looking at the page changed something")
			}
			done := w.press(leave, choice)
			if !strings.Contains(done.Raw, `value="undo-`+choice+`"`) {
				t.Errorf("there is no undo:\n%s", done.Raw)
			}
			w.advance(24 * time.Hour)
			w.wantMails(ana)
			for range 2 {
				w.press(leave, "undo-"+choice)
			}
			w.advance(80 * time.Hour)
			w.wantMails(ana, ana)
			w.wantStates(w.checkoutNow(sample(t, "checkout.json")), "sent", stopped, "sent")
		})
	}
}

// What SendGrid heard of before the undo does not undo it, also if it comes after.
func TestUndoAndSendGrid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, leave := w.firstMail(nil)
	w.event(0, "unsubscribe")
	w.advance(time.Minute)
	w.press(leave, "undo-never")
	w.advance(24 * time.Hour)
	w.wantMails(ana, ana)
	w.event(1, "spamreport")
	w.advance(time.Minute)
	w.press(leave, "undo-never")
	w.advance(80 * time.Hour)
	w.wantMails(ana, ana)
	w.wantStates(w.checkoutNow(sample(t, "checkout.json")), "sent", "sent", "skipped:complained")
}

// A link to unsubscribe holds for good: 400 days and two keys later. One back to the
// checkout holds for as long as that is kept, and for one key.
func TestLinksAndTime(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	keys := map[string]string{"K1": "key one", "K2": "key two", "K3": "key three"}
	withKeys := func(yaml string) func(*Options) {
		return func(o *Options) {
			o.Data, o.Config, o.ConfigName = data, []byte(storeYAML("link_keys: "+yaml)), "the test's configuration"
			o.Lookup = func(name string) (string, bool) { v, ok := keys[name]; return v, ok }
		}
	}
	again := func(o *Options) { o.Now = time.Time{} }
	w := newWorld(t, withKeys("[env:K1]"))
	back, leave := w.firstMail(nil)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	here := func(w *world, link string) string {
		u, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		return w.FunctionsURL + u.Path
	}

	w = newWorld(t, withKeys("[env:K2, env:K1]"), again)
	if to := w.click(here(w, back)); !strings.HasPrefix(to, "https://shop.example.com/checkouts/") {
		t.Errorf("while the key changes: led to %s", to)
	}
	w.advance(91 * 24 * time.Hour)
	if page := w.browse(http.StatusGone, http.MethodGet, here(w, back), "", "Accept-Language", "fr"); !strings.Contains(page.Raw, "Este link expirou") || !strings.Contains(page.Raw, "https://shop.example.com/cart") {
		t.Errorf("expired: %s", page.Raw)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}

	w = newWorld(t, withKeys("[env:K3]\n    link_keys_retired: [env:K2, env:K1]"), again)
	w.browse(http.StatusNotFound, http.MethodGet, here(w, back), "")
	w.advance(310 * 24 * time.Hour)
	w.browse(http.StatusOK, http.MethodGet, here(w, leave), "")
	w.oneClick(here(w, leave))
	w.post(http.StatusCreated, checkoutPath, toJSON(t, body{"checkout_id": "new", "email": ana}))
	w.advance(80 * time.Hour)
	w.wantMails(ana, ana, ana) // those before
	w.wantStates(w.checkoutNow(toJSON(t, body{"checkout_id": "new", "email": ana})), "skipped:unsubscribed", "skipped:unsubscribed", "skipped:unsubscribed")
}

// Firestore is away: the shopper is led to the cart all the same, and one who leaves is
// told to try again, which then works.
func TestLinksWhileFirestoreIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.CallerDeadline = 300 * time.Millisecond })
	back, leave := w.firstMail(nil)
	w.fault("firestore", "unavailable", 1)
	if to := w.click(back); to != "https://shop.example.com/cart" {
		t.Errorf("led to %s, want the cart", to)
	}
	w.browse(http.StatusOK, http.MethodGet, leave, "")
	for _, form := range []string{"List-Unsubscribe=One-Click", "choice=never", "choice=checkout", "choice=undo-never"} {
		if a := w.browse(http.StatusServiceUnavailable, http.MethodPost, leave, form); a.Header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", form)
		}
	}
	w.heal()
	w.oneClick(leave)
	w.advance(80 * time.Hour)
	w.wantMails(ana)
	if clicks := w.stored("chk_7f3a91").Clicks; len(clicks) > 0 {
		t.Errorf("clicks were noted: %v", clicks)
	}
}

// Of an erased shopper nothing is written, and there is nothing to lead back to.
func TestLinksOfAnErasedShopper(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	back, leave := w.firstMail(nil)
	key := recovery.ShopperKey([]byte("local-id-key"), "default", ana)
	err := w.App.Service.DB.Suppress(t.Context(), "default", key, recovery.Suppression{Reason: recovery.ReasonErased, At: w.Clock.Now()})
	if err != nil {
		t.Fatal(err)
	}
	revision := w.Firestore.Revision()
	w.browse(http.StatusGone, http.MethodGet, back, "")
	w.oneClick(leave)
	w.press(leave, "undo-never")
	if w.Firestore.Revision() != revision {
		t.Error("something was written")
	}
	w.advance(80 * time.Hour)
	w.wantMails(ana)
}

// A test's mail goes to the store's people: who leaves by it silences the test alone.
func TestLinksOfATest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withConfig(storeYAML("test_recipients: [qa@example.com]", "several_checkouts: each")))
	back, leave := w.firstMail(body{"test": true})
	w.click(back)
	w.oneClick(leave)
	w.post(http.StatusCreated, checkoutPath, toJSON(t, body{"checkout_id": "real", "email": ana}))
	w.advance(23 * time.Hour)
	w.wantMails("qa@example.com", ana)
	w.wantStates(w.checkoutNow(sampleBody(t, "checkout.json", body{"test": true})), "sent", "skipped:stopped", "skipped:stopped")
}
