package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/comeback-checkout/comeback/internal/config"
	"github.com/comeback-checkout/comeback/terraform/deploy/cloud"
)

// examineSendGrid looks at each store's key and sender.
func (x *examination) examineSendGrid(ctx context.Context) {
	for _, id := range x.shop.ids() {
		s := x.shop.stores[id]
		name := x.shop.name(s.SendGrid.APIKey)
		key, missing := x.secret(ctx, name)
		if missing != nil {
			x.found("SendGrid, "+id, *missing)
			continue
		}
		account := sendgrid{x.sendgridHost(s.SendGrid.Region), key}
		scopes, err := account.scopes(ctx)
		f := x.keyFinding(ctx, s, name, scopes, err, key)
		x.found("SendGrid key, "+id, f)
		if err == nil {
			x.found("sender, "+id, x.sender(ctx, s.From.Email, account, scopes))
		}
	}
}

// sendgridHost is SendGrid's address for a region, or the one server that stands in
// for all of them.
func (x *examination) sendgridHost(region string) string {
	if host := x.variable("COMEBACK_SENDGRID_HOST"); host != "" {
		return strings.TrimSuffix(host, "/")
	}
	return sendgridHosts[region]
}

// secret is the value of a secret, from the environment or Secret Manager; a finding
// where there is none.
func (x *examination) secret(ctx context.Context, name string) (string, *finding) {
	if v := strings.TrimSpace(x.variable(name)); v != "" {
		return v, nil
	}
	absent := doubt("%s has no value yet, in the environment or in Secret Manager", name).
		advise("set the variable %s to check it now; apply asks for it otherwise", name)
	if x.cloud == nil {
		return "", &absent
	}
	value, err := x.cloud.SecretValue(ctx, name)
	switch {
	case errors.Is(err, cloud.ErrNotFound), errors.Is(err, cloud.ErrDisabled):
		return "", &absent
	case err != nil:
		f := doubt("%v", err).advise("set the variable %s to check it without Secret Manager", name)
		return "", &f
	}
	return strings.TrimSpace(string(value)), nil
}

// keyFinding judges a store's key by what SendGrid said of its scopes.
func (x *examination) keyFinding(ctx context.Context, s *config.Store, name string, scopes []string, err error, key string) finding {
	region := s.SendGrid.Region
	switch {
	case refusedKey(err):
		other := "eu"
		if region == "eu" {
			other = "global"
		}
		if _, err := (sendgrid{x.sendgridHost(other), key}).scopes(ctx); err == nil {
			return bad("%s is not taken in SendGrid's region %s, but in %s", name, region, other).
				advise("set sendgrid.region: %s for store %s", other, s.ID)
		}
		return bad("%s is refused: %v", name, err).
			advise("401 means a wrong or revoked key, or that the account's credits are used up: look at https://app.sendgrid.com/settings/api_keys and .../settings/billing")
	case err != nil:
		return doubt("%s: not known: %v", name, err)
	case !slices.Contains(scopes, "mail.send"):
		return bad("%s may not send: it lacks the scope mail.send", name).
			advise("give the key Mail Send at https://app.sendgrid.com/settings/api_keys; it needs nothing else")
	}
	return fine("%s may send", name)
}

// sender looks whether SendGrid takes mail from the address, with the store's own key
// if that may look, else with the one for administration.
func (x *examination) sender(ctx context.Context, from string, account sendgrid, scopes []string) finding {
	look := "look for it at https://app.sendgrid.com/settings/sender_auth"
	if !slices.Contains(scopes, "whitelabel.read") {
		admin := strings.TrimSpace(x.variable("SENDGRID_ADMIN_KEY"))
		if admin == "" {
			return doubt("not known: the key may not look whether %s is authenticated, which is as it should be", from).
				advise("%s, or set SENDGRID_ADMIN_KEY to a key with full access for this one call", look)
		}
		account.key = admin
	}
	domains, err := account.domains(ctx)
	if err != nil {
		return doubt("not known whether %s is authenticated: %v", from, err).advise("%s", look)
	}
	_, domain, _ := strings.Cut(strings.ToLower(from), "@")
	for _, d := range domains {
		if strings.EqualFold(d.Domain, domain) && d.Valid {
			return fine("domain %s is authenticated", domain)
		}
	}
	senders, err := account.verifiedSenders(ctx)
	if err == nil && slices.ContainsFunc(senders, func(s verifiedSender) bool { return s.Verified && strings.EqualFold(s.Email, from) }) {
		return doubt("%s is a verified single sender, and its domain is not authenticated", from).
			advise("authenticate %s at https://app.sendgrid.com/settings/sender_auth: mailboxes want mail to many people signed by the sender's domain", domain)
	}
	var e *sendgridError
	if err != nil && !(errors.As(err, &e) && e.status == http.StatusNotFound) {
		return doubt("domain %s is not authenticated, and it is not known whether %s is a verified sender: %v", domain, from, err).advise("%s", look)
	}
	return x.unauthenticated(domains, domain, from)
}

func (x *examination) unauthenticated(domains []sendgridDomain, domain, from string) finding {
	for _, d := range domains {
		switch {
		case strings.EqualFold(d.Domain, domain):
			return bad("domain %s is not authenticated yet: SendGrid does not see its DNS records", domain).
				advise("finish it at https://app.sendgrid.com/settings/sender_auth")
		case d.Valid && strings.HasSuffix(domain, "."+strings.ToLower(d.Domain)):
			return doubt("only %s is authenticated, the domain above %s", d.Domain, domain).
				advise("try it with deploy smoke, or authenticate %s itself at https://app.sendgrid.com/settings/sender_auth", domain)
		}
	}
	return bad("SendGrid will refuse mail from %s: neither its domain nor the address is verified", from).
		advise("authenticate %s at https://app.sendgrid.com/settings/sender_auth", domain)
}
