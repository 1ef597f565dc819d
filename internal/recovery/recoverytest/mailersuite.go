package recoverytest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// InspectedMailer is a Mailer with what its suite needs besides the port.
type InspectedMailer interface {
	recovery.Mailer
	// Sent lists what was accepted, the oldest first.
	Sent() []recovery.Mail
}

// TestMailer holds a recovery.Mailer to what the port promises. open makes one that
// has sent nothing, with an account for the store "default".
func TestMailer(t *testing.T, open func(t *testing.T) InspectedMailer) {
	for _, c := range []struct {
		name string
		test func(*mailerSuite)
	}{
		{"whole mails", (*mailerSuite).whole},
		{"each call is a mail", (*mailerSuite).each},
		{"refused", (*mailerSuite).refused},
		{"too late", (*mailerSuite).tooLate},
		{"at once", (*mailerSuite).atOnce},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(&mailerSuite{T: t, mailer: open(t)})
		})
	}
}

type mailerSuite struct {
	*testing.T
	mailer InspectedMailer
}

func mail(messageID string) recovery.Mail {
	return recovery.Mail{
		Store: "default", MessageID: messageID,
		From: recovery.Address{Name: "Northwind", Email: "shop@northwind.example.com"}, ReplyTo: "help@northwind.example.com",
		To:          []recovery.Address{{Name: "Ana Lima", Email: "ana.lima@example.net"}},
		Unsubscribe: "https://comeback.example.com/u/token",
		Content:     recovery.Content{Subject: "Você esqueceu algo", HTML: "<p>Olá</p>", Text: "Olá"},
	}
}

func (s *mailerSuite) send(m recovery.Mail) (id string) {
	s.Helper()
	id, err := s.mailer.Send(s.Context(), m)
	if err != nil || id == "" {
		s.Errorf("send: got ID %q, %v; want one", id, err)
	}
	return id
}

func (s *mailerSuite) want(mails ...recovery.Mail) {
	s.Helper()
	if diff := cmp.Diff(mails, s.mailer.Sent(), cmpopts.EquateEmpty()); diff != "" {
		s.Errorf("mails (-want +got):\n%s", diff)
	}
}

func (s *mailerSuite) whole() {
	full := mail("default.a-1-0")
	several := mail("default.a-1-1")
	several.ReplyTo, several.From.Name, several.Unsubscribe = "", "", ""
	several.To = []recovery.Address{{Email: "qa@example.com"}, {Name: "Zoë, of QA", Email: "zoe@example.com"}}
	s.send(full)
	s.send(several)
	s.want(full, several)
}

// each: there is no idempotency, so whoever sends twice has sent twice.
func (s *mailerSuite) each() {
	m := mail("default.a-1-0")
	if first, second := s.send(m), s.send(m); first == second {
		s.Errorf("both mails have the ID %q, want one each", first)
	}
	s.want(m, m)
}

func (s *mailerSuite) refused() {
	m := mail("default.a-1-0")
	m.To = nil
	s.wantKind(s.Context(), m, recovery.ErrRejected)
}

func (s *mailerSuite) tooLate() {
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	s.wantKind(ctx, mail("default.a-1-0"), recovery.ErrOverload)
}

func (s *mailerSuite) wantKind(ctx context.Context, m recovery.Mail, kind error) {
	s.Helper()
	_, err := s.mailer.Send(ctx, m)
	var se *recovery.SendError
	if !errors.As(err, &se) || !errors.Is(se.Kind, kind) || se.Detail == "" || strings.Contains(se.Detail, "@") {
		s.Errorf("got %v, want a SendError of %v that says why without an address", err, kind)
	}
	if sent := s.mailer.Sent(); len(sent) != 0 {
		s.Errorf("%d mails went out, want none", len(sent))
	}
}

func (s *mailerSuite) atOnce() {
	var mu sync.Mutex
	seen := map[string]bool{}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			id := s.send(mail(fmt.Sprintf("default.a-1-%d", i)))
			mu.Lock()
			defer mu.Unlock()
			seen[id] = true
		})
	}
	wg.Wait()
	var messages []string
	for _, m := range s.mailer.Sent() {
		messages = append(messages, m.MessageID)
	}
	slices.Sort(messages)
	if len(seen) != 20 || len(messages) != 20 || len(slices.Compact(messages)) != 20 {
		s.Errorf("%d IDs, messages %v; want 20 of each", len(seen), messages)
	}
}
