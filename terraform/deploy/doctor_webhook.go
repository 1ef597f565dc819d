package main

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/comeback-checkout/comeback/internal/config"
)

const webhookSettingsPage = "https://app.sendgrid.com/settings/mail_settings (Event Webhooks)"

// examineEvents looks, for each SendGrid account, whether it tells the deployment what
// becomes of the mails. Before the first apply it does not, so that nothing here fails.
func (x *examination) examineEvents(ctx context.Context) {
	accounts := x.accounts()
	for _, ids := range accounts {
		s := x.shop.stores[ids[0]]
		x.found("events, "+strings.Join(ids, ", "), x.webhook(ctx, s, len(accounts) == 1))
	}
}

// accounts lists the stores by the SendGrid account that they share, in their order.
func (x *examination) accounts() [][]string {
	var all [][]string
	for _, id := range x.shop.ids() {
		i := slices.IndexFunc(all, func(ids []string) bool { return x.shop.stores[ids[0]].SendGrid == x.shop.stores[id].SendGrid })
		if i < 0 {
			all = append(all, nil)
			i = len(all) - 1
		}
		all[i] = append(all[i], id)
	}
	return all
}

// webhook judges the event webhook of a store's account. The key for administration is
// one account's: it says nothing where there are several.
func (x *examination) webhook(ctx context.Context, s *config.Store, alone bool) finding {
	keys := []string{}
	if admin := strings.TrimSpace(x.variable("SENDGRID_ADMIN_KEY")); admin != "" && alone {
		keys = append(keys, admin)
	}
	if own, missing := x.secret(ctx, x.shop.name(s.SendGrid.APIKey)); missing == nil {
		keys = append(keys, own)
	}
	f := doubt("not known: there is no key to look with").advise("%s", x.byHand())
	for _, key := range keys {
		account := sendgrid{x.sendgridHost(s.SendGrid.Region), key}
		all, err := account.webhooks(ctx)
		if err == nil {
			return x.judgeWebhook(ctx, s, account, all)
		}
		f = doubt("not known: %v", err).advise("%s", x.byHand())
		if refusedKey(err) {
			f = doubt("not known: the key may not read webhook settings, which is as it should be").
				advise("%s, or set SENDGRID_ADMIN_KEY to a key with full access for this one call", x.byHand())
		}
	}
	return f
}

// judgeWebhook judges what the account has.
func (x *examination) judgeWebhook(ctx context.Context, s *config.Store, account sendgrid, all []webhook) finding {
	i := slices.IndexFunc(all, func(w webhook) bool { return x.isOurs(w.URL) })
	if i < 0 {
		return doubt("SendGrid tells nobody here what becomes of the mails: no event webhook leads to %s", x.eventsAddress()).
			advise("after apply, call doctor with -sendgrid-events, which sets it up; or by hand: %s", x.byHand())
	}
	w := all[i]
	mend := fmt.Sprintf("call doctor with -sendgrid-events, which mends it, or do it at %s", webhookSettingsPage)
	if !w.Enabled {
		return doubt("the event webhook to %s is switched off", w.URL).advise("%s", mend)
	}
	key, err := account.publicKey(ctx, w)
	switch lacking := w.lacking(); {
	case err != nil:
		return doubt("not known whether requests to %s are signed: %v", w.URL, err).advise("%s", x.byHand())
	case key == "":
		return doubt("requests to %s are not signed, so that every one is refused", w.URL).advise("%s", mend)
	case len(lacking) > 0:
		return doubt("the event webhook to %s leaves out %s", w.URL, strings.Join(lacking, ", ")).advise("%s", mend)
	}
	if f := x.eventsKey(ctx, s, key); f.Mark != markOK {
		return f
	}
	return fine("SendGrid sends signed events to %s, and %s holds the public key", w.URL, x.shop.name(s.SendGrid.EventsPublicKey))
}

// eventsAddress is the function's address by Google's name for it.
func (x *examination) eventsAddress() string {
	return fmt.Sprintf("https://%s-%s.cloudfunctions.net/comeback-sendgrid-events", x.region, x.project)
}

// isOurs says whether an address leads to the function, as far as can be told without
// Terraform's state: by Google's name for it, or by its path under some domain.
func (x *examination) isOurs(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (address == x.eventsAddress() || u.Scheme == "https" && u.Path == "/webhooks/sendgrid")
}

// byHand says what to look at and to set where no key may.
func (x *examination) byHand() string {
	var names []string
	for _, e := range new(webhookSettings).wanted() {
		names = append(names, e.name)
	}
	return fmt.Sprintf("at %s a webhook should be enabled that posts to the address in the output webhook_urls (%s without a domain of yours), with signature verification on, and the events %s",
		webhookSettingsPage, x.eventsAddress(), strings.Join(names, ", "))
}
