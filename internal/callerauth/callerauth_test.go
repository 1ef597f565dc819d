package callerauth

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	issuer   = "https://accounts.google.com"
	audience = "https://example.com/tasks/remind"
	account  = "tasks@shop.iam.gserviceaccount.com"
)

var now = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// key makes an RSA key once for all tests: it takes a while.
var key = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

// keyServer serves key's public half as the issuer's key set, and counts how often.
func keyServer(t testing.TB) (url string, fetched *atomic.Int32) {
	t.Helper()
	fetched = new(atomic.Int32)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fetched.Add(1)
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
			{Key: key().Public(), KeyID: "1", Algorithm: "RS256", Use: "sig"},
		}})
	}))
	t.Cleanup(s.Close)
	return s.URL, fetched
}

func checker(t testing.TB, iam bool) *OIDC {
	t.Helper()
	url, _ := keyServer(t)
	return NewOIDC(OIDCOptions{Issuer: issuer, KeysURL: url, IAM: iam, Now: func() time.Time { return now }})
}

type claims map[string]any

// good are the claims of a task's token that is half an hour old.
func good() claims {
	return claims{
		"iss": issuer, "aud": audience, "email": account, "email_verified": true, "sub": "1",
		"iat": now.Add(-30 * time.Minute).Unix(), "exp": now.Add(30 * time.Minute).Unix(),
	}
}

func with(name string, value any) claims {
	c := maps.Clone(good())
	if c[name] = value; value == nil {
		delete(c, name)
	}
	return c
}

func sign(t testing.TB, alg jose.SignatureAlgorithm, k any, c claims) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: k}, (&jose.SignerOptions{}).WithHeader("kid", "1"))
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// signed is a token as the issuer signs it.
func signed(t testing.TB, c claims) string {
	t.Helper()
	return sign(t, jose.RS256, key(), c)
}

// stripped is a token as Cloud Run passes it on.
func stripped(t testing.TB, c claims) string {
	t.Helper()
	text := signed(t, c)
	return text[:strings.LastIndex(text, ".")+1] + "SIGNATURE_REMOVED_BY_GOOGLE"
}

// unsigned is a token with that header and signature.
func unsigned(t testing.TB, header, signature string) string {
	t.Helper()
	payload, err := json.Marshal(good())
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(header)) + "." + encode(payload) + "." + signature
}

// wrongClaims are tokens that are somebody else's, signed or not.
func wrongClaims() map[string]claims {
	return map[string]claims{
		"another audience":    with("aud", "https://example.com/tasks/sweep"),
		"no audience":         with("aud", nil),
		"several audiences":   with("aud", []string{audience, "https://example.com/tasks/sweep"}),
		"a longer audience":   with("aud", audience+"/"),
		"another issuer":      with("iss", "https://issuer.example.com"),
		"no issuer":           with("iss", nil),
		"another account":     with("email", "other@shop.iam.gserviceaccount.com"),
		"no account":          with("email", nil),
		"an unverified one":   with("email_verified", false),
		"one not said to be":  with("email_verified", nil),
		"expired":             with("exp", now.Unix()-1),
		"no expiry":           with("exp", nil),
		"not valid yet":       with("nbf", now.Add(time.Hour).Unix()),
		"claims of odd types": with("email", 7),
	}
}

// Promise 8.
func TestSignedToken(t *testing.T) {
	t.Parallel()
	for _, iam := range []bool{false, true} {
		c := checker(t, iam)
		for _, ok := range []claims{good(), with("exp", now.Unix()+1), with("aud", []string{audience})} {
			if err := c.Check(t.Context(), "Bearer "+signed(t, ok), audience, account); err != nil {
				t.Errorf("behind IAM %v, %v: got %v, want it accepted", iam, ok, err)
			}
		}
		for name, wrong := range wrongClaims() {
			refused(t, c, name, "Bearer "+signed(t, wrong))
		}
	}
}

// A token whose signature Cloud Run has checked and removed counts only where Cloud
// Run stands in front; its claims count there as well.
func TestStrippedToken(t *testing.T) {
	t.Parallel()
	behind, open := checker(t, true), checker(t, false)
	if err := behind.Check(t.Context(), "Bearer "+stripped(t, good()), audience, account); err != nil {
		t.Errorf("behind IAM: got %v, want it accepted", err)
	}
	refused(t, open, "not behind IAM", "Bearer "+stripped(t, good()))
	for name, wrong := range wrongClaims() {
		refused(t, behind, "behind IAM, "+name, "Bearer "+stripped(t, wrong))
	}
}

func TestForgedToken(t *testing.T) {
	t.Parallel()
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(key().Public())
	if err != nil {
		t.Fatal(err)
	}
	token := signed(t, good())
	header, rest, _ := strings.Cut(token, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	for name, authorization := range map[string]string{
		"none":                          "",
		"no token":                      "Bearer ",
		"another scheme":                "Basic " + token,
		"no scheme":                     token,
		"garbage":                       "Bearer garbage",
		"dots":                          "Bearer ..",
		"another key":                   "Bearer " + sign(t, jose.RS256, other, good()),
		"HS256 with the public key":     "Bearer " + sign(t, jose.HS256, public, good()),
		"alg none":                      "Bearer " + unsigned(t, `{"alg":"none"}`, ""),
		"alg none with a kid":           "Bearer " + unsigned(t, `{"alg":"none","kid":"1"}`, ""),
		"alg RS256 without a signature": "Bearer " + unsigned(t, `{"alg":"RS256","kid":"1"}`, ""),
		"another's signature":           "Bearer " + header + "." + strings.Split(signed(t, with("sub", "2")), ".")[1] + "." + signature,
		"a cut signature":               "Bearer " + header + "." + payload + "." + signature[:len(signature)-4],
		"a signature that says removed": "Bearer " + header + "." + payload + "." + base64.RawURLEncoding.EncodeToString([]byte(removedSignature)),
		"JSON":                          fmt.Sprintf(`Bearer {"protected":%q,"payload":%q,"signature":%q}`, header, payload, signature),
		"a line break in it":            "Bearer " + header + "." + payload + ".\n" + signature,
		"removed, in lower case":        "Bearer " + unsigned(t, `{"alg":"RS256","kid":"1"}`, strings.ToLower(removedSignature)),
		"removed, and more":             "Bearer " + unsigned(t, `{"alg":"RS256","kid":"1"}`, removedSignature+".x"),
	} {
		refused(t, checker(t, false), name, authorization)
		refused(t, checker(t, true), name+", behind IAM", authorization)
	}
	refused(t, checker(t, false), "removed, alg none", "Bearer "+unsigned(t, `{"alg":"none"}`, removedSignature))
}

func refused(t *testing.T, c *OIDC, name, authorization string) {
	t.Helper()
	if err := c.Check(t.Context(), authorization, audience, account); !errors.Is(err, ErrUnauthorized) {
		t.Errorf("%s: got %v, want ErrUnauthorized", name, err)
	}
}

// The issuer's keys are fetched once, and not before they are needed.
func TestKeysFetchedOnce(t *testing.T) {
	t.Parallel()
	url, fetched := keyServer(t)
	c := NewOIDC(OIDCOptions{Issuer: issuer, KeysURL: url, Now: func() time.Time { return now }})
	if n := fetched.Load(); n != 0 {
		t.Errorf("fetched %d times before the first token", n)
	}
	for range 5 {
		if err := c.Check(t.Context(), "Bearer "+signed(t, good()), audience, account); err != nil {
			t.Fatal(err)
		}
	}
	if n := fetched.Load(); n != 1 {
		t.Errorf("fetched %d times, want once", n)
	}
}
