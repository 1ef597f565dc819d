// Package config reads the configuration: one YAML file, and the environment, which
// no other package reads. [Load] checks everything and reports all faults at once.
//
// The file is the same on one machine and in the cloud, where it travels in the
// source archive as comeback.yaml of this folder. It holds no secrets: those stand
// in environment variables that the file names.
package config

import (
	_ "embed"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

//go:embed comeback.yaml
var embedded []byte

// Default is the embedded comeback.yaml: the example store, or in an archive made
// for deployment the operator's own file.
func Default() []byte { return embedded }

// Config is what the file and the environment say, checked, with every default
// filled in.
type Config struct {
	// Queues is the number of task queues, 1 to 32: what the file says, else as many
	// as the environment names, else 1.
	Queues int
	Stores map[string]*Store // by ID; at least one
	Env    Env
}

// RecoveryStores are the stores as the core knows them, by ID.
func (c *Config) RecoveryStores() map[string]*recovery.Store {
	stores := make(map[string]*recovery.Store, len(c.Stores))
	for id, s := range c.Stores {
		stores[id] = &s.Store
	}
	return stores
}

// Store is one shop: the rules that the core follows, and what the parts around it
// need. A secret is empty where the loaded function has no use for it (see
// [Secrets]).
type Store struct {
	recovery.Store
	APIKeys         []Secret // one or two
	LinkKeys        []Secret // one or two; the first signs
	LinkKeysRetired []Secret // still accepted in links to unsubscribe
	SendGrid        SendGrid
	Shopify         *Shopify     // nil if the shop is none of Shopify's
	WooCommerce     *WooCommerce // nil if the shop is none of WooCommerce's
	// OrderConfirmation is false: confirmations are not available yet.
	OrderConfirmation bool
	OrderFrom         recovery.Address // From, unless another sender is given
}

// SendGrid is a store's account with SendGrid.
type SendGrid struct {
	APIKey Secret
	Region string // "global" or "eu"
	// EventsPublicKey verifies event webhooks: base64 of a P-256 public key. It may
	// be empty, and then no event is accepted.
	EventsPublicKey Secret
}

// Shopify is a shop on Shopify.
type Shopify struct {
	Shop    string   // like northwind.myshopify.com
	Secrets []Secret // one or two
}

// WooCommerce is a shop on WooCommerce.
type WooCommerce struct {
	URL     string   // as its webhooks name their source
	Secrets []Secret // one or two
	// RESTKey and RESTSecret read orders that no webhook told of; empty if not given.
	RESTKey, RESTSecret Secret
}
