package sendgridmail

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sendgrid/sendgrid-go/helpers/mail"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

func example() recovery.Mail {
	return recovery.Mail{
		Store:       "default",
		MessageID:   "default.h-1-0",
		From:        recovery.Address{Name: "Northwind", Email: "shop@northwind.example.com"},
		ReplyTo:     "help@northwind.example.com",
		To:          []recovery.Address{{Name: "Ana Lima", Email: "ana.lima@example.net"}},
		Unsubscribe: "https://comeback.example.com/u/token",
		Content:     recovery.Content{Subject: "Você esqueceu algo", HTML: "<p>Olá</p>", Text: "Olá"},
	}
}

func built(t *testing.T, m recovery.Mail) any {
	t.Helper()
	return decode(t, string(mail.GetRequestBody(build(m))))
}

func decode(t *testing.T, s string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		t.Fatalf("decoding %s: %v", s, err)
	}
	return v
}

func TestBuild(t *testing.T) {
	t.Parallel()
	want := decode(t, `{
		"from": {"name": "Northwind", "email": "shop@northwind.example.com"},
		"reply_to": {"email": "help@northwind.example.com"},
		"subject": "Você esqueceu algo",
		"personalizations": [{"to": [{"name": "Ana Lima", "email": "ana.lima@example.net"}]}],
		"content": [{"type": "text/plain", "value": "Olá"}, {"type": "text/html", "value": "<p>Olá</p>"}],
		"categories": ["reminder"],
		"headers": {"List-Unsubscribe": "<https://comeback.example.com/u/token>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
		"custom_args": {"message_id": "default.h-1-0"},
		"tracking_settings": {
			"click_tracking": {"enable": false, "enable_text": false},
			"open_tracking": {"enable": false},
			"subscription_tracking": {"enable": false}
		}
	}`)
	if diff := cmp.Diff(want, built(t, example())); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
}

func TestBuildLeavesOutWhatIsNotThere(t *testing.T) {
	t.Parallel()
	m := example()
	m.ReplyTo, m.HTML, m.From.Name, m.To[0].Name, m.Unsubscribe = "", "", "", "", ""
	got := built(t, m).(map[string]any)
	for _, name := range []string{"reply_to", "headers"} {
		if v, ok := got[name]; ok {
			t.Errorf("%s is %v, want none", name, v)
		}
	}
	want := decode(t, `[{"type": "text/plain", "value": "Olá"}]`)
	if diff := cmp.Diff(want, got["content"]); diff != "" {
		t.Errorf("content (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(decode(t, `{"email": "shop@northwind.example.com"}`), got["from"]); diff != "" {
		t.Errorf("from (-want +got):\n%s", diff)
	}
}

func TestBuildKeepsLineBreaksOutOfHeaders(t *testing.T) {
	t.Parallel()
	m := example()
	m.Subject = "Hello\r\nBcc: x@example.net"
	m.From.Name = "North\nwind\x00"
	m.To[0].Name = "Ana\u2028Lima\u0085"
	got := build(m)
	for _, c := range []struct{ what, got, want string }{
		{"subject", got.Subject, "Hello  Bcc: x@example.net"},
		{"sender", got.From.Name, "North wind "},
		{"recipient", got.Personalizations[0].To[0].Name, "Ana Lima "},
	} {
		if c.got != c.want {
			t.Errorf("%s is %q, want %q", c.what, c.got, c.want)
		}
	}
}
