package recoverytest

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Mailer is a recovery.Mailer that keeps what it is handed.
type Mailer struct {
	failures
	mu   sync.Mutex
	sent []recovery.Mail
}

var _ recovery.Mailer = (*Mailer)(nil)

// Send implements recovery.Mailer.
func (m *Mailer) Send(ctx context.Context, mail recovery.Mail) (string, error) {
	switch {
	case ctx.Err() != nil:
		return "", &recovery.SendError{Kind: recovery.ErrOverload, Detail: "no connection: " + ctx.Err().Error()}
	case len(mail.To) == 0:
		return "", &recovery.SendError{Kind: recovery.ErrRejected, Detail: "no recipient"}
	}
	f := m.take()
	if f.err != nil && !f.done {
		return "", f.err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	mail.To = slices.Clone(mail.To)
	m.sent = append(m.sent, mail)
	if f.err != nil {
		return "", f.err
	}
	return fmt.Sprintf("provider-%d", len(m.sent)), nil
}

// Sent lists what was accepted, the oldest first.
func (m *Mailer) Sent() []recovery.Mail {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.sent)
}

// Renderer writes one line for each part of a mail.
type Renderer struct{}

var _ recovery.Renderer = Renderer{}

// Render implements recovery.Renderer.
func (Renderer) Render(_ *recovery.Store, c *recovery.Checkout, step int, r recovery.Reminder, _ recovery.Links) (recovery.Content, error) {
	line := fmt.Sprintf("%s: step %d, %s", c.ID, step, r.Template)
	return recovery.Content{Subject: line, HTML: "<p>" + line + "</p>", Text: line}, nil
}
