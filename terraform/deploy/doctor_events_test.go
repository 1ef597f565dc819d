package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const eventsURL = "https://europe-west1-my-shop-123.cloudfunctions.net/comeback-sendgrid-events"

// deploy leaves a state with the outputs of an apply, and nothing else.
func (p *patient) deploy(outputs string) {
	p.Helper()
	if _, err := exec.LookPath("terraform"); err != nil && os.Getenv("CI") == "" {
		p.Skip("it needs terraform on the PATH")
	}
	dir := p.TempDir()
	state := `{"version": 4, "terraform_version": "1.5.0", "serial": 1, "lineage": "x", "outputs": ` + outputs + `, "resources": []}`
	for name, text := range map[string]string{"terraform.tfstate": state, "main.tf": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			p.Fatal(err)
		}
	}
	p.args = append(p.args, "-dir", dir)
}

const mapOfText = `"type": ["map", "string"]`

func withEvents(t *testing.T) *patient {
	p := newPatient(t)
	p.deploy(`{"webhook_urls": {"value": {"sendgrid": "` + eventsURL + `"}, ` + mapOfText + `}}`)
	p.args = append(p.args, "-sendgrid-events")
	return p
}

func TestSetUpEvents(t *testing.T) {
	t.Parallel()
	p := withEvents(t)
	p.google.PutSecret("SENDGRID_EVENTS_PUBLIC_KEY")
	p.want(0, "ok SendGrid events SendGrid sends signed events to "+eventsURL+" now",
		"printf %s '"+publicKey+"' | gcloud secrets versions add SENDGRID_EVENTS_PUBLIC_KEY --project=my-shop-123 --data-file=-")
	hook := p.sendgrid.webhooks[0]
	want := webhook{ID: hook.ID, PublicKey: publicKey, webhookSettings: webhookSettings{
		Enabled: true, URL: eventsURL, FriendlyName: "Comeback", Processed: true, Delivered: true, Open: true, Click: true,
		Bounce: true, Dropped: true, SpamReport: true, Unsubscribe: true, GroupUnsubscribe: true,
	}}
	if diff := cmp.Diff(want, hook, cmp.AllowUnexported(webhook{})); diff != "" {
		t.Error(diff)
	}

	// Once more, with the key stored, it finds everything as it should be.
	before := slices.Clone(p.sendgrid.changes)
	p.google.PutSecret("SENDGRID_EVENTS_PUBLIC_KEY", publicKey)
	p.want(0, "signed events to "+eventsURL+" already", "ok SendGrid events key SENDGRID_EVENTS_PUBLIC_KEY holds the public key")
	if diff := cmp.Diff(before, p.sendgrid.changes); diff != "" {
		t.Error(diff)
	}
}

// A webhook that is there is completed: what it sends already it goes on sending, and
// others are left alone.
func TestSetUpEventsCompletes(t *testing.T) {
	t.Parallel()
	p := withEvents(t)
	other := webhook{ID: "1", webhookSettings: webhookSettings{URL: "https://other.example.com", Enabled: true}}
	p.sendgrid.webhooks = []webhook{other, {ID: "2", webhookSettings: webhookSettings{URL: eventsURL, FriendlyName: "Ours", Deferred: true}}}
	p.want(0, "signed events to "+eventsURL+" now")
	if p.sendgrid.webhooks[0] != other {
		t.Errorf("the other webhook is %+v now", p.sendgrid.webhooks[0])
	}
	if w := p.sendgrid.webhooks[1]; len(p.sendgrid.webhooks) != 2 || !w.Enabled || !w.Bounce || !w.Deferred || w.FriendlyName != "Ours" || w.PublicKey == "" {
		t.Errorf("ours is %+v", w)
	}
	if diff := cmp.Diff([]string{"PATCH " + webhooksPath + "/2", "PATCH " + webhooksPath + "/signed/2"}, p.sendgrid.changes); diff != "" {
		t.Error(diff)
	}
}

func TestSetUpEventsRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		hurt func(*patient)
		code int
		want string
	}{
		{"no such function", func(p *patient) { p.deploy(`{"webhook_urls": {"value": {}, ` + mapOfText + `}}`) }, 0, "has no function for SendGrid's events; nothing was changed"},
		{"nothing deployed", func(p *patient) { p.deploy(`{}`) }, 1, "there are no outputs"},
		{"no key for administration", func(p *patient) { delete(p.env, "SENDGRID_ADMIN_KEY") }, 1, "SENDGRID_ADMIN_KEY is not set"},
		{"a key that may only send", func(p *patient) { p.env["SENDGRID_ADMIN_KEY"] = "SG.send" }, 1, "SendGrid answered 403"},
		{"several accounts", func(p *patient) {
			p.args[6] = p.config(`stores:
  a: {from: {email: a@example.com}, postal_address: x, consent: any}
  b: {from: {email: b@example.com}, postal_address: x, consent: any, api_keys: [env:B], sendgrid: {api_key: env:MAIL_B}}
`)
		}, 1, "name one store with -store"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := withEvents(t)
			tc.hurt(p)
			p.want(tc.code, tc.want)
			if len(p.sendgrid.changes) > 0 {
				t.Errorf("it changed %q", p.sendgrid.changes)
			}
		})
	}
}

func TestDoctorWants(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"want -project":                {"doctor"},
		"want -config too":             {"doctor", "-project", "my-shop-123", "-sendgrid-events"},
		"want a project's ID":          {"doctor", "-project", "My Shop"},
		"want a region":                {"doctor", "-project", "my-shop-123", "-region", "Belgium"},
		"stores.default.from: missing": {"doctor", "-project", "my-shop-123", "-config", "faulty"},
	} {
		p := newPatient(t)
		p.args = args
		if i := slices.Index(args, "faulty"); i > 0 {
			args[i] = p.config("stores: {default: {}}")
		}
		code, text := p.run()
		if code != exitError || !strings.Contains(text, want) {
			t.Errorf("%q: got status %d, %s, want %q", args, code, text, want)
		}
	}
}
