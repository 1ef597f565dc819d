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
	token     string // "Bearer …"
	keys      oidc.KeySet
	eventsKey *ecdsa.PrivateKey
	public    string
}

var theSigner = sync.OnceValue(func() *signer {
	google, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	s := &signer{keys: &oidc.StaticKeySet{PublicKeys: []crypto.PublicKey{google.Public()}}}
	claims := fmt.Sprintf(`{"iss":%q,"aud":%q,"email":%q,"email_verified":true,"exp":%d}`, issuer, audience, account, begin.Add(2*patience).Unix())
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + encode([]byte(claims))
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, google, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	s.token = "Bearer " + signed + "." + encode(signature)
	if s.eventsKey, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		panic(err)
	}
	public, err := x509.MarshalPKIXPublicKey(s.eventsKey.Public())
	if err != nil {
		panic(err)
	}
	s.public = base64.StdEncoding.EncodeToString(public)
	return s
})

// sign gives the headers of an event's request.
func (s *signer) sign(real bool, now time.Time, body []byte) (signature, timestamp string) {
	timestamp = strconv.FormatInt(now.Unix(), 10)
	if !real {
		return "trusted", timestamp
	}
	sum := sha256.Sum256(append([]byte(timestamp), body...))
	der, err := ecdsa.SignASN1(rand.Reader, s.eventsKey, sum[:])
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(der), timestamp
}

// checks are the product's own, or, in most histories, ones that trust everybody.
func (s *signer) checks(real bool, clock recovery.Clock) (app.TokenChecker, app.EventVerifier) {
	if !real {
		return trust{}, trust{}
	}
	tokens := callerauth.NewOIDC(callerauth.OIDCOptions{Issuer: issuer, Keys: s.keys, Now: clock.Now})
	events := callerauth.NewSendGrid(clock.Now)
	for _, store := range storeIDs {
		if err := events.Add(store, s.public); err != nil {
			panic(err)
		}
	}
	return oneAudience{tokens}, events
}

// oneAudience lets one token serve for all.
type oneAudience struct{ app.TokenChecker }

func (c oneAudience) Check(ctx context.Context, authorization, _, _ string) error {
	return c.TokenChecker.Check(ctx, authorization, audience, account)
}

type trust struct{}

func (trust) Check(context.Context, string, string, string) error { return nil }

func (trust) Stores(string, string, []byte) ([]string, error) { return storeIDs, nil }
