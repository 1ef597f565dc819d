package sendgrid_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/emulators/sendgrid"
)

func TestUnavailable(t *testing.T) {
	t.Parallel()
	s, url := start(t, sendgrid.Options{})
	fault(t, s, sendgrid.Fault{Mode: sendgrid.FaultUnavailable})
	resp, err := send(t.Context(), url, reminder("a@example.net"))
	if err != nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("got %v, %v, want 503", resp, err)
	}
	if got := s.Messages(); len(got) != 0 {
		t.Errorf("got %d mails, want none", len(got))
	}
	s.Heal()
	mustSend(t, url, reminder("a@example.net"))
}

func fault(t *testing.T, s *sendgrid.Server, f sendgrid.Fault) {
	t.Helper()
	if err := s.SetFault(f); err != nil {
		t.Fatal(err)
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	s, url := start(t, sendgrid.Options{})
	fault(t, s, sendgrid.Fault{Mode: sendgrid.FaultTimeout})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if resp, err := send(ctx, url, reminder("a@example.net")); err == nil {
		t.Errorf("got %v, want no answer", resp)
	}
	closed := make(chan error)
	go func() {
		_, err := send(context.Background(), url, reminder("b@example.net")) // never gives up by itself
		closed <- err
	}()
	_ = s.Close()
	if err := <-closed; err == nil {
		t.Error("want the connection cut by Close")
	}
	if got := s.Messages(); len(got) != 0 {
		t.Errorf("got %d mails, want none", len(got))
	}
}

func TestSlow(t *testing.T) {
	t.Parallel()
	s, url := start(t, sendgrid.Options{})
	fault(t, s, sendgrid.Fault{Mode: sendgrid.FaultSlow, Latency: 30 * time.Millisecond})
	began := time.Now()
	mustSend(t, url, reminder("a@example.net"))
	if took := time.Since(began); took < 30*time.Millisecond {
		t.Errorf("took %s, want at least the latency", took)
	}
}

func TestAcceptThenDrop(t *testing.T) {
	t.Parallel()
	s, url := start(t, sendgrid.Options{})
	mustSend(t, url, reminder("first@example.net")) // so that the connection below is one that is used again
	fault(t, s, sendgrid.Fault{Mode: sendgrid.FaultAcceptThenDrop})
	if resp, err := send(t.Context(), url, reminder("a@example.net")); err == nil {
		t.Errorf("got %v, want no answer", resp)
	}
	if got := s.Messages(); len(got) != 2 || got[1].To != "a@example.net" {
		t.Errorf("got %d mails, want 2: the client must not try again by itself", len(got))
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	run := func() (failed string) {
		s, url := start(t, sendgrid.Options{Seed: 7})
		fault(t, s, sendgrid.Fault{Mode: sendgrid.FaultUnavailable, Rate: 0.5})
		for range 40 {
			resp, err := send(t.Context(), url, reminder("a@example.net"))
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode == http.StatusServiceUnavailable {
				failed += "x"
			} else {
				failed += "."
			}
		}
		if n := len(s.Messages()); n < 5 || n > 35 {
			t.Errorf("%d of 40 were taken, want about half", n)
		}
		return failed
	}
	if first, second := run(), run(); first != second {
		t.Errorf("got %s and then %s, want the same for one seed", first, second)
	}
}

func TestFaultsThatAreNone(t *testing.T) {
	t.Parallel()
	s, _ := start(t, sendgrid.Options{})
	for _, f := range []sendgrid.Fault{
		{}, {Mode: "explode"}, {Mode: "slow", Rate: 1.1}, {Mode: "slow", Rate: -0.1}, {Mode: "slow", Latency: -1},
	} {
		if err := s.SetFault(f); err == nil {
			t.Errorf("%+v: want an error", f)
		}
	}
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	s, url := start(t, sendgrid.Options{})
	s.Answer(http.StatusTooManyRequests, "X-RateLimit-Reset", "1795282201", "X-RateLimit-Remaining", "0")
	s.Answer(http.StatusUnauthorized)
	resp, err := send(t.Context(), url, reminder("a@example.net"))
	if err != nil || resp.StatusCode != http.StatusTooManyRequests || resp.Headers["X-Ratelimit-Reset"][0] != "1795282201" {
		t.Errorf("got %v, %v, want the scripted 429", resp, err)
	}
	if resp, err = send(t.Context(), url, reminder("a@example.net")); err != nil || resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("got %v, %v, want the scripted 401", resp, err)
	}
	if got := s.Messages(); len(got) != 0 {
		t.Errorf("got %d mails, want none", len(got))
	}
	mustSend(t, url, reminder("a@example.net"))
}
