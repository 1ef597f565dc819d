package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckResend(t *testing.T) {
	t.Parallel()
	const store = "  default: {from: {email: a@example.com}, postal_address: x, consent: any"
	events := secret{name: "SENDGRID_EVENTS_PUBLIC_KEY", key: "sendgrid-events_public_key"}
	given, valued := events, events
	given.given, valued.exists, valued.value = true, true, true
	for _, tc := range []struct {
		name    string
		more    string // of the store
		secret  secret
		value   string // in Secret Manager
		env     string
		refused bool
	}{
		{"leave, and no key", "", events, "", "", false},
		{"no key anywhere", ", when_unknown: resend", events, "", " ", true},
		{"a key in the environment", ", when_unknown: resend", events, "", "MFkw", false},
		{"a value by Terraform", ", when_unknown: resend", given, "", "", false},
		{"a key that is stored", ", when_unknown: resend", valued, "MFkw", "", false},
		{"nothing that is stored", ", when_unknown: resend", valued, noValue, "MFkw", true},
		{"a key that nobody may read", ", when_unknown: resend", valued, "", "", false},
		{"another name, of a secret that no function reads", ", when_unknown: resend, sendgrid: {events_public_key: env:EVENTS}", events, "", "", false},
	} {
		s := newStage(t, "").with(map[string]string{events.name: tc.env})
		if tc.value != "" {
			s.google.PutSecret(events.name, tc.value)
		}
		path := filepath.Join(t.TempDir(), "comeback.yaml")
		if err := os.WriteFile(path, []byte("stores:\n"+store+tc.more+"}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		d := &deployment{project: project, client: s.google.Client(t, project), secrets: []secret{tc.secret}}
		err := (&session{program: s.program}).checkResend(t.Context(), d, path)
		if (err != nil) != tc.refused || err != nil && !strings.Contains(err.Error(), "stores.default.when_unknown: resend") {
			t.Errorf("%s: got %v, want refused %t", tc.name, err, tc.refused)
		}
	}
}
