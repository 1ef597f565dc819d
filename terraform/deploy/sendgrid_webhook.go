package main

import (
	"context"
	"net/http"
	"net/url"
	"slices"
)

// webhook is one of an account's event webhooks. Without an address it is none:
// SendGrid lists one empty object for none at all.
type webhook struct {
	ID        string `json:"id"`
	PublicKey string `json:"public_key"` // "" unless its requests are signed
	webhookSettings
}

// webhookSettings are what can be set. Events that are on in a webhook that exists
// stay on.
type webhookSettings struct {
	Enabled          bool   `json:"enabled"`
	URL              string `json:"url"`
	FriendlyName     string `json:"friendly_name"`
	Processed        bool   `json:"processed"`
	Delivered        bool   `json:"delivered"`
	Deferred         bool   `json:"deferred"`
	Open             bool   `json:"open"`
	Click            bool   `json:"click"`
	Bounce           bool   `json:"bounce"`
	Dropped          bool   `json:"dropped"`
	SpamReport       bool   `json:"spam_report"`
	Unsubscribe      bool   `json:"unsubscribe"`
	GroupUnsubscribe bool   `json:"group_unsubscribe"`
	GroupResubscribe bool   `json:"group_resubscribe"`
}

// wantedEvent is an event that the function for SendGrid's events reads.
type wantedEvent struct {
	name string
	on   *bool
}

func (w *webhookSettings) wanted() []wantedEvent {
	return []wantedEvent{
		{"processed", &w.Processed},
		{"delivered", &w.Delivered},
		{"open", &w.Open},
		{"click", &w.Click},
		{"bounce", &w.Bounce},
		{"dropped", &w.Dropped},
		{"spam_report", &w.SpamReport},
		{"unsubscribe", &w.Unsubscribe},
		{"group_unsubscribe", &w.GroupUnsubscribe},
	}
}

// lacking names the events that are read and not sent.
func (w webhookSettings) lacking() []string {
	var names []string
	for _, e := range w.wanted() {
		if !*e.on {
			names = append(names, e.name)
		}
	}
	return names
}

// withWanted turns on what the function for SendGrid's events reads.
func (w webhookSettings) withWanted() webhookSettings {
	w.Enabled = true
	if w.FriendlyName == "" {
		w.FriendlyName = "Comeback"
	}
	for _, e := range w.wanted() {
		*e.on = true
	}
	return w
}

const webhooksPath = "/v3/user/webhooks/event/settings"

// signedWebhook makes sure that the account has an event webhook to the address, and
// that its requests are signed. It says whether it changed anything. Doing it again
// changes nothing.
func (s sendgrid) signedWebhook(ctx context.Context, address string) (w webhook, changed bool, err error) {
	w, err = s.findWebhook(ctx, address)
	if err != nil {
		return w, false, err
	}
	wanted := w.withWanted()
	wanted.URL = address
	switch {
	case w.ID == "":
		err = s.call(ctx, http.MethodPost, webhooksPath, wanted, &w)
	case w.webhookSettings != wanted:
		err = s.call(ctx, http.MethodPatch, webhooksPath+"/"+url.PathEscape(w.ID), wanted, &w.webhookSettings)
	case w.PublicKey != "":
		return w, false, nil
	}
	if err != nil || w.PublicKey != "" {
		return w, err == nil, err
	}
	var signed struct {
		PublicKey string `json:"public_key"`
	}
	err = s.call(ctx, http.MethodPatch, webhooksPath+"/signed/"+url.PathEscape(w.ID), map[string]bool{"enabled": true}, &signed)
	w.PublicKey = signed.PublicKey
	return w, true, err
}

// findWebhook gives the account's event webhook to the address; a zero one if there
// is none.
func (s sendgrid) findWebhook(ctx context.Context, address string) (webhook, error) {
	all, err := s.webhooks(ctx)
	if i := slices.IndexFunc(all, func(w webhook) bool { return w.URL == address }); i >= 0 {
		return all[i], err
	}
	return webhook{}, err
}

// webhooks lists the account's event webhooks.
func (s sendgrid) webhooks(ctx context.Context) ([]webhook, error) {
	var answer struct {
		Webhooks []webhook `json:"webhooks"`
	}
	err := s.call(ctx, http.MethodGet, webhooksPath+"/all", nil, &answer)
	return slices.DeleteFunc(answer.Webhooks, func(w webhook) bool { return w.ID == "" }), err
}

// publicKey is what verifies the webhook's requests, "" if they are not signed. The
// list may leave it out.
func (s sendgrid) publicKey(ctx context.Context, w webhook) (string, error) {
	if w.PublicKey != "" {
		return w.PublicKey, nil
	}
	var signed struct {
		PublicKey string `json:"public_key"`
	}
	err := s.call(ctx, http.MethodGet, webhooksPath+"/signed/"+url.PathEscape(w.ID), nil, &signed)
	return signed.PublicKey, err
}
