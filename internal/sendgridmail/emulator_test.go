package sendgridmail

import (
	"net/mail"
	"strings"
	"testing"
	"time"

	emulator "github.com/comeback-checkout/comeback/emulators/sendgrid"
	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/recovery/recoverytest"
)

// emulated is a Mailer on an emulator of its own.
type emulated struct {
	*Mailer
	*testing.T
	server *emulator.Server
}

// Sent implements recoverytest.InspectedMailer: it puts the recipients of one
// request together again.
func (e *emulated) Sent() []recovery.Mail {
	e.Helper()
	var list []recovery.Mail
	last := ""
	for _, m := range e.server.Messages() {
		request, _, _ := strings.Cut(m.ID, ".")
		if request == last {
			continue
		}
		last = request
		store, _, _ := strings.Cut(m.CustomArgs["message_id"], ".")
		list = append(list, recovery.Mail{
			Store: store, MessageID: m.CustomArgs["message_id"], From: e.addresses(m.Headers["From"])[0],
			ReplyTo: m.Headers["Reply-To"], To: e.addresses(m.Headers["To"]), Unsubscribe: e.unsubscribe(m.Headers),
			Content: recovery.Content{Subject: m.Subject, HTML: m.HTML, Text: m.Text},
		})
	}
	return list
}

// unsubscribe is the one address of a mail's headers, which come both or not at all.
func (e *emulated) unsubscribe(headers map[string]string) string {
	e.Helper()
	list, post := headers["List-Unsubscribe"], headers["List-Unsubscribe-Post"]
	if list == "" && post == "" {
		return ""
	}
	if post != "List-Unsubscribe=One-Click" || !strings.HasPrefix(list, "<") || !strings.HasSuffix(list, ">") {
		e.Errorf("List-Unsubscribe is %q, List-Unsubscribe-Post %q", list, post)
	}
	return strings.Trim(list, "<>")
}

func (e *emulated) addresses(header string) (list []recovery.Address) {
	e.Helper()
	parsed, err := mail.ParseAddressList(header)
	if err != nil {
		e.Fatalf("address list %q: %v", header, err)
	}
	for _, a := range parsed {
		list = append(list, recovery.Address{Name: a.Name, Email: a.Address})
	}
	return list
}

func TestMailer(t *testing.T) {
	t.Parallel()
	recoverytest.TestMailer(t, func(t *testing.T) recoverytest.InspectedMailer {
		server, err := emulator.New(emulator.Options{APIKeys: []string{"SG.key"}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = server.Close() })
		addr, err := server.Listen("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		accounts := map[string]Account{"default": {Key: "SG.key", Host: "http://" + addr.String()}}
		return &emulated{Mailer: New(accounts, time.Now), T: t, server: server}
	})
}
