package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/comeback-checkout/comeback/internal/config"
	"github.com/comeback-checkout/comeback/terraform/deploy/cloud"
)

const eventsCheck = "SendGrid events"

// setUpEvents makes SendGrid tell the deployment what becomes of its mails.
func (x *examination) setUpEvents(ctx context.Context, o *options) {
	s, err := x.eventsStore()
	if err != nil {
		x.found(eventsCheck, bad("%v", err))
		return
	}
	admin := strings.TrimSpace(x.variable("SENDGRID_ADMIN_KEY"))
	if admin == "" {
		x.found(eventsCheck, bad("SENDGRID_ADMIN_KEY is not set").
			advise("make a key with full access at https://app.sendgrid.com/settings/api_keys, set the variable for this one call, and delete the key again"))
		return
	}
	d, err := x.readAddresses(ctx, o)
	if err != nil {
		x.found(eventsCheck, bad("%v", err))
		return
	}
	address := d.WebhookURLs["sendgrid"]
	if address == "" {
		x.found(eventsCheck, doubt("this deployment has no function for SendGrid's events; nothing was changed"))
		return
	}
	w, changed, err := sendgrid{x.sendgridHost(s.SendGrid.Region), admin}.signedWebhook(ctx, address)
	switch {
	case err != nil:
		x.found(eventsCheck, bad("the webhook is not set up: %v", err).advise("a key that lacks full access is refused; calling this again is safe"))
		return
	case w.PublicKey == "":
		x.found(eventsCheck, bad("SendGrid signs requests to %s, and did not tell the public key", address).advise("call this again"))
		return
	case changed:
		x.found(eventsCheck, fine("SendGrid sends signed events to %s now", address))
	default:
		x.found(eventsCheck, fine("SendGrid sends signed events to %s already", address))
	}
	x.found("SendGrid events key", x.eventsKey(ctx, s, w.PublicKey))
}

// eventsStore is the store whose account gets the webhook: the one named, or any
// where all share one account.
func (x *examination) eventsStore() (*config.Store, error) {
	if x.only != "" {
		s := x.shop.stores[x.only]
		if s == nil {
			return nil, fmt.Errorf("-store %s: want one of %s", x.only, strings.Join(x.shop.ids(), ", "))
		}
		return s, nil
	}
	ids := x.shop.ids()
	first := x.shop.stores[ids[0]]
	for _, id := range ids {
		if s := x.shop.stores[id]; s.SendGrid != first.SendGrid {
			return nil, errors.New("the stores have several SendGrid accounts: name one store with -store, and set SENDGRID_ADMIN_KEY to its account's key")
		}
	}
	return first, nil
}

// eventsKey says how the public key gets to where the function reads it.
func (x *examination) eventsKey(ctx context.Context, s *config.Store, key string) finding {
	name := x.shop.name(s.SendGrid.EventsPublicKey)
	if x.cloud == nil {
		return doubt("the public key is %s", key).advise("%s", x.storeCommand(name, key))
	}
	value, err := x.cloud.SecretValue(ctx, name)
	switch {
	case err == nil && strings.TrimSpace(string(value)) == key:
		return fine("%s holds the public key", name)
	case err == nil, errors.Is(err, cloud.ErrNotFound):
		return doubt("%s does not hold the public key, which is %s", name, key).advise("%s", x.storeCommand(name, key))
	}
	return doubt("the public key is %s, and it is not known whether %s holds it: %v", key, name, err).advise("%s", x.storeCommand(name, key))
}

func (x *examination) storeCommand(name, key string) string {
	return fmt.Sprintf("store it: printf %%s '%s' | gcloud secrets versions add %s --project=%s --data-file=- (instances that run keep what they have read: pin the version in secret_versions, and apply)", key, name, x.project)
}
