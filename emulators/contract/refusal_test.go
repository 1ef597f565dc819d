package contract

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// call is a good call of one operation, of which bad ones are made.
type call struct {
	path, body string
	proof      headers
	caller     bool // the storefront, which has a key and sends its own fields
	kib        int  // more than it takes
}

// calls are one of each operation that takes a body and does not answer a shopper.
func (s *system) calls() []call {
	const order = `{"id":4711,"status":"pending","currency":"EUR","total":"89.90","billing":{"email":"ana@example.net"}}`
	const checkout = `{"token":"t1","email":"dan@example.net","updated_at":"2026-11-20T17:30:00Z"}`
	event := fmt.Sprintf(`[{"event":"open","timestamp":%d,"message_id":"default.u6twipwyytmfqsl7vvwbzxc7sq-1-0"}]`, s.clock.Now().Unix())
	return []call{
		{"/checkout", `{"email":"dan@example.net"}`, key, true, 257},
		{"/api/checkout", `{"email_id":"dan@example.net"}`, key, true, 257},
		{"/order", `{"order_id":"9","email":"dan@example.net"}`, key, true, 257},
		{"/api/order", `{"order_id":"9","email_id":"dan@example.net"}`, key, true, 257},
		{"/privacy/erase", `{"email":"dan@example.net"}`, key, true, 257},
		{"/privacy/export", `{"email":"dan@example.net"}`, key, true, 257},
		{"/tasks/remind", `{"v":1,"store":"default","checkout":"u6twipwyytmfqsl7vvwbzxc7sq","generation":1,"step":0}`, s.tasksKey(), false, 33},
		{"/tasks/sweep", "", s.sweepKey(), false, 0},
		{"/webhooks/sendgrid", event, s.signedEvents(event), false, 8<<10 + 1},
		{"/webhooks/shopify", checkout, shopify("checkouts/create", checkout), false, 8<<10 + 1},
		{"/webhooks/woocommerce", order, woocommerce("order.created", order), false, 8<<10 + 1},
	}
}

// refusals plays what no good caller does.
func (s *system) refusals() {
	s.t.Helper()
	for _, c := range s.calls() {
		s.post(http.StatusUnauthorized, s.url+c.path, c.body, with(c.proof, headers{
			"Authorization": "Bearer wrong", "X-Shopify-Hmac-Sha256": "wrong", "X-WC-Webhook-Signature": "wrong", signature: "wrong",
		}))
		if c.kib > 0 {
			s.post(http.StatusRequestEntityTooLarge, s.url+c.path, tooLarge(c.kib), c.proof)
		}
		if c.caller || c.path == "/tasks/remind" {
			s.post(http.StatusUnsupportedMediaType, s.url+c.path, c.body, with(c.proof, headers{"Content-Encoding": "gzip"}))
			s.post(http.StatusBadRequest, s.url+c.path, "{\"\xff\":1}", c.proof)
		}
		if c.caller {
			s.post(http.StatusForbidden, s.url+c.path, strings.Replace(c.body, "{", `{"store":"second",`, 1), c.proof)
			s.post(http.StatusBadRequest, s.url+c.path, `{}`, c.proof)
		}
	}
	s.post(http.StatusBadRequest, s.url+"/webhooks/sendgrid", "{}", s.signedEvents("{}"))
	s.post(http.StatusOK, s.url+"/tasks/remind", `{"v":1,"store":"../x"}`, s.tasksKey())
}

// outages plays the same calls where something is away (503), and where something is
// broken (500).
func (s *system) outages() {
	s.t.Helper()
	_, link := s.links(bea)
	for _, c := range s.calls() {
		s.post(http.StatusInternalServerError, s.strange+c.path, c.body, c.proof)
	}
	s.send(http.StatusInternalServerError, http.MethodPost, s.strange+link, "", browser)
	s.must(s.firestore.SetFault(away))
	defer s.firestore.Heal()
	for _, c := range s.calls() {
		s.post(http.StatusServiceUnavailable, s.hurried+c.path, c.body, c.proof)
	}
	s.send(http.StatusServiceUnavailable, http.MethodPost, s.hurried+link, "", browser)
	s.cutOff(link)
	s.post(http.StatusServiceUnavailable, s.keyless+"/webhooks/sendgrid", "[]", s.signedEvents("[]"))
}

// cutOff posts a body that ends before its end.
func (s *system) cutOff(link string) {
	s.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	s.must(err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nchoice", link)
	s.must(err)
	s.must(conn.(*net.TCPConn).CloseWrite())
	_, err = io.ReadAll(conn)
	s.must(err)
}

func with(h, more headers) headers {
	all := maps.Clone(h)
	for name, value := range more {
		if _, there := all[name]; there || name == "Content-Encoding" {
			all[name] = value
		}
	}
	return all
}

const (
	signature = "X-Twilio-Email-Event-Webhook-Signature"
	timestamp = "X-Twilio-Email-Event-Webhook-Timestamp"
)

func (s *system) signedEvents(body string) headers {
	s.t.Helper()
	at := strconv.FormatInt(s.clock.Now().Unix(), 10)
	sum := sha256.Sum256([]byte(at + body))
	signed, err := ecdsa.SignASN1(rand.Reader, s.events, sum[:])
	s.must(err)
	return headers{signature: base64.StdEncoding.EncodeToString(signed), timestamp: at}
}
