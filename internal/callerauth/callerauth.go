// Package callerauth checks who calls: the API keys of storefronts, the OIDC tokens of
// Cloud Tasks and Cloud Scheduler, and the signatures of webhooks.
package callerauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// ErrUnauthorized says that a caller did not prove who it is.
var ErrUnauthorized = errors.New("not authorized")

// removedSignature is what Cloud Run's IAM check puts in place of a signature that
// it has verified.
const removedSignature = "SIGNATURE_REMOVED_BY_GOOGLE"

// OIDCOptions say whose tokens count.
type OIDCOptions struct {
	Issuer  string // https://accounts.google.com
	KeysURL string // the issuer's public keys as a JWK set
	// Keys, if given, are used instead of those at KeysURL.
	Keys oidc.KeySet
	// IAM accepts tokens whose signature Cloud Run has checked and removed. It must
	// be set only where IAM stands in front and admits nobody without a token.
	IAM bool
	Now func() time.Time
}

// OIDC checks identity tokens.
type OIDC struct {
	signed, stripped *oidc.IDTokenVerifier // stripped is nil where IAM is not in front
}

// NewOIDC makes a checker. It fetches the issuer's keys when the first token comes.
func NewOIDC(o OIDCOptions) *OIDC {
	// The key set outlives every request, so it has a context of its own.
	ctx := oidc.ClientContext(context.Background(), &http.Client{Timeout: 5 * time.Second})
	config := func(unsigned bool) *oidc.Config {
		return &oidc.Config{
			SupportedSigningAlgs: []string{oidc.RS256}, Now: o.Now,
			SkipClientIDCheck: true, InsecureSkipSignatureCheck: unsigned,
		}
	}
	if o.Keys == nil {
		o.Keys = oidc.NewRemoteKeySet(ctx, o.KeysURL)
	}
	c := &OIDC{signed: oidc.NewVerifier(o.Issuer, o.Keys, config(false))}
	if o.IAM {
		c.stripped = oidc.NewVerifier(o.Issuer, nil, config(true))
	}
	return c
}

// Check returns nil if the Authorization header holds a valid token for the
// audience, issued to the service account; else an ErrUnauthorized that says why.
func (c *OIDC) Check(ctx context.Context, authorization, audience, account string) error {
	token, ok := bearer(authorization)
	if !ok || !compact.MatchString(token) {
		return fmt.Errorf("%w: want a bearer token", ErrUnauthorized)
	}
	verifier := c.signed
	if strings.HasSuffix(token, "."+removedSignature) {
		if verifier = c.stripped; verifier == nil {
			return fmt.Errorf("%w: the token is not signed", ErrUnauthorized)
		}
	}
	id, err := verifier.Verify(ctx, token)
	if err != nil { // it may quote the token's claims, which anybody can write
		return fmt.Errorf("%w: %.300s", ErrUnauthorized, err.Error())
	}
	var claims struct {
		Email    string `json:"email"`
		Verified bool   `json:"email_verified"`
	}
	if err := id.Claims(&claims); err != nil {
		return fmt.Errorf("%w: %w", ErrUnauthorized, err)
	}
	switch {
	case len(id.Audience) != 1 || id.Audience[0] != audience:
		return fmt.Errorf("%w: the token is for another audience than %s", ErrUnauthorized, audience)
	case claims.Email != account || !claims.Verified:
		return fmt.Errorf("%w: the token is another account's than %s", ErrUnauthorized, account)
	}
	return nil
}

// compact is the one form in which tokens travel in a header. The library would read
// JSON as well, whose header need not be signed.
var compact = regexp.MustCompile(`^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$`)

func bearer(authorization string) (string, bool) {
	scheme, token, ok := strings.Cut(authorization, " ")
	return strings.TrimSpace(token), ok && strings.EqualFold(scheme, "Bearer")
}
