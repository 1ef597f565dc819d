package sendgrid

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzMailSend looks for a body of mail/send that is accepted and could not become a mail.
func FuzzMailSend(f *testing.F) {
	const whole = `{"from":{"email":"shop@example.com","name":"Shop, Ltd"},"personalizations":[{"to":[{"email":"ana@example.net"}],"custom_args":{"message_id":"x"}}],
		"subject":"Hello","content":[{"type":"text/plain","value":"x"},{"type":"text/html","value":"<p>x"}],"headers":{"List-Unsubscribe":"<https://x>"},"categories":["reminder"]}`
	f.Add([]byte(whole))
	for _, change := range [][2]string{
		{"ana@example.net", `ana@example.net\r\nBcc: b@example.net`},
		{"ana@example.net", "a b"},
		{`[{"email":"ana@example.net"}]`, "[]"},
		{`"Hello"`, `"Hello\r\nBcc: x"`},
		{"List-Unsubscribe", "Bcc"},
		{"<https://x>", `x\r\ny`},
		{"text/plain", "text/html"},
		{"text/plain", `x\r\n`},
		{`"reminder"`, `"a","a"`},
		{`"Shop, Ltd"`, `"\u0000"`},
		{"[{\"to\"", "[null,{\"to\""},
		{`"personalizations"`, `"Personalizations"`},
		{`"x"`, "1e999"},
		{`{"email":"ana@example.net"}`, "null"},
	} {
		f.Add([]byte(strings.Replace(whole, change[0], change[1], 1)))
	}
	for _, body := range []string{"", "null", "[]", "{}", `{"attachments":[{"content":"!"}]}`, strings.Repeat(`{"personalizations":[`, 6_000), "\xff"} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		m, bad := parse(body)
		for _, e := range bad {
			if text, err := json.Marshal(e); err != nil || !utf8.Valid(text) || e.Message == "" {
				t.Errorf("the error is %s, %v", text, err)
			}
		}
		if len(bad) > 0 {
			return
		}
		if m.From == nil || len(m.Personalizations) == 0 || len(m.Content) == 0 {
			t.Fatalf("accepted %s", body)
		}
		for _, p := range m.Personalizations {
			if len(p.To) == 0 || m.Subject == "" && p.Subject == "" {
				t.Errorf("accepted without recipient or subject: %s", body)
			}
			lines := []string{m.Subject, p.Subject, m.From.Email, m.From.Name}
			for _, a := range append(append(p.To, p.CC...), p.BCC...) {
				if lines = append(lines, a.Email); strings.Count(a.Email, "@") < 1 {
					t.Errorf("accepted the address %q", a.Email)
				}
			}
			for name, value := range merged(m.Headers, p.Headers) {
				lines = append(lines, name, value)
			}
			for _, line := range lines {
				if breaksLine(line) {
					t.Errorf("accepted a broken line %q", line)
				}
			}
		}
	})
}
