package main

import (
	"net/http"
	"strings"
	"testing"
)

// Health says whether events can be taken, and where a key comes from if not.
func TestHealthOfEvents(t *testing.T) {
	t.Parallel()
	health := func(change ...func(*Options)) string {
		t.Helper()
		text, _ := newWorld(t, change...).console(http.StatusOK, http.MethodGet, "/api/health", "").Body["sendgrid_events"].(string)
		return text
	}
	if got := health(); got != "taken" {
		t.Errorf("got %q, want taken", got)
	}
	elsewhere := func(o *Options) {
		o.SendGrid = Off
		vars := map[string]string{"COMEBACK_SENDGRID_HOST": "http://127.0.0.1:9"}
		o.Lookup = func(name string) (string, bool) { v, ok := vars[name]; return v, ok }
	}
	if got := health(elsewhere); !strings.Contains(got, "SENDGRID_EVENTS_PUBLIC_KEY") {
		t.Errorf("without a key: got %q, want where to get one", got)
	}
}
