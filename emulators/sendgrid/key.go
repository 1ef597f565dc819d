package sendgrid

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"

	"github.com/comeback-checkout/comeback/emulators/disk"
)

const keysBucket = "sendgrid.keys"

// loadKey gives the key that signs events, made at the first start.
func loadKey(d *disk.DB) (key *ecdsa.PrivateKey, err error) {
	err = d.Load(keysBucket, func(_, value []byte) error {
		key, err = x509.ParseECPrivateKey(value)
		return err
	})
	if err != nil || key != nil {
		return key, err
	}
	if key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, fmt.Errorf("making the events' key: %w", err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encoding the events' key: %w", err)
	}
	return key, d.Write(disk.Op{Bucket: keysBucket, Key: []byte("events"), Value: der})
}

// PublicKey is what events are verified with, as the service shows it: a P-256
// key's SubjectPublicKeyInfo (DER) in base64. It stays the same over restarts
// with the same Options.Disk.
func (s *Server) PublicKey() string {
	der, err := x509.MarshalPKIXPublicKey(&s.key.PublicKey)
	if err != nil {
		panic(err) // not for a key on a curve that x509 knows
	}
	return base64.StdEncoding.EncodeToString(der)
}

// sign is base64 of the ASN.1 signature over SHA-256 of timestamp and body.
func sign(key *ecdsa.PrivateKey, timestamp string, body []byte) (string, error) {
	sum := sha256.Sum256(append([]byte(timestamp), body...))
	der, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		return "", fmt.Errorf("signing events: %w", err)
	}
	return base64.StdEncoding.EncodeToString(der), nil
}
