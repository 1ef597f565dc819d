package app

import (
	"fmt"

	"github.com/comeback-checkout/comeback/internal/callerauth"
	"github.com/comeback-checkout/comeback/internal/config"
	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/woocommerce"
)

// callers tells who may call for the store.
func (a *App) callers(id string, s *config.Store, events *callerauth.SendGrid) error {
	for _, key := range s.APIKeys {
		a.Keys.Add(id, key.Reveal())
	}
	if shop := s.Shopify; shop != nil {
		for _, secret := range shop.Secrets {
			a.Shopify.Add(id, callerauth.ShopifySource(shop.Shop), secret.Reveal())
		}
	}
	if shop := s.WooCommerce; shop != nil {
		for _, secret := range shop.Secrets {
			a.WooCommerce.Add(id, callerauth.WooCommerceSource(shop.URL), callerauth.WooCommerceSecrets(secret.Reveal())...)
		}
	}
	if key := s.SendGrid.EventsPublicKey; key != "" {
		return events.Add(id, key.Reveal())
	}
	return nil
}

// orderSources are the shops that may be asked for an order.
func orderSources(cfg *config.Config) (map[string]recovery.OrderSource, error) {
	sources := map[string]recovery.OrderSource{}
	for id, s := range cfg.Stores {
		w := s.WooCommerce
		if w == nil || w.RESTKey == "" || w.RESTSecret == "" {
			continue
		}
		shop, err := woocommerce.New(w.URL, w.RESTKey.Reveal(), w.RESTSecret.Reveal(), s.TimeZone)
		if err != nil {
			return nil, fmt.Errorf("store %s: %w", id, err)
		}
		sources[id] = shop
	}
	return sources, nil
}
