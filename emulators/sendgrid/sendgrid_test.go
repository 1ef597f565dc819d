package sendgrid_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sendgrid/rest"
	client "github.com/sendgrid/sendgrid-go"
	"github.com/sendgrid/sendgrid-go/helpers/mail"

	"github.com/comeback-checkout/comeback/emulators/clock"
	"github.com/comeback-checkout/comeback/emulators/disk"
	"github.com/comeback-checkout/comeback/emulators/sendgrid"
)

// start serves an emulator on a free port, with a clock of the test's own.
func start(t *testing.T, o sendgrid.Options) (s *sendgrid.Server, url string) {
	t.Helper()
	if o.Clock == nil {
		o.Clock = clock.New(0)
		t.Cleanup(o.Clock.Close)
	}
	s, err := sendgrid.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	addr, err := s.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return s, "http://" + addr.String()
}

// reminder is a mail as the application builds it.
func reminder(to string) *mail.SGMailV3 {
	m := mail.NewV3MailInit(mail.NewEmail("Northwind, Ltd", "shop@northwind.example.com"), "You left something",
		mail.NewEmail("Ana Lima", to),
		mail.NewContent("text/plain", "Come back: https://northwind.example.com/c/1"),
		mail.NewContent("text/html", `<p><a href="https://northwind.example.com/c/1?a=1&amp;b=2">Come back</a></p>`))
	m.SetReplyTo(mail.NewEmail("", "help@northwind.example.com"))
	m.SetHeader("List-Unsubscribe", "<https://northwind.example.com/u/1>")
	m.SetCustomArg("message_id", "default.h-1-0")
	m.AddCategories("reminder")
	return m
}

// send mails through the real client; each call has a client of its own, since
// the client's Send is not safe for concurrent use.
func send(ctx context.Context, url string, m *mail.SGMailV3) (*rest.Response, error) {
	r := client.GetRequest("local", "/v3/mail/send", url)
	r.Method = rest.Post
	return (&client.Client{Request: r}).SendWithContext(ctx, m)
}

func mustSend(t *testing.T, url string, m *mail.SGMailV3) (id string) {
	t.Helper()
	resp, err := send(t.Context(), url, m)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusAccepted || resp.Body != "" || len(resp.Headers["X-Message-Id"]) != 1 {
		t.Fatalf("got %d %q %v, want 202, no body and X-Message-Id", resp.StatusCode, resp.Body, resp.Headers)
	}
	return resp.Headers["X-Message-Id"][0]
}

// post sends a body of the test's own.
func post(t *testing.T, url, body string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer local")
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(got)
}

func TestKeepsWhatItAccepts(t *testing.T) {
	t.Parallel()
	c := clock.New(24 * time.Hour)
	t.Cleanup(c.Close)
	var told []sendgrid.Message
	s, url := start(t, sendgrid.Options{Clock: c, OnAccept: func(m sendgrid.Message) { told = append(told, m) }})
	if got := s.Messages(); got == nil || len(got) != 0 {
		t.Fatalf("got %v, want an empty list that is not nil", got)
	}
	before := c.Now()
	id := mustSend(t, url, reminder("ana.lima@example.net"))
	got := s.Messages()
	if len(got) != 1 || got[0].SentAt.Before(before) || got[0].SentAt.After(c.Now()) {
		t.Fatalf("got %v, want one mail, sent between %s and now", got, before)
	}
	want := []sendgrid.Message{{
		ID: id, To: "ana.lima@example.net", From: "shop@northwind.example.com", Subject: "You left something",
		Text: "Come back: https://northwind.example.com/c/1",
		HTML: `<p><a href="https://northwind.example.com/c/1?a=1&amp;b=2">Come back</a></p>`,
		Headers: map[string]string{
			"From": `"Northwind, Ltd" <shop@northwind.example.com>`, "To": "Ana Lima <ana.lima@example.net>",
			"Reply-To": "help@northwind.example.com", "List-Unsubscribe": "<https://northwind.example.com/u/1>",
		},
		CustomArgs: map[string]string{"message_id": "default.h-1-0"},
		SentAt:     got[0].SentAt,
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("OnAccept: want (-), got (+):\n%s", diff)
	}
	got[0].Headers["From"] = "changed"
	if s.Messages()[0].Headers["From"] == "changed" {
		t.Error("a reader changed the mailbox")
	}
	if err := s.Delete(); err != nil || len(s.Messages()) != 0 {
		t.Errorf("got %v and %d mails, want an empty mailbox", err, len(s.Messages()))
	}
}

func TestEachRecipientHasAMailbox(t *testing.T) {
	t.Parallel()
	s, url := start(t, sendgrid.Options{})
	m := reminder("a@example.net")
	m.Personalizations[0].AddCCs(mail.NewEmail("", "b@example.net"))
	second := mail.NewPersonalization()
	second.AddTos(mail.NewEmail("", "c@example.net"))
	second.Subject = "Yours"
	second.SetHeader("X-Mine", "1")
	second.SetCustomArg("message_id", "own")
	m.AddPersonalizations(second)
	id := mustSend(t, url, m)
	var got []string
	for _, m := range s.Messages() {
		got = append(got, fmt.Sprintf("%s %s %s %s %s", m.ID[len(id):], m.To, m.Subject, m.CustomArgs["message_id"], m.Headers["X-Mine"]))
	}
	want := []string{
		" a@example.net You left something default.h-1-0 ",
		".1 b@example.net You left something default.h-1-0 ",
		".2 c@example.net Yours own 1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

func TestOrderAtOnce(t *testing.T) {
	t.Parallel()
	db, err := disk.Open(filepath.Join(t.TempDir(), "data.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	s, url := start(t, sendgrid.Options{Disk: db})
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			resp, err := send(context.Background(), url, reminder(fmt.Sprintf("s%d@example.net", i)))
			if err != nil || resp.StatusCode != http.StatusAccepted {
				t.Errorf("got %v, %v", resp, err)
			}
		})
	}
	all.Wait()
	got := s.Messages()
	if len(got) != 40 {
		t.Fatalf("got %d mails, want 40", len(got))
	}
	for i := range got[1:] {
		if got[i+1].SentAt.Before(got[i].SentAt) {
			t.Errorf("mail %d is older than the one before", i+1)
		}
	}
	again, _ := start(t, sendgrid.Options{Disk: db})
	if diff := cmp.Diff(got, again.Messages()); diff != "" {
		t.Errorf("after a restart: want (-), got (+):\n%s", diff)
	}
}

func TestSurvivesARestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data.db")
	db, err := disk.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	first, url := start(t, sendgrid.Options{Disk: db})
	mustSend(t, url, reminder("gone@example.net"))
	if err := first.Delete(); err != nil {
		t.Fatal(err)
	}
	mustSend(t, url, reminder("a@example.net"))
	want, key := first.Messages(), first.PublicKey()
	if err := db.Close(); err != nil { // and nothing of the server's own
		t.Fatal(err)
	}
	if resp, err := send(t.Context(), url, reminder("b@example.net")); err != nil || resp.StatusCode != http.StatusInternalServerError {
		t.Errorf("got %v, %v, want 500 for a mail that cannot be kept", resp, err)
	}
	if db, err = disk.Open(path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	second, url := start(t, sendgrid.Options{Disk: db})
	if diff := cmp.Diff(want, second.Messages()); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
	if second.PublicKey() != key {
		t.Error("the events' key changed")
	}
	mustSend(t, url, reminder("c@example.net"))
	if got := second.Messages(); len(got) != 2 || got[1].To != "c@example.net" {
		t.Errorf("got %d mails, want the new one last of 2", len(got))
	}
}
