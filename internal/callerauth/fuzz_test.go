package callerauth

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// FuzzOIDC looks for a token that counts and that the issuer did not sign, or that
// Cloud Run could not have passed on.
func FuzzOIDC(f *testing.F) {
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		f.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(key().Public())
	if err != nil {
		f.Fatal(err)
	}
	token := signed(f, good())
	f.Add("Bearer " + signed(f, with("iss", strings.Repeat("https://evil.example.net/", 1000))))
	for _, s := range []string{
		token, stripped(f, good()), sign(f, jose.HS256, public, good()), sign(f, jose.RS256, other, good()), sign(f, jose.RS512, key(), good()),
		unsigned(f, `{"alg":"none"}`, ""), unsigned(f, `{"alg":"RS256","kid":"1"}`, removedSignature), "..", "a.b.c.d.e",
		unsigned(f, `{"alg":"RS256","kid":"1","b64":false,"crit":["b64"]}`, removedSignature), `{"payload":"","signatures":[]}`,
	} {
		f.Add("Bearer " + s)
		f.Add(s)
	}
	open, behind := checker(f, false), checker(f, true)
	f.Fuzz(func(t *testing.T, authorization string) {
		scheme, text, _ := strings.Cut(authorization, " ")
		text = strings.TrimSpace(text)
		for _, c := range []*OIDC{open, behind} {
			err := c.Check(t.Context(), authorization, audience, account)
			if err != nil {
				if !errors.Is(err, ErrUnauthorized) || len(err.Error()) > 1500 {
					t.Errorf("got %v, want a short ErrUnauthorized", err)
				}
				continue
			}
			claimed := text[:max(0, strings.LastIndexByte(text, '.'))]
			isSigned := claimed == token[:strings.LastIndexByte(token, '.')]
			isStripped := c == behind && strings.HasSuffix(text, "."+removedSignature) && rightClaims(claimed)
			if !strings.EqualFold(scheme, "Bearer") || !isSigned && !isStripped {
				t.Errorf("a token that nobody signed counts, behind IAM %v: %s", c == behind, authorization)
			}
		}
	})
}

// rightClaims says whether the unsigned part of a token names audience and account.
func rightClaims(text string) bool {
	_, payload, _ := strings.Cut(text, ".")
	data, err := base64.RawURLEncoding.DecodeString(payload)
	var c struct{ Iss, Aud, Email any }
	if err != nil || json.Unmarshal(data, &c) != nil {
		return false
	}
	if list, ok := c.Aud.([]any); ok && len(list) == 1 {
		c.Aud = list[0]
	}
	return c.Iss == issuer && c.Email == account && c.Aud == audience
}

// FuzzKeys looks for a header that speaks for a store and does not hold its key.
func FuzzKeys(f *testing.F) {
	var k Keys
	k.Add("north", "first key")
	k.Add("south", "x")
	for _, s := range []string{"Bearer first key", "bearer x", "Bearer  x ", "Bearer", "", "Basic x", "Bearer\tx", "x", "Bearer x, Bearer first key", "Bearer \u00a0x\u2003"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, authorization string) {
		stores, err := k.Stores(authorization)
		scheme, text, _ := strings.Cut(authorization, " ")
		want := map[string]string{"first key": "north", "x": "south"}[strings.TrimSpace(text)]
		if !strings.EqualFold(scheme, "bearer") {
			want = ""
		}
		if want == "" && !errors.Is(err, ErrUnauthorized) || want != "" && (err != nil || !slices.Equal(stores, []string{want})) {
			t.Errorf("%q speaks for %q, %v; want %q", authorization, stores, err, want)
		}
	})
}
