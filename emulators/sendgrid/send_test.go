package sendgrid_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	client "github.com/sendgrid/sendgrid-go"
	"github.com/sendgrid/sendgrid-go/helpers/mail"

	"github.com/comeback-checkout/comeback/emulators/sendgrid"
)

// body is a good request with some of its top-level fields replaced; "" leaves one out.
func body(replace ...string) string {
	fields := map[string]string{
		"personalizations": `[{"to":[{"email":"ana.lima@example.net","name":"Ana"}]}]`,
		"from":             `{"email":"shop@example.com"}`,
		"subject":          `"Hello"`,
		"content":          `[{"type":"text/plain","value":"Hi"},{"type":"text/html","value":"<p>Hi"}]`,
	}
	for i := 0; i < len(replace); i += 2 {
		fields[replace[i]] = replace[i+1]
	}
	var parts []string
	for name, value := range fields {
		if value != "" {
			parts = append(parts, fmt.Sprintf("%q:%s", name, value))
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// recipients are n addresses as JSON objects.
func recipients(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`{"email":"s%d@example.net"}`, i)
	}
	return strings.Join(list, ",")
}

func TestRefusesWhatTheServiceRefuses(t *testing.T) {
	t.Parallel()
	s, url := start(t, sendgrid.Options{})
	to := func(list string) string { return `[{"to":[` + list + `]}]` }
	tests := []struct {
		name, body, field, message string
	}{
		{"no JSON", `hello`, "", "Bad Request"},
		{"trailing garbage", body() + "x", "", "Bad Request"},
		{"invalid UTF-8", body("subject", "\"\xff\""), "", "Bad Request"},
		{"type", body("subject", `7`), "subject", "another type"},
		{"header type", body("headers", `{"X-A":7}`), "headers", "another type"},
		{"no personalizations", body("personalizations", ""), "personalizations", "required"},
		{"empty personalizations", body("personalizations", "[]"), "personalizations", "at least one"},
		{"no to", body("personalizations", `[{}]`), "personalizations.0.to", "required"},
		{"address without a domain", body("personalizations", to(`{"email":"ana"}`)), "personalizations.0.to.0.email", "valid address"},
		{"address without a dot", body("personalizations", to(`{"email":"ana@host"}`)), "personalizations.0.to.0.email", "valid address"},
		{"address in a form of its own", body("personalizations", to(`{"email":"Ana <ana@example.net>"}`)), "personalizations.0.to.0.email", "valid address"},
		{"repeated address", body("personalizations", to(`{"email":"a@example.net"},{"email":"A@example.net"}`)), "personalizations.0", "unique"},
		{"1,001 recipients", body("personalizations", to(recipients(1001))), "personalizations", "1000 total recipients"},
		{"1,001 personalizations", body("personalizations", "["+strings.Repeat(`{},`, 1000)+"{}]"), "personalizations", "provided 1001"},
		{"no from", body("from", ""), "from", "must be provided"},
		{"from", body("from", `{"email":"shop@"}`), "from.email", "valid address"},
		{"line break in the sender's name", body("from", `{"email":"a@example.com","name":"A\r\nBcc: x@example.com"}`), "from.name", "CRLF"},
		{"reply-to", body("reply_to", `{"email":"x"}`), "reply_to.email", "valid address"},
		{"no subject", body("subject", ""), "subject", "required"},
		{"line break in the subject", body("subject", `"A\nBcc: x@example.com"`), "subject", "CRLF"},
		{"no content", body("content", ""), "content", "at least one"},
		{"empty content", body("content", `[{"type":"text/plain","value":""}]`), "content.0.value", "one character"},
		{"no content type", body("content", `[{"value":"x"}]`), "content.0.type", "required"},
		{"content type with a parameter", body("content", `[{"type":"text/plain; charset=utf-8","value":"x"}]`), "content.0.type", "';'"},
		{"HTML before text", body("content", `[{"type":"text/html","value":"x"},{"type":"text/plain","value":"x"}]`), "content", "RFC 1341"},
		{"other content before HTML", body("content", `[{"type":"text/calendar","value":"x"},{"type":"text/html","value":"x"}]`), "content", "RFC 1341"},
		{"two texts", body("content", `[{"type":"text/plain","value":"x"},{"type":"text/plain","value":"x"}]`), "content", "only be provided once"},
		{"reserved header", body("headers", `{"reply-TO":"a@example.com"}`), "headers", "reserved"},
		{"header key", body("headers", `{"X A":"1"}`), "headers", "spaces"},
		{"header value with a line break", body("headers", `{"X-A":"1\r\nBcc: x@example.com"}`), "headers", "CRLF"},
		{"personal header", body("personalizations", `[{"to":[{"email":"a@example.net"}],"headers":{"Received":"x"}}]`), "personalizations.0.headers", "reserved"},
		{"10,000 bytes of custom arguments", body("custom_args", `{"a":"`+strings.Repeat("x", 9999)+`"}`), "personalizations.0.custom_args", "10,000 bytes"},
		{"11 categories", body("categories", `["1","2","3","4","5","6","7","8","9","10","11"]`), "categories", "provided 11"},
		{"repeated category", body("categories", `["a","a"]`), "categories", "more than once"},
		{"long category", body("categories", `["`+strings.Repeat("x", 256)+`"]`), "categories", "255"},
		{"attachment", body("attachments", `[{"content":"%%%","filename":"a"}]`), "attachments.content", "base64"},
		{"attachment's name", body("attachments", `[{"content":"aGk="}]`), "attachments.0.filename", "required"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			status, answer := post(t, url+"/v3/mail/send", test.body)
			var got struct {
				Errors []struct{ Message, Field, Help *string }
			}
			if err := json.Unmarshal([]byte(answer), &got); err != nil || status != http.StatusBadRequest || len(got.Errors) == 0 {
				t.Fatalf("got %d %s, want 400 with errors", status, answer)
			}
			e := got.Errors[0]
			if e.Message == nil || !strings.Contains(*e.Message, test.message) {
				t.Errorf("got %s, want a message with %q", answer, test.message)
			}
			if test.field == "" {
				if e.Field != nil || e.Help != nil {
					t.Errorf("got %s, want field and help null", answer)
				}
			} else if e.Field == nil || *e.Field != test.field || e.Help == nil {
				t.Errorf("got %s, want field %s and help", answer, test.field)
			}
		})
	}
	t.Cleanup(func() {
		if got := s.Messages(); len(got) != 0 {
			t.Errorf("got %d mails, want none of a refused request", len(got))
		}
	})
}

func TestTakesWhatTheServiceTakes(t *testing.T) {
	t.Parallel()
	_, url := start(t, sendgrid.Options{})
	for name, b := range map[string]string{
		"plain":                        body(),
		"only HTML":                    body("content", `[{"type":"text/html","value":"x"}]`),
		"calendar last":                body("content", `[{"type":"text/plain","value":"x"},{"type":"text/calendar","value":"x"}]`),
		"1,000 recipients":             body("personalizations", `[{"to":[`+recipients(1000)+`]}]`),
		"subjects of their own":        body("subject", "", "personalizations", `[{"to":[{"email":"a@example.net"}],"subject":"A"}]`),
		"9,999 bytes of arguments":     body("custom_args", `{"a":"`+strings.Repeat("x", 9998)+`"}`),
		"unsubscribe headers":          body("headers", `{"List-Unsubscribe":"<https://x.example.com>","List-Unsubscribe-Post":"List-Unsubscribe=One-Click"}`),
		"ten categories":               body("categories", `["1","2","3","4","5","6","7","8","9","10"]`),
		"settings without effect here": body("tracking_settings", `{"click_tracking":{"enable":false}}`, "asm", `{"group_id":7}`),
		"an attachment":                body("attachments", `[{"content":"aGk=","filename":"a.txt","type":"text/plain"}]`),
	} {
		if status, answer := post(t, url+"/v3/mail/send", b); status != http.StatusAccepted {
			t.Errorf("%s: got %d %s, want 202", name, status, answer)
		}
	}
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	s, url := start(t, sendgrid.Options{APIKeys: []string{"old", "local"}})
	send := url + "/v3/mail/send"
	tests := []struct {
		name, url, body string
		header          []string
		want            int
	}{
		{"no key", send, body(), []string{"Authorization", ""}, http.StatusUnauthorized},
		{"empty key", send, body(), []string{"Authorization", "Bearer "}, http.StatusUnauthorized},
		{"another key", send, body(), []string{"Authorization", "Bearer other"}, http.StatusUnauthorized},
		{"another scheme", send, body(), []string{"Authorization", "Basic local"}, http.StatusUnauthorized},
		{"form", send, "a=b", []string{"Content-Type", "application/x-www-form-urlencoded"}, http.StatusUnsupportedMediaType},
		{"not gzip", send, body(), []string{"Content-Encoding", "gzip"}, http.StatusBadRequest},
		{"over 30 MB", send, body("subject", `"`+strings.Repeat("x", 30<<20)+`"`), nil, http.StatusRequestEntityTooLarge},
		{"another path", url + "/v3/templates", body(), nil, http.StatusNotFound},
		{"sandbox", send, body("mail_settings", `{"sandbox_mode":{"enable":true}}`), nil, http.StatusOK},
		{"template", send, body("template_id", `"d-1"`), nil, http.StatusNotImplemented},
		{"scheduled", send, body("send_at", `1795282201`), nil, http.StatusNotImplemented},
		{"substitutions", send, body("personalizations", `[{"to":[{"email":"a@example.net"}],"substitutions":{"a":"b"}}]`), nil, http.StatusNotImplemented},
	}
	for _, test := range tests {
		status, answer := post(t, test.url, test.body, test.header...)
		if status != test.want || (status >= 400) != strings.HasPrefix(answer, `{"errors":[{"message":`) {
			t.Errorf("%s: got %d %s, want %d", test.name, status, answer, test.want)
		}
	}
	if got := s.Messages(); len(got) != 0 {
		t.Errorf("got %d mails, want none", len(got))
	}
	if status, answer := post(t, send, body(), "Authorization", "Bearer old"); status != http.StatusAccepted {
		t.Errorf("second key: got %d %s, want 202", status, answer)
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	_, url := start(t, sendgrid.Options{})
	r := client.GetRequest("local", "/v3/mail/send", url)
	r.Method = "GET"
	resp, err := client.MakeRequestWithContext(t.Context(), r)
	if err != nil || resp.StatusCode != http.StatusMethodNotAllowed || resp.Headers["Allow"][0] != "POST" {
		t.Errorf("got %v, %v, want 405 with Allow: POST", resp, err)
	}
}

func TestGzip(t *testing.T) {
	t.Parallel()
	s, url := start(t, sendgrid.Options{})
	r := client.GetRequest("local", "/v3/mail/send", url)
	r.Method = "POST"
	r.Headers["Content-Encoding"] = "gzip"
	m := mail.NewSingleEmailPlainText(mail.NewEmail("", "shop@example.com"), "Packed", mail.NewEmail("", "ana@example.net"), "Hi")
	resp, err := (&client.Client{Request: r}).SendWithContext(t.Context(), m)
	if err != nil || resp.StatusCode != http.StatusAccepted {
		t.Fatalf("got %v, %v, want 202", resp, err)
	}
	if got := s.Messages(); len(got) != 1 || got[0].Subject != "Packed" {
		t.Errorf("got %v, want the mail", got)
	}
}
