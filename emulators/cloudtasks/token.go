package cloudtasks

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/comeback-checkout/comeback/emulators/disk"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	defaultIssuer  = "https://accounts.google.com"
	tokenLifetime  = time.Hour
	tokenLeftAtEnd = 5 * time.Minute // a token with less left is not handed out again
	keyBits        = 2048
)

// Token is an OIDC token of a service account for an audience, as the service
// makes them: RS256, an hour long by the clock, reused until five minutes before
// its end. The Scheduler signs the same way, so its emulator can ask here.
func (s *Server) Token(account, audience string) (string, error) {
	return s.tokens.get(account, audience)
}

// JWKSHandler serves the public key that the tokens verify with, as a JWK set.
func (s *Server) JWKSHandler() http.Handler { return http.HandlerFunc(s.tokens.serveKeys) }

// tokens makes and remembers tokens.
type tokens struct {
	issuer string
	now    func() time.Time
	key    func() (*signingKey, error) // made at first use, since that takes a while

	mu   sync.Mutex
	made map[[2]string]token // by account and audience
}

type token struct {
	text    string
	expires time.Time
}

type signingKey struct {
	signer jose.Signer
	public jose.JSONWebKey
}

// newTokens signs with the key that db keeps, if there is one.
func newTokens(issuer string, now func() time.Time, db *disk.DB) (*tokens, error) {
	if issuer == "" {
		issuer = defaultIssuer
	}
	var kept []byte
	err := db.Load(keyBucket, func(_, value []byte) error {
		kept = append(kept, value...)
		return nil
	})
	t := &tokens{issuer: issuer, now: now, made: map[[2]string]token{}}
	t.key = sync.OnceValues(func() (*signingKey, error) {
		if kept != nil {
			return parseKey(kept)
		}
		return makeKey(db)
	})
	return t, err
}

// prepare makes the key in the background, so that the first token need not wait.
func (t *tokens) prepare() { go func() { _, _ = t.key() }() }

func (t *tokens) get(account, audience string) (string, error) {
	key, err := t.key()
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now, id := t.now(), [2]string{account, audience}
	if made, ok := t.made[id]; ok && now.Before(made.expires.Add(-tokenLeftAtEnd)) {
		return made.text, nil
	}
	made := token{expires: now.Truncate(time.Second).Add(tokenLifetime)}
	made.text, err = jwt.Signed(key.signer).Claims(t.claims(account, audience, made.expires)).Serialize()
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	t.made[id] = made
	return made.text, nil
}

func (t *tokens) claims(account, audience string, expires time.Time) map[string]any {
	// A service account's unique ID has 21 digits.
	sum := sha256.Sum256([]byte(account))
	subject := fmt.Sprintf("1%020d", binary.BigEndian.Uint64(sum[:]))
	return map[string]any{
		"iss":            t.issuer,
		"aud":            audience,
		"azp":            subject,
		"sub":            subject,
		"email":          account,
		"email_verified": true,
		"iat":            expires.Add(-tokenLifetime).Unix(),
		"exp":            expires.Unix(),
	}
}

func (t *tokens) serveKeys(w http.ResponseWriter, _ *http.Request) {
	key, err := t.key()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key.public}})
}

func makeKey(db *disk.DB) (*signingKey, error) {
	private, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	if err := db.Write(disk.Op{Bucket: keyBucket, Key: []byte("oidc"), Value: der}); err != nil {
		return nil, fmt.Errorf("keeping the key: %w", err)
	}
	return newSigningKey(private)
}

func parseKey(der []byte) (*signingKey, error) {
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("reading the kept key: %w", err)
	}
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("reading the kept key: want an RSA key")
	}
	return newSigningKey(private)
}

func newSigningKey(private *rsa.PrivateKey) (*signingKey, error) {
	public := jose.JSONWebKey{Key: private.Public(), Algorithm: string(jose.RS256), Use: "sig"}
	print, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, err
	}
	public.KeyID = base64.RawURLEncoding.EncodeToString(print)
	signer, err := jose.NewSigner(jose.SigningKey{
		Algorithm: jose.RS256,
		Key:       jose.JSONWebKey{Key: private, KeyID: public.KeyID},
	}, (&jose.SignerOptions{}).WithType("JWT"))
	return &signingKey{signer: signer, public: public}, err
}
