package simulation

import (
	"bytes"
	"encoding/base64"
	"log/slog"
	"strings"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// theDomains are where all shoppers' addresses are.
var theDomains = []string{"@example.net", "%40example.net", "@example.org", "%40example.org"}

// names says whether the text holds a shopper's address.
func names(text string) bool {
	if !strings.Contains(text, "example.") { // most
		return false
	}
	for _, domain := range theDomains {
		if strings.Contains(text, domain) {
			return true
		}
	}
	return false
}

// isHashed says whether a name is made of nothing but hashes, numbers and what stands
// between them.
func isHashed(name string) bool {
	for i := range len(name) {
		if c := name[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return name != ""
}

// discreetTask is promise 9: the name and the body of a task hold hashes only.
func (w *world) discreetTask(t recovery.Task, name string) {
	if !isHashed(name) || !isHashed(t.Checkout) {
		w.record.violate(9, "a task is named %s and tells of %s", name, t.Checkout)
	}
}

// discreetMail is promise 9: what SendGrid is told beside the mail itself, and the links
// in it, hold hashes only.
func (w *world) discreetMail(m recovery.Mail) {
	store, rest, _ := strings.Cut(m.MessageID, ".")
	if !isHashed(store) || !isHashed(rest) {
		w.record.violate(9, "a mail's custom argument is %s", m.MessageID)
	}
	if !w.plan.watched() { // reading costs, and no link depends on what else happens
		return
	}
	for _, l := range []string{m.Unsubscribe, m.Text} {
		token, _ := base64.RawURLEncoding.DecodeString(tokenOf(l)) // what can be read of it
		if names(l) || names(string(token)) {
			w.record.violate(9, "the links of mail %s hold an address: %s", m.MessageID, l)
		}
	}
}

// watched says whether all is read that instances log, and that links hold.
func (p plan) watched() bool { return p.real || p.woo }

// silence is the log of a history that nobody reads.
var silence = slog.New(slog.DiscardHandler)

// log is what instances write to: it is read where signatures are checked, too.
func (w *world) log() *slog.Logger {
	if !w.plan.watched() {
		return silence
	}
	untimed := func(_ []string, a slog.Attr) slog.Attr { // so that a seed tells the same each time
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	return slog.New(slog.NewJSONHandler(reader{w}, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: untimed}))
}

// reader is promise 9: no line of the log holds an address.
type reader struct{ *world }

// Write implements io.Writer, for one line.
func (r reader) Write(line []byte) (int, error) {
	if names(string(line)) {
		r.record.violate(9, "the log holds an address: %s", bytes.TrimSpace(line))
	}
	return len(line), nil
}
