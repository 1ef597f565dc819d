package cloudtasks_test

import (
	"encoding/json"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"github.com/comeback-checkout/comeback/emulators/cloudtasks"
	"github.com/coreos/go-oidc/v3/oidc"
)

const (
	account = "tasks@shop.iam.gserviceaccount.com"
	issuer  = "https://issuer.example.com"
)

// verify checks a token as a handler would, with the keys fetched over HTTP.
func verify(t testing.TB, e *emulator, token, audience string) (*oidc.IDToken, error) {
	t.Helper()
	keys := httptest.NewServer(e.JWKSHandler())
	t.Cleanup(keys.Close)
	verifier := oidc.NewVerifier(issuer, oidc.NewRemoteKeySet(t.Context(), keys.URL),
		&oidc.Config{ClientID: audience, Now: e.clock.Now})
	return verifier.Verify(t.Context(), token)
}

func TestTasksCarryVerifiableTokens(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{Issuer: issuer})
	g := newTarget(t, e.clock, statuses(500, 200))
	for id, audience := range map[string]string{"with": "https://remind.example.com", "without": ""} {
		if _, err := e.create(t, g.url, func(task *cloudtaskspb.Task) {
			at(id, e.clock.Now().Add(24*time.Hour))(task)
			task.GetHttpRequest().AuthorizationHeader = &cloudtaskspb.HttpRequest_OidcToken{
				OidcToken: &cloudtaskspb.OidcToken{ServiceAccountEmail: account, Audience: audience},
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	e.advance(t, 24*time.Hour+time.Minute)
	calls := g.got()
	if len(calls) != 3 {
		t.Fatalf("got %d calls, want 3", len(calls))
	}
	for _, c := range calls {
		audience := "https://remind.example.com"
		if c.Header.Get("X-CloudTasks-TaskName") == "without" {
			audience = g.url // the default
		}
		raw, ok := strings.CutPrefix(c.Header.Get("Authorization"), "Bearer ")
		token, err := verify(t, e, raw, audience)
		if !ok || err != nil {
			t.Fatalf("the token does not verify: %v", err)
		}
		var claims map[string]any
		if err := token.Claims(&claims); err != nil {
			t.Fatal(err)
		}
		if claims["email"] != account || claims["email_verified"] != true || claims["azp"] != claims["sub"] || token.Subject == "" {
			t.Errorf("got claims %v", claims)
		}
		if d := token.Expiry.Sub(token.IssuedAt); d != time.Hour || token.IssuedAt.After(c.at) {
			t.Errorf("issued at %s for %s, want an hour from the call at %s", token.IssuedAt, d, c.at)
		}
	}
}

func TestTokensAreReusedUntilShortlyBeforeTheirEnd(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{Issuer: issuer})
	token := func(audience string) string {
		t.Helper()
		text, err := e.Token(account, audience)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	first := token("a")
	if token("b") == first {
		t.Error("want a token of its own for another audience")
	}
	e.advance(t, 54*time.Minute)
	if token("a") != first {
		t.Error("want the token reused while it has more than five minutes")
	}
	e.advance(t, 2*time.Minute)
	second := token("a")
	if second == first {
		t.Error("want a new token in the last five minutes")
	}
	e.advance(t, 10*time.Minute)
	if _, err := verify(t, e, first, "a"); err == nil {
		t.Error("want the first token to have expired")
	}
	if _, err := verify(t, e, second, "a"); err != nil {
		t.Errorf("the second token: %v", err)
	}
}

func TestKeySurvivesARestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tasks.db")
	e := start(t, cloudtasks.Options{Issuer: issuer, Path: path})
	token, err := e.Token(account, "a")
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = start(t, cloudtasks.Options{Issuer: issuer, Path: path})
	if _, err := verify(t, e, token, "a"); err != nil {
		t.Errorf("a token from before the restart: %v", err)
	}
}

func TestOnlyPublicKeysAreServed(t *testing.T) {
	t.Parallel()
	e := start(t, cloudtasks.Options{})
	w := httptest.NewRecorder()
	e.JWKSHandler().ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	var set struct{ Keys []map[string]any }
	if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil || len(set.Keys) != 1 {
		t.Fatalf("got %s, %v, want one key", w.Body, err)
	}
	key := set.Keys[0]
	if key["kty"] != "RSA" || key["alg"] != "RS256" || key["use"] != "sig" || key["kid"] == "" || key["d"] != nil {
		t.Errorf("got %v, want a public RS256 key", key)
	}
}
