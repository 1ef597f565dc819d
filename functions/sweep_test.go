package functions

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/recovery/recoverytest"
)

// anyToken lets everybody in.
type anyToken struct{}

func (anyToken) Check(context.Context, string, string, string) error { return nil }

// The line of a sweep and its answer tell the same figures: what it found, how overdue
// the first was, and whether there is more to do.
func TestLinesOfSweep(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		before func(*shop)
		status int
		answer string
		want   []string
	}{
		{
			name: "nothing to do", status: http.StatusOK,
			answer: `{"checkouts":0,"enqueued":0,"pages":1,"more":false,"lag_ms":0}`,
			want:   []string{`{"severity":"INFO","message":"request","function":"Sweep","status":200,"outcome":"swept","checkouts":0,"enqueued":0,"pages":1,"more":false,"lag_ms":0}`},
		},
		{
			name: "one is overdue", before: (*shop).loseReminder, status: http.StatusOK,
			answer: `{"checkouts":1,"enqueued":1,"pages":1,"more":false,"lag_ms":90000}`,
			want:   []string{`{"severity":"INFO","message":"request","function":"Sweep","status":200,"outcome":"swept","checkouts":1,"enqueued":1,"pages":1,"more":false,"lag_ms":90000}`},
		},
		{
			name: "the database is away", before: func(s *shop) { s.db.FailAll(recovery.ErrOverload) }, status: http.StatusServiceUnavailable,
			answer: `{"error":{"code":"unavailable","message":"not done; send it again"}}`,
			want: []string{
				`{"severity":"WARNING","message":"silence of callers not measured","error":"read when callers were last heard of: overloaded or away"}`,
				`{"severity":"WARNING","message":"request","function":"Sweep","status":503,"outcome":"swept","checkouts":0,"enqueued":0,"pages":1,"more":true,"lag_ms":0,"error":"look for overdue reminders: overloaded or away"}`,
			},
		},
		{
			name: "the queue is away", before: func(s *shop) {
				s.loseReminder()
				s.Service.Queue.(*recoverytest.Queue).FailAll(recovery.ErrOverload)
			}, status: http.StatusServiceUnavailable,
			answer: `{"error":{"code":"unavailable","message":"not done; send it again"}}`,
			want: []string{
				`{"severity":"WARNING","message":"task not enqueued, left to the sweep","task":"` + recovery.CheckoutKey("default", "c1") + `-1-0-s0","error":"overloaded or away"}`,
				`{"severity":"WARNING","message":"request","function":"Sweep","status":503,"outcome":"swept","checkouts":1,"enqueued":0,"pages":1,"more":true,"lag_ms":90000,"error":"sweep checkout ` + recovery.CheckoutKey("default", "c1") + `: overloaded or away"}`,
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := open()
			s.Tokens = anyToken{}
			if tc.before != nil {
				tc.before(s)
			}
			s.lines.Reset()
			w := httptest.NewRecorder()
			Handler(s.App).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/tasks/sweep", nil))
			if w.Code != tc.status || w.Body.String() != tc.answer+"\n" {
				t.Errorf("got %d %s, want %d %s", w.Code, w.Body, tc.status, tc.answer)
			}
			want := ""
			for _, line := range tc.want {
				want += line + "\n"
			}
			if diff := cmp.Diff(want, s.take()); diff != "" {
				t.Errorf("the lines (-want +got):\n%s", diff)
			}
		})
	}
}

// loseReminder leaves a checkout whose first reminder is two minutes overdue, and whose
// tasks are lost. It leaves no mark.
func (s *shop) loseReminder() {
	_, _, err := s.Service.RecordCheckout(context.Background(), "default", recovery.News{CheckoutID: "c1", Email: "ana@example.net"})
	if err != nil {
		panic(err)
	}
	s.Service.Queue.(*recoverytest.Queue).Purge()
	s.clock.Set(noon.Add(32 * time.Minute))
}
