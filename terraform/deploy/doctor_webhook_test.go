package main

import (
	"testing"
)

// withWebhook is a deployment whose events come, and whose key is stored.
func withWebhook(t *testing.T) *patient {
	p := newPatient(t)
	p.google.PutSecret("SENDGRID_EVENTS_PUBLIC_KEY", publicKey)
	settings := webhookSettings{URL: eventsURL}.withWanted()
	p.sendgrid.webhooks = []webhook{{ID: "1", webhookSettings: webhookSettings{URL: "https://other.example.com"}}, {ID: "2", PublicKey: publicKey, webhookSettings: settings}}
	return p
}

func TestDoctorLooksAtEvents(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		hurt func(*patient)
		want string
	}{
		{"as it should be", func(*patient) {}, "ok events, default SendGrid sends signed events to " + eventsURL + ", and SENDGRID_EVENTS_PUBLIC_KEY holds the public key"},
		{"a list without keys", func(p *patient) { p.sendgrid.terse = true }, "ok events, default"},
		{"behind a domain", func(p *patient) { p.sendgrid.webhooks[1].URL = "https://comeback.example.com/webhooks/sendgrid" }, "ok events, default SendGrid sends signed events to https://comeback.example.com/webhooks/sendgrid"},
		{"a key that may read", func(p *patient) {
			p.sendgrid.keys["SG.send"] = append(p.sendgrid.keys["SG.send"], "user.webhooks.event.settings.read")
			delete(p.env, "SENDGRID_ADMIN_KEY")
		}, "ok events, default"},
		{"a key that may only send", func(p *patient) { delete(p.env, "SENDGRID_ADMIN_KEY") }, "warning events, default not known: the key may not read webhook settings, which is as it should be → at https://app.sendgrid.com/settings/mail_settings (Event Webhooks)"},
		{"no key", func(p *patient) {
			delete(p.env, "SENDGRID_ADMIN_KEY")
			p.google.DisableVersions("SENDGRID_API_KEY")
		}, "warning events, default not known: there is no key to look with"},
		{"SendGrid away", func(p *patient) { p.sendgrid.Close() }, "warning events, default not known: SendGrid is not reached"},
		{"none", func(p *patient) { p.sendgrid.webhooks = nil }, "warning events, default SendGrid tells nobody here what becomes of the mails"},
		{"another region's", func(p *patient) {
			p.sendgrid.webhooks[1].URL = "https://us-central1-my-shop-123.cloudfunctions.net/comeback-sendgrid-events"
		}, "no event webhook leads to " + eventsURL},
		{"switched off", func(p *patient) { p.sendgrid.webhooks[1].Enabled = false }, "warning events, default the event webhook to " + eventsURL + " is switched off → call doctor with -sendgrid-events"},
		{"not signed", func(p *patient) { p.sendgrid.webhooks[1].PublicKey = "" }, "are not signed, so that every one is refused"},
		{"events left out", func(p *patient) {
			p.sendgrid.webhooks[1].Bounce, p.sendgrid.webhooks[1].SpamReport = false, false
		}, "leaves out bounce, spam_report"},
		{"a key that is not stored", func(p *patient) { p.google.DisableVersions("SENDGRID_EVENTS_PUBLIC_KEY") }, "warning events, default"},
		{"another key", func(p *patient) { p.google.PutSecret("SENDGRID_EVENTS_PUBLIC_KEY", " ") }, "does not hold the public key, which is " + publicKey + " → store it: printf %s"},
		{"several accounts", func(p *patient) {
			p.args[6] = p.config(`stores:
  a: {from: {email: shop@example.com}, postal_address: x, consent: any}
  b: {from: {email: shop@example.com}, postal_address: x, consent: any, api_keys: [env:B]}
  c: {from: {email: shop@example.com}, postal_address: x, consent: any, api_keys: [env:C], sendgrid: {api_key: env:MAIL_C}}
`)
		}, "warning events, a, b not known: the key may not read webhook settings"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := withWebhook(t)
			tc.hurt(p)
			p.want(0, tc.want)
			if len(p.sendgrid.changes) > 0 {
				t.Errorf("it changed %q", p.sendgrid.changes)
			}
		})
	}
}
