package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
)

// The secrets of a store, as Secrets names them.
const (
	keyAPIKeys         = "api_keys"
	keyLinkKeys        = "link_keys"
	keyLinkKeysRetired = "link_keys_retired"
	keyIDKey           = "id_key"
	keySendGridAPIKey  = "sendgrid.api_key"
	keyEventsPublicKey = "sendgrid.events_public_key"
	keyShopifySecrets  = "shopify.secrets"
	keyWooSecrets      = "woocommerce.secrets"
	keyWooRESTKey      = "woocommerce.rest.key"
	keyWooRESTSecret   = "woocommerce.rest.secret"
)

// What a secret is on one machine while its variable is not set. The cloud refuses
// these values.
const (
	LocalAPIKey            = "local"
	LocalLinkKey           = "local-link-key"
	LocalIDKey             = "local-id-key"
	LocalSendGridKey       = "local-sendgrid-key"
	LocalShopifySecret     = "local-shopify-secret"
	LocalWooCommerceSecret = "local-woocommerce-secret"
)

// development are those values, by secret. The key of SendGrid's events is
// not among them: its emulator makes one.
var development = map[string]string{
	keyAPIKeys:         LocalAPIKey,
	keyLinkKeys:        LocalLinkKey,
	keyLinkKeysRetired: LocalLinkKey,
	keyIDKey:           LocalIDKey,
	keySendGridAPIKey:  LocalSendGridKey,
	keyShopifySecrets:  LocalShopifySecret,
	keyWooSecrets:      LocalWooCommerceSecret,
	keyWooRESTKey:      LocalWooCommerceSecret,
	keyWooRESTSecret:   LocalWooCommerceSecret,
}

// keys reads the store's secrets that are none of a shop system's.
func (l *loader) keys(o *object, s *Store) {
	s.APIKeys = l.secrets(o.secret("api_keys"), keyAPIKeys, "COMEBACK_API_KEY", 2)
	s.LinkKeys = l.secrets(o.secret("link_keys"), keyLinkKeys, "COMEBACK_LINK_KEY", 2)
	s.LinkKeysRetired = l.secrets(o.secret("link_keys_retired"), keyLinkKeysRetired, "", 50)
	if key := l.secret(o.secret("id_key"), keyIDKey, "COMEBACK_ID_KEY"); key != "" {
		s.IDKey = []byte(key.Reveal())
	}
	sg, _ := o.secret("sendgrid").object()
	defer sg.done()
	events := sg.secret("events_public_key")
	s.SendGrid = SendGrid{
		APIKey:          l.secret(sg.secret("api_key"), keySendGridAPIKey, "SENDGRID_API_KEY"),
		Region:          scalar(sg.plain("region"), "global", oneOf("global", "eu")),
		EventsPublicKey: l.secret(events, keyEventsPublicKey, serviceEventsKey),
	}
	l.checkEvents(o, events, s)
}

// checkEvents wants a key that can verify, and one at all where events have to
// settle what is unknown before it is sent again.
func (l *loader) checkEvents(o *object, p place, s *Store) {
	if l.standIns {
		return
	}
	key := s.SendGrid.EventsPublicKey
	if key != "" && !isP256(key.Reveal()) {
		l.add(p.path, "the variable's value", "want the verification key that SendGrid shows: base64 of a P-256 public key")
	}
	if l.cloud && l.needs(keyEventsPublicKey) && key == "" && s.ResendUnknown {
		o.get("when_unknown").fault("want leave, or the variable of sendgrid.events_public_key set: without events a mail that arrived would be sent again")
	}
}

func isP256(s string) bool {
	der, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return false
	}
	key, err := x509.ParsePKIXPublicKey(der)
	ec, ok := key.(*ecdsa.PublicKey)
	return err == nil && ok && ec.Curve == elliptic.P256()
}

// secrets reads a list of references to at most so many; without one, fallback is
// the variable referred to.
func (l *loader) secrets(p place, key, fallback string, most int) []Secret {
	least := 1
	if fallback == "" {
		least = 0
	}
	items := p.list(least, most)
	if !p.given() && fallback != "" {
		items = []place{p}
	}
	var list []Secret
	for i, item := range items {
		if !item.given() && p.given() { // a null in the list
			item.fault("want a reference such as env:%s", or(fallback, fmt.Sprintf("NAME_%d", i+1)))
			continue
		}
		if s := l.secret(item, key, fallback); s != "" {
			list = append(list, s)
		}
	}
	return list
}

// serviceEventsKey is the variable that mostly holds SendGrid's own key.
const serviceEventsKey = "SENDGRID_EVENTS_PUBLIC_KEY"

var referenceForm = regexp.MustCompile(`^env:[A-Za-z_][A-Za-z0-9_]*$`)

// secret reads a reference and gives what its variable holds; "" where the function
// has no use for it.
func (l *loader) secret(p place, key, fallback string) Secret {
	example := or(fallback, "NAME")
	variable := scalar(p, fallback, func(s string) (string, error) {
		if !referenceForm.MatchString(s) {
			return "", fmt.Errorf("want a reference such as env:%s, and the secret in that variable: no secret stands in the file", example)
		}
		return strings.TrimPrefix(s, "env:"), nil
	})
	if variable == "" {
		if !p.given() {
			p.fault("want a reference such as env:%s", example)
		}
		return ""
	}
	if !l.needs(key) {
		return ""
	}
	return l.resolve(p, key, variable)
}

func (l *loader) resolve(p place, key, variable string) Secret {
	if l.standIns {
		return Secret("the value of " + variable)
	}
	value := l.variable(variable)
	emulator := l.variable(varSendGridEventsKey)
	switch {
	case variable == serviceEventsKey && emulator != "" && !l.cloud: // it signs, also where the service's key is at hand
		return Secret(emulator)
	case value != "" && l.cloud && value == development[key]:
		l.add(p.path, "the variable "+variable+" holds the value for development", "want a random one, of 32 characters or so")
	case value != "":
		return Secret(value)
	case key == keyEventsPublicKey: // may be absent: no event is accepted then
		return Secret(emulator)
	case l.cloud:
		l.add(p.path, "the variable "+variable+" is not set", "want it filled from Secret Manager")
	default:
		return Secret(development[key])
	}
	return ""
}
