package callerauth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"regexp"
	"strings"
)

// Webhooks knows the secrets by which a shop system signs its webhooks: HMAC-SHA-256
// over the body as it came, in base64.
type Webhooks struct{ shops []webhookShop }

type webhookShop struct {
	store, source string
	secrets       [][]byte
}

// Add lets the secrets speak for a store where the webhook names the source as its own.
func (w *Webhooks) Add(store, source string, secrets ...string) {
	shop := webhookShop{store: store, source: source}
	for _, s := range secrets {
		if s != "" { // an empty one everybody knows
			shop.secrets = append(shop.secrets, []byte(s))
		}
	}
	w.shops = append(w.shops, shop)
}

// Store returns the store that a webhook comes from: the one of the source, or else of the
// nearest address above it, whose secret signed the body. Else it returns ErrUnauthorized,
// which does not say what was wrong. Each comparison takes the same time whatever the signature is.
func (w *Webhooks) Store(source, signature string, body []byte) (string, error) {
	sum, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(signature))
	found, longest := "", -1
	for _, shop := range w.shops {
		if err != nil || !shop.covers(source) || len(sum) != sha256.Size {
			continue
		}
		for _, secret := range shop.secrets {
			mac := hmac.New(sha256.New, secret)
			mac.Write(body)
			if hmac.Equal(mac.Sum(nil), sum) && len(shop.source) > longest {
				found, longest = shop.store, len(shop.source)
			}
		}
	}
	if found == "" {
		return "", fmt.Errorf("%w: no store has this shop and a secret that signed the request", ErrUnauthorized)
	}
	return found, nil
}

// covers says whether the source is the shop's, or below it: a shop in several languages
// names them one by one.
func (s *webhookShop) covers(source string) bool {
	within := strings.TrimSuffix(s.source, "/") + "/"
	return source == s.source || strings.Contains(s.source, "/") && strings.HasPrefix(source, within)
}

// ShopifySource is a shop's domain as Add and Store compare it.
func ShopifySource(domain string) string { return strings.ToLower(strings.TrimSpace(domain)) }

// WooCommerceSource is the address of a shop as Add and Store compare it: whether it is
// by http or https, ends in a slash, or asks for a language, does not count.
func WooCommerceSource(address string) string {
	address, _, _ = strings.Cut(strings.TrimSpace(address), "?")
	if scheme, rest, ok := strings.Cut(address, "://"); ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")) {
		address = rest
	}
	host, path, _ := strings.Cut(address, "/")
	return strings.ToLower(host) + "/" + strings.Trim(path, "/")
}

// entity is what WordPress's wp_specialchars_decode replaces.
var entity = regexp.MustCompile(`&(?:amp|lt|gt|quot|#0*(?:34|38|39|60|62)|#[xX]0*(?:22|26|27));`)

// WooCommerceSecrets are the forms of a secret that WooCommerce may sign with: as it is,
// and as WordPress decodes it first (class-wc-webhook.php, generate_signature).
func WooCommerceSecrets(secret string) []string {
	if decoded := entity.ReplaceAllStringFunc(secret, html.UnescapeString); decoded != secret {
		return []string{secret, decoded}
	}
	return []string{secret}
}
