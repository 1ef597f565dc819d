package callerauth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ErrNoEventsKey says that no store has a key that event webhooks could be verified by.
var ErrNoEventsKey = errors.New("no store has SendGrid's verification key: turn on the signed event webhook in SendGrid (Settings, Mail Settings, Event Webhooks), copy its verification key, and give it as SENDGRID_EVENTS_PUBLIC_KEY")

// SendGrid signs the instant at which it posts. It posts again for up to a day, and
// does not say whether it signs anew. Events may come twice anyway, so all that an old
// request could do is done.
const (
	eventsPast   = 48 * time.Hour
	eventsFuture = 10 * time.Minute
)

// SendGrid knows the keys that verify the event webhooks of all stores.
type SendGrid struct {
	now  func() time.Time
	keys []eventsKey
}

type eventsKey struct {
	store  string
	public *ecdsa.PublicKey
}

// NewSendGrid makes a verifier that knows no key.
func NewSendGrid(now func() time.Time) *SendGrid { return &SendGrid{now: now} }

// Add lets a key speak for a store: base64 of a P-256 public key, as SendGrid shows it.
func (s *SendGrid) Add(store, key string) error {
	der, err := base64.StdEncoding.DecodeString(strings.TrimSpace(key))
	if err != nil {
		return fmt.Errorf("verification key of store %s: %w", store, err)
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return fmt.Errorf("verification key of store %s: %w", store, err)
	}
	public, ok := parsed.(*ecdsa.PublicKey)
	if !ok || public.Curve != elliptic.P256() {
		return fmt.Errorf("verification key of store %s: want one of the curve P-256", store)
	}
	s.keys = append(s.keys, eventsKey{store, public})
	return nil
}

// Stores returns the stores whose key signed the timestamp and the body, sorted. It
// returns ErrUnauthorized if it is none's or the timestamp is far from now, and
// ErrNoEventsKey if no store has a key.
//
// The helper of SendGrid's own library is not used: it takes bytes after the
// signature's end as part of it, and knows nothing of time.
func (s *SendGrid) Stores(signature, timestamp string, body []byte) ([]string, error) {
	if len(s.keys) == 0 {
		return nil, ErrNoEventsKey
	}
	if signature == "" || timestamp == "" {
		return nil, fmt.Errorf("%w: the request is not signed", ErrUnauthorized)
	}
	if err := s.checkTime(timestamp); err != nil {
		return nil, err
	}
	der, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return nil, fmt.Errorf("%w: the signature is not base64", ErrUnauthorized)
	}
	h := sha256.New()
	h.Write([]byte(timestamp))
	h.Write(body)
	sum := h.Sum(nil)
	var stores []string
	for _, k := range s.keys {
		if ecdsa.VerifyASN1(k.public, sum, der) {
			stores = append(stores, k.store)
		}
	}
	if len(stores) == 0 {
		return nil, fmt.Errorf("%w: no store's verification key fits the signature", ErrUnauthorized)
	}
	slices.Sort(stores)
	return slices.Compact(stores), nil
}

func (s *SendGrid) checkTime(timestamp string) error {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return fmt.Errorf("%w: the timestamp is not in seconds", ErrUnauthorized)
	}
	now := s.now().Unix() // in whole seconds, which any timestamp can be compared with
	if seconds < now-int64(eventsPast/time.Second) || seconds > now+int64(eventsFuture/time.Second) {
		return fmt.Errorf("%w: the timestamp is far from now", ErrUnauthorized)
	}
	return nil
}
