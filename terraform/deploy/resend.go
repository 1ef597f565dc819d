package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// checkResend refuses a configuration by which unknown mails are sent again, where the
// public key of SendGrid's events is not at hand: SendGridEvents would not start.
func (s *session) checkResend(ctx context.Context, d *deployment, path string) error {
	shop, err := readShop(path)
	if err != nil {
		return err
	}
	for _, id := range shop.ids() {
		store := shop.stores[id]
		name := shop.name(store.SendGrid.EventsPublicKey)
		if store.ResendUnknown && !s.hasEventsKey(ctx, d, name) {
			return fmt.Errorf(`stores.%s.when_unknown: resend: it needs SendGrid's events, whose public key is to stand in the secret %s: without them a mail that arrived would be sent again. Apply with when_unknown: leave first, run deploy doctor -sendgrid-events, store the key that it tells, and then say resend`,
				id, name)
		}
	}
	return nil
}

// hasEventsKey says whether the secret holds something, or will; true where that is not
// known, or where no function reads it.
func (s *session) hasEventsKey(ctx context.Context, d *deployment, name string) bool {
	i := slices.IndexFunc(d.secrets, func(sec secret) bool { return sec.name == name })
	switch {
	case i < 0 || d.secrets[i].given:
		return true
	case !d.secrets[i].value:
		return strings.TrimSpace(s.variable(name)) != ""
	}
	value, err := d.client.SecretValue(ctx, name)
	return err != nil || strings.TrimSpace(string(value)) != ""
}
