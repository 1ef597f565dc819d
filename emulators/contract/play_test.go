package contract

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// headers of a request, by name; "" takes one away.
type headers map[string]string

// send makes a request and returns its answer, which must have the status.
func (s *system) send(want int, method, url, body string, h headers) (http.Header, string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, url, strings.NewReader(body))
	s.must(err)
	for name, value := range h {
		r.Header.Set(name, value)
	}
	res, err := http.DefaultTransport.RoundTrip(r) // which follows no redirect
	s.must(err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	s.must(err)
	if res.StatusCode != want {
		s.t.Errorf("%s %s: got %d %s, want %d", method, url, res.StatusCode, text, want)
	}
	return res.Header, string(text)
}

// post sends JSON.
func (s *system) post(want int, url, body string, h headers) string {
	s.t.Helper()
	all := headers{"Content-Type": "application/json"}
	for name, value := range h {
		all[name] = value
	}
	_, text := s.send(want, http.MethodPost, url, body, all)
	return text
}

// key is the proof of the default store's backend.
var key = headers{"Authorization": "Bearer local"}

// sample is a file of the local system's.
func (s *system) sample(name string) string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join("../local/testdata", name))
	s.must(err)
	return string(text)
}

func sign(secret, text string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// left is a checkout that was left now.
func (s *system) left(id, email string) string {
	return fmt.Sprintf(`{"checkout_id":%q,"email":%q,"customer":{"id":"7","first_name":"Ana","last_name":"Lima"},"cart_id":"cart of %s",
		"locale":"pt-BR","timezone":"America/Sao_Paulo","accepts_marketing":true,"consent":{"wording":"Yes.","at":"2026-11-20T17:29:00Z"},
		"currency":"EUR","total":"89.90","recover_url":"https://shop.example.com/checkouts/1","abandoned_at":%q,
		"items":[{"id":"1","title":"Shoes","variant":"41","quantity":1,"price":"89.90","url":"https://shop.example.com/1","image_url":"https://cdn.example.net/1.jpg"}]}`,
		id, email, id, s.clock.Now().UTC().Format(time.RFC3339Nano))
}

// links are those of the newest mail to an address, as paths.
func (s *system) links(email string) (back, leave string) {
	s.t.Helper()
	mails := s.mails.Messages()
	for i := range mails {
		m := mails[len(mails)-1-i]
		if m.To != email {
			continue
		}
		return s.find(m.Text, s.url+"/r/"), s.find(m.Text, s.url+"/u/")
	}
	s.t.Fatalf("no mail to %s among %d", email, len(mails))
	return "", ""
}

func (s *system) find(text, prefix string) string {
	s.t.Helper()
	i := strings.Index(text, prefix)
	if i < 0 {
		s.t.Fatalf("no link %s… in the mail:\n%s", prefix, text)
	}
	link, _, _ := strings.Cut(text[i:], "\n")
	return strings.TrimPrefix(strings.TrimRight(strings.TrimSpace(link), ">).,"), s.url)
}

// task is the body of the pending reminder that is due first, or of one that is not kept.
func (s *system) task() string {
	s.t.Helper()
	pending := s.tasks.Pending()
	if len(pending) == 0 {
		s.t.Fatal("no task is pending")
	}
	return pending[0].Body
}

// parsed is a JSON text's value, nil if it is none.
func parsed(text []byte) (value any) {
	if json.Unmarshal(text, &value) != nil {
		return nil
	}
	return value
}
