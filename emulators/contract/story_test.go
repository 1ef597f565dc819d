package contract

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

const (
	ana = "ana@example.net"
	bea = "bea@example.net"
	cia = "cia@example.net"
)

// browser is what a shopper's requests carry.
var browser = headers{"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Accept-Language": "pt"}

// storefront plays a checkout from its first call to the order, and what a shop may ask
// of what is kept.
func (s *system) storefront() {
	s.t.Helper()
	s.post(http.StatusCreated, s.url+"/checkout", s.left("chk_1", ana), key)
	s.post(http.StatusOK, s.url+"/checkout", s.left("chk_1", ana), key)
	s.post(http.StatusCreated, s.url+"/checkout", `{"email":"least@example.net"}`, headers{"Authorization": "Bearer local", "Idempotency-Key": "1"})
	s.advance(31 * time.Minute)
	back, _ := s.links(ana)
	s.follow(http.StatusFound, back)
	s.event(ana, "delivered", "open", "click")
	s.post(http.StatusOK, s.url+"/order", `{"order_id":"1042","email":"Ana@example.net","currency":"EUR","total":"89.90"}`, key)
	s.follow(http.StatusOK, back)
	s.post(http.StatusOK, s.url+"/checkout", s.left("chk_1", ana), key)
	s.post(http.StatusOK, s.url+"/order", `{"order_id":"1043","checkout_id":"none of ours"}`, key)
	s.post(http.StatusCreated, s.url+"/api/checkout", `{"email_id":"old@example.net"}`, headers{"Authorization": "Bearer local", "Idempotency-Key": "2"})
	s.post(http.StatusOK, s.url+"/api/checkout", `{"email_id":"old@example.net"}`, headers{"Authorization": "Bearer local", "Idempotency-Key": "2"})
	s.post(http.StatusOK, s.url+"/api/order", `{"order_id":"chk_9","email_id":"old@example.net"}`, key)
	s.event(ana, "bounce", "spamreport")
	s.post(http.StatusOK, s.url+"/privacy/export", `{"email":"ana@example.net"}`, key)
	s.post(http.StatusOK, s.url+"/privacy/export", `{"email":"nobody@example.net"}`, key)
	s.post(http.StatusOK, s.url+"/privacy/erase", `{"email":"ana@example.net"}`, key)
	s.post(http.StatusOK, s.url+"/privacy/export", `{"email":"ana@example.net"}`, key)
	s.follow(http.StatusGone, back)
	s.follow(http.StatusNotFound, "/r/nobody.signed.this")
}

// follow opens a link as a browser does, and as a scanner.
func (s *system) follow(want int, link string) {
	s.t.Helper()
	s.send(want, http.MethodGet, s.url+link, "", browser)
	s.send(want, http.MethodHead, s.url+link, "", browser)
}

// leaving plays what a shopper may do to be left alone.
func (s *system) leaving() {
	s.t.Helper()
	s.post(http.StatusCreated, s.url+"/checkout", s.left("chk_2", bea), key)
	s.advance(31 * time.Minute)
	back, link := s.links(bea)
	s.follow(http.StatusOK, link)
	const form = "application/x-www-form-urlencoded"
	for _, choice := range []string{"checkout", "undo-checkout", "never", "undo-never", "checkout"} {
		s.leave(http.StatusOK, link, form, "choice="+choice, "")
	}
	s.leave(http.StatusForbidden, link, form, "choice=undo-checkout", "https://evil.example.com")
	s.leave(http.StatusOK, link, form, "List-Unsubscribe=One-Click", "")
	s.leave(http.StatusOK, link, "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n", "")
	s.follow(http.StatusFound, back)
	s.post(http.StatusOK, s.url+"/privacy/export", `{"email":"bea@example.net"}`, key)
	s.follow(http.StatusNotFound, "/u/nobody.signed.this")
	s.leave(http.StatusNotFound, "/u/nobody.signed.this", form, "", "")
}

func (s *system) leave(want int, link, kind, body, origin string) {
	s.t.Helper()
	h := headers{"Content-Type": kind, "User-Agent": browser["User-Agent"]}
	if origin != "" {
		h["Origin"] = origin
	}
	s.send(want, http.MethodPost, s.url+link, body, h)
}

// runs plays what a task may meet, beside what Cloud Tasks' emulator does by itself.
func (s *system) runs() {
	s.t.Helper()
	_, err := s.tasks.Purge("")
	s.must(err)
	s.post(http.StatusCreated, s.url+"/checkout", s.left("chk_3", cia), key)
	task := s.task()
	s.post(http.StatusTooEarly, s.url+"/tasks/remind", task, s.tasksKey())
	arrived, open := s.gate.shut()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.advance(31 * time.Minute)
	}()
	<-arrived
	s.post(http.StatusConflict, s.url+"/tasks/remind", task, s.tasksKey())
	open()
	<-done
	s.post(http.StatusOK, s.url+"/tasks/remind", task, s.tasksKey())
	s.post(http.StatusOK, s.url+"/tasks/sweep", "", s.sweepKey())
}

func (s *system) tasksKey() headers {
	return headers{"Authorization": s.token(s.cfg.Env.TasksAccount, s.cfg.Env.RemindURL)}
}

func (s *system) sweepKey() headers {
	return headers{"Authorization": s.token(s.cfg.Env.SchedulerAccount, s.cfg.Env.SweepURL)}
}

// event posts events of the newest mail to an address.
func (s *system) event(email string, kinds ...string) {
	s.t.Helper()
	for _, m := range s.mails.Messages() {
		if m.To != email {
			continue
		}
		for _, kind := range kinds {
			body := fmt.Sprintf(`[{"event":%q,"type":"bounce","timestamp":%d,"email":%q,"message_id":%q,"sg_message_id":"abc.recvd-1-0"},{"event":"open","timestamp":1,"email":"x@example.net"}]`,
				kind, s.clock.Now().Unix(), email, m.CustomArgs["message_id"])
			s.post(http.StatusOK, s.url+"/webhooks/sendgrid", body, s.signedEvents(body))
		}
	}
}

// tooLarge is a body that is so many KiB large, and more.
func tooLarge(kib int) string { return `{"email":"` + strings.Repeat("x", kib<<10) + `"}` }
