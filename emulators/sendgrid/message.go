package sendgrid

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Message is one mail in one recipient's mailbox.
type Message struct {
	ID         string            `json:"id"`   // the X-Message-Id of the answer; further recipients of the request have ".1", ".2" … behind it
	To         string            `json:"to"`   // the bare address
	From       string            `json:"from"` // the bare address
	Subject    string            `json:"subject"`
	Text       string            `json:"text"`    // the text/plain part, "" if there is none
	HTML       string            `json:"html"`    // the text/html part, "" if there is none
	Headers    map[string]string `json:"headers"` // From, To, Cc and Reply-To as a reader sees them, and the request's own headers
	CustomArgs map[string]string `json:"custom_args"`
	SentAt     time.Time         `json:"sent_at"` // when it was accepted, by the emulator's clock
}

// clone keeps a reader's changes from the mailbox.
func (m Message) clone() Message {
	m.Headers, m.CustomArgs = maps.Clone(m.Headers), maps.Clone(m.CustomArgs)
	return m
}

// record is a Message as it is kept, with what its events need.
type record struct {
	Message
	Categories []string `json:"categories,omitempty"`
	EventID    string   `json:"sg_message_id"`

	seq uint64 // the key on disk; grows with acceptance
}

// randomID is as long and of the same letters as the service's IDs.
func randomID() string {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails
	return base64.RawURLEncoding.EncodeToString(id)
}

// records makes the mails of one request, one for each recipient.
func (m *mailSend) records(id string, at time.Time) []*record {
	var all []*record
	for _, p := range m.Personalizations {
		from := m.From
		if p.From != nil {
			from = p.From
		}
		headers := merged(m.Headers, p.Headers)
		headers["From"], headers["To"] = show(*from), show(p.To...)
		if len(p.CC) > 0 {
			headers["Cc"] = show(p.CC...)
		}
		if m.ReplyTo != nil {
			headers["Reply-To"] = show(*m.ReplyTo)
		} else if len(m.ReplyToList) > 0 {
			headers["Reply-To"] = show(m.ReplyToList...)
		}
		for _, to := range slices.Concat(p.To, p.CC, p.BCC) {
			r := &record{Message: Message{
				ID: id, To: to.Email, From: from.Email, Subject: m.Subject,
				Text: m.part("text/plain"), HTML: m.part("text/html"),
				Headers: headers, CustomArgs: merged(m.CustomArgs, p.CustomArgs), SentAt: at,
			}, Categories: m.Categories}
			if p.Subject != "" {
				r.Subject = p.Subject
			}
			if n := len(all); n > 0 {
				r.ID = fmt.Sprintf("%s.%d", id, n)
			}
			r.EventID = fmt.Sprintf("%s.recvd-emulator-1-%X-0.%d", id, at.Unix(), len(all))
			all = append(all, r)
		}
	}
	return all
}

func (m *mailSend) part(kind string) string {
	for _, c := range m.Content {
		if c.Type == kind {
			return c.Value
		}
	}
	return ""
}

// show is an address list as a mail reader shows it: names are not encoded, and
// quoted where they would not read as one name.
func show(list ...address) string {
	shown := make([]string, len(list))
	for i, a := range list {
		switch {
		case a.Name == "":
			shown[i] = a.Email
		case strings.ContainsAny(a.Name, `()<>[]:;@\,."`):
			shown[i] = fmt.Sprintf(`"%s" <%s>`, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(a.Name), a.Email)
		default:
			shown[i] = fmt.Sprintf("%s <%s>", a.Name, a.Email)
		}
	}
	return strings.Join(shown, ", ")
}
