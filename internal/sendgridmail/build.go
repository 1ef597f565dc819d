package sendgridmail

import (
	"errors"
	"strings"
	"unicode"

	"github.com/sendgrid/sendgrid-go/helpers/mail"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// category groups Comeback's mail in SendGrid's statistics.
const category = "reminder"

// build makes the body of a request to mail/send. SendGrid's own tracking is off:
// it would rewrite the links, which carry signatures of their own, and add a
// second way to unsubscribe.
func build(m recovery.Mail) *mail.SGMailV3 {
	p := mail.NewPersonalization()
	for _, to := range m.To {
		p.AddTos(email(to))
	}
	b := mail.NewV3Mail().
		SetFrom(email(m.From)).
		AddPersonalizations(p).
		AddCategories(category).
		SetCustomArg("message_id", m.MessageID).
		SetTrackingSettings(mail.NewTrackingSettings().
			SetClickTracking(mail.NewClickTrackingSetting().SetEnable(false).SetEnableText(false)).
			SetOpenTracking(mail.NewOpenTrackingSetting().SetEnable(false)).
			SetSubscriptionTracking(mail.NewSubscriptionTrackingSetting().SetEnable(false)))
	b.Subject = oneLine(m.Subject)
	if m.ReplyTo != "" {
		b.SetReplyTo(mail.NewEmail("", m.ReplyTo))
	}
	if m.Unsubscribe != "" { // RFC 8058: one address, and that a POST to it is enough
		b.SetHeader("List-Unsubscribe", "<"+m.Unsubscribe+">")
		b.SetHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
	// Plain text comes first: SendGrid refuses another order. Empty parts it refuses too.
	for _, c := range []*mail.Content{mail.NewContent("text/plain", m.Text), mail.NewContent("text/html", m.HTML)} {
		if c.Value != "" {
			b.AddContent(c)
		}
	}
	return b
}

func email(a recovery.Address) *mail.Email { return mail.NewEmail(oneLine(a.Name), a.Email) }

// oneLine makes s fit for a header: what breaks or controls lines becomes a space.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case breaksLine(r):
			return ' '
		case unicode.In(r, unicode.Bidi_Control): // it would turn around what a mail program shows after it
			return -1
		}
		return r
	}, s)
}

func breaksLine(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) }

// checkAddresses refuses what could end up as another header or recipient.
func checkAddresses(m recovery.Mail) error {
	if len(m.To) == 0 {
		return errors.New("no recipient")
	}
	all := []string{m.From.Email}
	if m.ReplyTo != "" {
		all = append(all, m.ReplyTo)
	}
	for _, to := range m.To {
		all = append(all, to.Email)
	}
	for _, a := range all {
		if a == "" || strings.ContainsFunc(a, breaksLine) {
			return errors.New("an address is empty or has a line break or control character in it")
		}
	}
	if strings.ContainsAny(m.Unsubscribe, "<> ,") || strings.ContainsFunc(m.Unsubscribe, breaksLine) {
		return errors.New("the address to unsubscribe has a bracket, space, comma or line break in it")
	}
	return nil
}
