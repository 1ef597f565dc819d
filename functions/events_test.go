package functions

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/comeback-checkout/comeback/internal/callerauth"
	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/recovery/recoverytest"
)

// sendGrid is SendGrid, with an account for each store.
type sendGrid struct {
	*shop
	keys map[string]*ecdsa.PrivateKey
}

// openEvents is the functions with the events' keys of the stores.
func openEvents(t testing.TB, stores ...string) *sendGrid {
	t.Helper()
	s := &sendGrid{shop: open(), keys: map[string]*ecdsa.PrivateKey{}}
	verifier := callerauth.NewSendGrid(s.clock.Now)
	for _, store := range stores {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		der, err := x509.MarshalPKIXPublicKey(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		if err := verifier.Add(store, base64.StdEncoding.EncodeToString(der)); err != nil {
			t.Fatal(err)
		}
		s.keys[store] = key
	}
	s.Events = verifier
	return s
}

// request is one that the store's account signs; "" signs nothing.
func (s *sendGrid) request(store, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/webhooks/sendgrid", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if store == "" {
		return r
	}
	timestamp := strconv.FormatInt(s.clock.Now().Unix(), 10)
	sum := sha256.Sum256([]byte(timestamp + body))
	signature, err := ecdsa.SignASN1(rand.Reader, s.keys[store], sum[:])
	if err != nil {
		panic(err)
	}
	r.Header.Set(eventsSignature, base64.StdEncoding.EncodeToString(signature))
	r.Header.Set(eventsTimestamp, timestamp)
	return r
}

func (s *sendGrid) serve(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	Handler(s.App).ServeHTTP(w, r)
	return w
}

// eventOf is an event of the first reminder of the store's checkout "c1".
func eventOf(store, event string) string {
	id := recovery.MessageID(store, recovery.CheckoutKey(store, "c1"), recovery.ReminderID{Generation: 1})
	return fmt.Sprintf(`{"event":%q,"email":"ana@example.net","timestamp":%d,"message_id":%q,"sg_message_id":"abc.0"}`, event, noon.Unix(), id)
}

// unknownOutcome runs the first reminder, of which SendGrid's answer is lost.
func unknownOutcome(s *sendGrid) {
	s.clock.Set(noon.Add(30 * time.Minute))
	mailer := &recoverytest.Mailer{}
	mailer.LoseNext(&recovery.SendError{Kind: recovery.ErrUnknown, Detail: "lost"})
	s.Service.Mailer, s.Service.Renderer, s.Service.Deadlines = mailer, recoverytest.Renderer{}, recovery.DefaultDeadlines()
	s.Service.Deadlines.Mark = time.Minute
	_, _ = s.Service.Remind(context.Background(), recovery.Task{
		Store: "default", Checkout: recovery.CheckoutKey("default", "c1"), Reminder: recovery.ReminderID{Generation: 1},
	})
}

func TestSendGridEvents(t *testing.T) {
	t.Parallel()
	const (
		nothing = `{"recorded":0,"ignored":0}`
		line    = `{"severity":"INFO","message":"request","function":"SendGridEvents","status":200,`
	)
	for _, tc := range []struct {
		name, store, body string
		change            func(*http.Request)
		before            func(*sendGrid)
		status            int
		answer, line      string
	}{
		{
			name: "one that settles", store: "default", before: unknownOutcome, body: "[" + eventOf("default", "delivered") + "]",
			status: 200, answer: `{"recorded":1,"ignored":0}`, line: line + `"store":"default","outcome":"recorded","recorded":1,"settled":1,"suppressed":0,"ignored":0}`,
		},
		{
			name: "one that suppresses, others that are nobody's", store: "default", before: unknownOutcome,
			body:   "[" + eventOf("default", "spamreport") + `,{},7,` + eventOf("nowhere", "open") + `,{"event":"open","message_id":"x"}]`,
			status: 200, answer: `{"recorded":1,"ignored":4}`, line: line + `"store":"default","outcome":"recorded","recorded":1,"settled":1,"suppressed":1,"ignored":4}`,
		},
		{
			name: "another store's", store: "second", body: "[" + eventOf("default", "unsubscribe") + "]",
			status: 200, answer: `{"recorded":0,"ignored":1}`, line: line + `"store":"second","outcome":"recorded","recorded":0,"settled":0,"suppressed":0,"ignored":1}`,
		},
		{name: "none", store: "default", body: "[]", status: 200, answer: nothing, line: line + `"store":"default","outcome":"recorded","recorded":0,"settled":0,"suppressed":0,"ignored":0}`},
		{
			name: "not signed", body: "[" + eventOf("default", "delivered") + "]", status: 401, answer: `unauthorized`,
			line: `{"severity":"WARNING","message":"request","function":"SendGridEvents","status":401,"error":"not authorized: the request is not signed"}`,
		},
		{
			name: "a changed body", store: "default", body: "[]", change: func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("[ ]")) },
			status: 401, answer: `unauthorized`,
			line: `{"severity":"WARNING","message":"request","function":"SendGridEvents","status":401,"error":"not authorized: no store's verification key fits the signature"}`,
		},
		{
			name: "an old request", store: "default", body: "[]", before: func(s *sendGrid) { s.clock.Set(noon.Add(49 * time.Hour)) },
			change: func(r *http.Request) { r.Header.Set(eventsTimestamp, strconv.FormatInt(noon.Unix(), 10)) }, status: 401, answer: `unauthorized`,
			line: `{"severity":"WARNING","message":"request","function":"SendGridEvents","status":401,"error":"not authorized: the timestamp is far from now"}`,
		},
		{
			name: "no array", store: "default", body: `{"email":"ana@example.net"}`, status: 400, answer: `want a JSON array of events`,
			line: `{"severity":"WARNING","message":"request","function":"SendGridEvents","status":400,"store":"default","error":"invalid","field":""}`,
		},
		{
			name: "no array, not signed", body: `{`, status: 401, answer: `unauthorized`,
			line: `{"severity":"WARNING","message":"request","function":"SendGridEvents","status":401,"error":"not authorized: the request is not signed"}`,
		},
		{
			name: "another method", store: "default", body: "[]", change: func(r *http.Request) { r.Method = http.MethodGet }, status: 405, answer: `use POST`,
			line: `{"severity":"WARNING","message":"request","function":"SendGridEvents","status":405,"error":"method_not_allowed","field":""}`,
		},
		{
			name: "Firestore is away", store: "default", body: "[" + eventOf("default", "delivered") + "]", before: func(s *sendGrid) { s.db.FailAll(recovery.ErrOverload) },
			status: 503, answer: `not done; send it again`,
			line: `{"severity":"WARNING","message":"request","function":"SendGridEvents","status":503,"store":"default","error":"record events of message ` + recovery.CheckoutKey("default", "c1") + `-1-0: overloaded or away"}`,
		},
		{
			name: "cut off", store: "default", body: "[]", change: func(r *http.Request) { r.Body = io.NopCloser(iotest.ErrReader(io.ErrUnexpectedEOF)) }, status: 503, answer: `send it again`,
			line: `{"severity":"WARNING","message":"request","function":"SendGridEvents","status":503,"error":"the request is incomplete: read the body: unexpected EOF"}`,
		},
		{
			name: "a type that is none of JSON's, and broken text", store: "default", body: "[{\"useragent\":\"\xff\"}]", change: func(r *http.Request) { r.Header.Set("Content-Type", "image/png") },
			status: 200, answer: `{"recorded":0,"ignored":1}`, line: line + `"store":"default","outcome":"recorded","recorded":0,"settled":0,"suppressed":0,"ignored":1}`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := openEvents(t, "default", "second")
			s.post("/checkout", "key", `{"checkout_id":"c1","email":"ana@example.net"}`)
			s.lines.Reset()
			if tc.before != nil {
				tc.before(s)
			}
			r := s.request(tc.store, tc.body)
			if tc.change != nil {
				tc.change(r)
			}
			w := s.serve(r)
			if w.Code != tc.status || !strings.Contains(w.Body.String(), tc.answer) {
				t.Errorf("got %d %s, want %d %s", w.Code, w.Body, tc.status, tc.answer)
			}
			if retry := w.Header().Get("Retry-After"); (retry != "") != (tc.status == http.StatusServiceUnavailable) {
				t.Errorf("Retry-After: got %q with %d", retry, w.Code)
			}
			if diff := cmp.Diff(tc.line+"\n", s.take()); diff != "" {
				t.Errorf("the line (-want +got):\n%s", diff)
			}
		})
	}
}

// Without a key, no event is accepted, and the answer says where a key comes from.
func TestSendGridEventsWithoutKey(t *testing.T) {
	t.Parallel()
	s := openEvents(t)
	w := s.serve(s.request("", "[]"))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "SENDGRID_EVENTS_PUBLIC_KEY") {
		t.Errorf("got %d %s, want 503 and where to get a key", w.Code, w.Body)
	}
	want := `{"severity":"WARNING","message":"request","function":"SendGridEvents","status":503,"error":`
	if got := s.take(); !strings.HasPrefix(got, want) {
		t.Errorf("the line is %s, want %s…", got, want)
	}
}

func TestSendGridEventsTooLarge(t *testing.T) {
	t.Parallel()
	s := openEvents(t, "default")
	for size, want := range map[int]int{webhookLimit: http.StatusOK, webhookLimit + 1: http.StatusRequestEntityTooLarge} {
		body := "[" + string(bytes.Repeat([]byte(" "), size-2)) + "]"
		if w := s.serve(s.request("default", body)); w.Code != want {
			t.Errorf("%d bytes: got %d, want %d", size, w.Code, want)
		}
	}
}

// SendGrid was heard of by the stores that its events were of.
func TestSendGridIsHeard(t *testing.T) {
	t.Parallel()
	s := openEvents(t, "default", "second")
	s.serve(s.request("default", "["+eventOf("default", "open")+","+eventOf("second", "open")+"]"))
	s.serve(s.request("second", `[{"event":"open","message_id":"another's"}]`))
	s.lines.Reset()
	logSilences(t.Context(), s.App)
	want := `{"severity":"INFO","message":"heard","store":"default","source":"SendGridEvents","silent_ms":0}` + "\n"
	if diff := cmp.Diff(want, s.take()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	s.keys["second"] = s.keys["default"] // one account for both
	verifier := callerauth.NewSendGrid(s.clock.Now)
	der, err := x509.MarshalPKIXPublicKey(s.keys["default"].Public())
	if err != nil {
		t.Fatal(err)
	}
	for _, store := range []string{"second", "default"} {
		if err := verifier.Add(store, base64.StdEncoding.EncodeToString(der)); err != nil {
			t.Fatal(err)
		}
	}
	s.Events = verifier
	s.serve(s.request("default", "["+eventOf("second", "open")+","+eventOf("default", "open")+"]"))
	s.lines.Reset()
	logSilences(t.Context(), s.App)
	want += `{"severity":"INFO","message":"heard","store":"second","source":"SendGridEvents","silent_ms":0}` + "\n"
	if diff := cmp.Diff(want, s.take()); diff != "" {
		t.Errorf("one account for both (-want +got):\n%s", diff)
	}
}
