package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/functions"
)

// roundTrip is the latency injected into each call to Firestore and Cloud Tasks.
const roundTrip = 20 * time.Millisecond

func benchmarkWorld(b *testing.B) (*System, http.Handler) {
	b.Helper()
	o := DefaultOptions()
	o.Data = ""
	o.Functions, o.Console, o.Firestore, o.CloudTasks, o.SendGrid = "127.0.0.1:0", Off, "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	o.Lookup = func(string) (string, bool) { return "", false }
	o.Log = slog.New(slog.DiscardHandler)
	o.Latency = roundTrip
	o.NoSweep = true
	s, err := Start(b.Context(), o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s, functions.Handler(s.App)
}

func send(b *testing.B, h http.Handler, want int, path, body string) {
	b.Helper()
	r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer local")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != want {
		b.Fatalf("POST %s: got %d %s", path, w.Code, w.Body)
	}
}

// BenchmarkNewCheckout reports how many round trips a new checkout costs its caller.
func BenchmarkNewCheckout(b *testing.B) {
	_, h := benchmarkWorld(b)
	send(b, h, http.StatusCreated, checkoutPath, `{"email":"dial@example.net"}`)
	n := 0
	for b.Loop() {
		n++
		send(b, h, http.StatusCreated, checkoutPath, fmt.Sprintf(`{"checkout_id":"c%d","cart_id":"k%d","email":"s%d@example.net"}`, n, n, n))
	}
	reportRoundTrips(b)
}

// BenchmarkMarkedCheckout is BenchmarkNewCheckout where each call leaves a mark, for
// which the answer waits, as the first of each minute does.
func BenchmarkMarkedCheckout(b *testing.B) {
	s, h := benchmarkWorld(b)
	send(b, h, http.StatusCreated, checkoutPath, `{"email":"dial@example.net"}`)
	n := 0
	for b.Loop() {
		b.StopTimer()
		n++
		if err := s.Clock.Advance(b.Context(), s.Clock.Now().Add(time.Minute)); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		send(b, h, http.StatusCreated, checkoutPath, fmt.Sprintf(`{"checkout_id":"c%d","cart_id":"k%d","email":"s%d@example.net"}`, n, n, n))
	}
	reportRoundTrips(b)
}

// BenchmarkOrder reports how many round trips an order of a known checkout costs.
func BenchmarkOrder(b *testing.B) {
	_, h := benchmarkWorld(b)
	send(b, h, http.StatusCreated, checkoutPath, `{"email":"dial@example.net"}`)
	n := 0
	for b.Loop() {
		b.StopTimer()
		n++
		send(b, h, http.StatusCreated, checkoutPath, fmt.Sprintf(`{"checkout_id":"c%d","cart_id":"k%d","email":"s%d@example.net"}`, n, n, n))
		b.StartTimer()
		send(b, h, http.StatusOK, orderPath, fmt.Sprintf(`{"order_id":"o%d","checkout_id":"c%d","cart_id":"k%d","email":"s%d@example.net"}`, n, n, n, n))
	}
	reportRoundTrips(b)
}

func reportRoundTrips(b *testing.B) {
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(roundTrip), "round-trips/op")
}

// BenchmarkStart is from the start of the process, with nothing kept yet, to its
// first answer.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		p := startProcess(b, "-data", b.TempDir())
		if a, err := p.try(checkoutPath, `{"email":"first@example.net"}`); err != nil || a.Status != http.StatusCreated {
			b.Fatalf("got %d %s %v", a.Status, a.Raw, err)
		}
		b.StopTimer()
		p.kill()
		b.StartTimer()
	}
}
