package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/comeback-checkout/comeback/internal/config"
)

// shop is the configuration file, with the name of each secret in its value's place.
type shop struct {
	stores map[string]*config.Store
	names  secretNames
}

// readShop reads the configuration file without any secret's value.
func readShop(path string) (*shop, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the configuration: %w", err)
	}
	names := secretNames{}
	c, err := config.Load(file, names.lookup, "")
	if err != nil {
		return nil, fmt.Errorf("the configuration %s:\n%w", path, err)
	}
	return &shop{stores: c.Stores, names: names}, nil
}

// ids are the stores' IDs, sorted.
func (s *shop) ids() []string { return slices.Sorted(maps.Keys(s.stores)) }

// name is the environment variable, and Secret Manager's secret, that holds what
// stands here as secret.
func (s *shop) name(secret config.Secret) string { return s.names[secret.Reveal()] }

// secretNames are the variables that the file refers to, by what stood in for their
// values while it was read.
type secretNames map[string]string

// lookup is an environment in which every secret has a value: a public key of its
// own, since that passes as the key of SendGrid's events too.
func (n secretNames) lookup(name string) (string, bool) {
	if !isSecret(name) {
		return "", false
	}
	for value, known := range n {
		if known == name {
			return value, true
		}
	}
	value := standIn()
	n[value] = name
	return value, true
}

// isSecret says whether a variable is not one of the program's settings: what the
// file names besides those are secrets.
func isSecret(name string) bool {
	for _, v := range config.Variables() {
		if v.Name == name {
			return strings.HasPrefix(v.Meaning, "secret: ") || name == "SENDGRID_EVENTS_PUBLIC_KEY"
		}
	}
	return true
}

// standIn is the public key of a key pair that is forgotten at once.
func standIn() string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err) // the machine has no random numbers
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		panic(err) // a P-256 key always has a form
	}
	return base64.StdEncoding.EncodeToString(der)
}
