package simulation

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/comeback-checkout/comeback/internal/app"
	"github.com/comeback-checkout/comeback/internal/callerauth"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Who the tokens of the simulation name.
const (
	issuer   = "https://accounts.google.com"
	audience = "https://functions.example.com/tasks"
	account  = "tasks@example.iam.gserviceaccount.com"
)

// signer signs tokens and events as Google and SendGrid do. A token is good for all of
// a history: to sign one for each hour would cost more than the history.
type signer struct {
	token  string // "Bearer …"
	keys   oidc.KeySet
	events map[string]*ecdsa.PrivateKey // by store
	public map[string]string
}

var theSigner = sync.OnceValue(func() *signer {
	google := must(rsa.GenerateKey(rand.Reader, 2048))
	s := &signer{keys: &oidc.StaticKeySet{PublicKeys: []crypto.PublicKey{google.Public()}}}
	claims := fmt.Sprintf(`{"iss":%q,"aud":%q,"email":%q,"email_verified":true,"exp":%d}`, issuer, audience, account, begin.Add(2*patience).Unix())
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + encode([]byte(claims))
	sum := sha256.Sum256([]byte(signed))
	signature := must(rsa.SignPKCS1v15(nil, google, crypto.SHA256, sum[:]))
	s.token = "Bearer " + signed + "." + encode(signature)
	s.events, s.public = map[string]*ecdsa.PrivateKey{}, map[string]string{}
	for _, store := range storeIDs {
		key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
		s.events[store], s.public[store] = key, base64.StdEncoding.EncodeToString(must(x509.MarshalPKIXPublicKey(key.Public())))
	}
	return s
})

// must is for keys and signatures of fixed kinds, made here: they fail only where this
// file is wrong, and a history without them would prove nothing.
func must[T any](v T, err error) T {
	if err != nil {
		panic(fmt.Errorf("simulation: sign: %w", err))
	}
	return v
}

// sign gives the headers of a request with events of the store.
func (s *signer) sign(real bool, store string, now time.Time, body []byte) (signature, timestamp string) {
	timestamp = strconv.FormatInt(now.Unix(), 10)
	if !real {
		return store, timestamp
	}
	sum := sha256.Sum256(append([]byte(timestamp), body...))
	der := must(ecdsa.SignASN1(rand.Reader, s.events[store], sum[:]))
	return base64.StdEncoding.EncodeToString(der), timestamp
}

// checks are the product's own, or, in most histories, ones that believe what callers
// say they are. Events are taken of these stores only.
func (s *signer) checks(real bool, stores []string, clock recovery.Clock) (app.TokenChecker, app.EventVerifier) {
	if !real {
		return trust{}, trust{stores}
	}
	tokens := callerauth.NewOIDC(callerauth.OIDCOptions{Issuer: issuer, Keys: s.keys, Now: clock.Now})
	events := callerauth.NewSendGrid(clock.Now)
	for _, store := range stores {
		must(store, events.Add(store, s.public[store]))
	}
	return oneAudience{tokens}, events
}

// oneAudience lets one token serve for all.
type oneAudience struct{ app.TokenChecker }

func (c oneAudience) Check(ctx context.Context, authorization, _, _ string) error {
	return c.TokenChecker.Check(ctx, authorization, audience, account)
}

type trust struct{ stores []string }

func (trust) Check(context.Context, string, string, string) error { return nil }

func (t trust) Stores(signature, _ string, _ []byte) ([]string, error) {
	if !slices.Contains(t.stores, signature) {
		return nil, callerauth.ErrUnauthorized
	}
	return []string{signature}, nil
}
