package demo

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// system answers like one that runs, remembers the clock, and never mails anything:
// it claims in the end to have sent all.
type system struct {
	mu    sync.Mutex
	now   time.Time
	calls map[string]int // by path
	flaky bool           // every second call of the storefront is answered 503
}

func newSystem(t *testing.T) (*system, *httptest.Server) {
	t.Helper()
	s := &system{now: day, calls: map[string]int{}}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return s, srv
}

func (s *system) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[r.URL.Path]++
	var body struct {
		Set       *time.Time
		Abandoned *time.Time `json:"abandoned_at"`
		Updated   *time.Time `json:"updated_at"`
	}
	_ = json.NewDecoder(r.Body).Decode(&body)
	storefront := !strings.HasPrefix(r.URL.Path, "/api/")
	switch {
	case storefront && r.Header.Get("Authorization") != "Bearer key":
		w.WriteHeader(http.StatusUnauthorized)
	case storefront && s.flaky && s.calls[r.URL.Path]%2 == 1:
		w.WriteHeader(http.StatusServiceUnavailable)
	case r.URL.Path == "/api/clock":
		if body.Set != nil {
			s.now = *body.Set
		}
		write(w, map[string]time.Time{"now": s.now})
	case r.URL.Path == "/checkout":
		at := body.Abandoned
		if at == nil {
			at = body.Updated
		}
		all := schedule(*at)
		for i := range all {
			all[i].State = "sent"
		}
		write(w, answer{Generation: 1, Reminders: all})
	case r.URL.Path == "/order":
		write(w, map[string]string{})
	default:
		write(w, []int{})
	}
}

func write(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }

func TestRunFindsAMailboxThatStaysEmpty(t *testing.T) {
	t.Parallel()
	s, srv := newSystem(t)
	var out strings.Builder
	err := Run(t.Context(), Options{Functions: srv.URL, Console: srv.URL + "/", APIKey: "key", Checkouts: 20, Seed: 3, Out: &out})
	if !errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), "promise 4") {
		t.Errorf("got %v, want promise 4 broken", err)
	}
	for _, want := range []string{
		"20 checkouts from 2026-11-20 17:31:00 UTC on (seed 3)", "day 5", "step 2, T+3d", "no mail was sent",
		"promise 1  never after the order                    ok", "the mailbox holds no mail of it",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, out.String())
		}
	}
	if end := day.Add(wholePlay); s.now.Before(end) || s.calls["/order"] == 0 || s.calls["/checkout"] < 40 {
		t.Errorf("the clock stands at %s after %d checkouts and %d orders, want the whole play by %s", s.now, s.calls["/checkout"], s.calls["/order"], end)
	}
}

func TestRunRepeatsWhatWasNotAnswered(t *testing.T) {
	t.Parallel()
	s, srv := newSystem(t)
	s.flaky = true
	err := Run(t.Context(), Options{Functions: srv.URL, Console: srv.URL, APIKey: "key", Checkouts: 1, Seed: 1})
	if !errors.Is(err, ErrBroken) {
		t.Errorf("got %v, want the play to come to its end", err)
	}
}

func TestRunSaysWhatToDo(t *testing.T) {
	t.Parallel()
	_, srv := newSystem(t)
	gone := httptest.NewServer(nil)
	gone.Close()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, test := range map[string]struct {
		ctx  context.Context
		o    Options
		want string
	}{
		"no system":     {t.Context(), Options{Functions: gone.URL, Console: gone.URL}, "start the system with make run"},
		"no functions":  {t.Context(), Options{Functions: gone.URL, Console: srv.URL}, "start the system with make run"},
		"a wrong key":   {t.Context(), Options{Functions: srv.URL, Console: srv.URL, APIKey: "other"}, "answered 401: the API key is the one that make run prints"},
		"too many":      {t.Context(), Options{Functions: srv.URL, Console: srv.URL, Checkouts: 100_000}, "want 1 to 99999"},
		"an early day":  {t.Context(), Options{Functions: srv.URL, Console: srv.URL, Start: day.Add(-time.Second)}, "it never goes back"},
		"interrupted":   {ended, Options{Functions: srv.URL, Console: srv.URL}, "context canceled"},
		"not a console": {t.Context(), Options{Functions: srv.URL, Console: srv.URL + "/checkout"}, "answered 401"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := Run(test.ctx, test.o)
			if err == nil || errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
