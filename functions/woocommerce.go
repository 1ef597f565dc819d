package functions

import (
	"context"
	"regexp"
	"strings"

	"github.com/comeback-checkout/comeback/internal/app"
	"github.com/comeback-checkout/comeback/internal/callerauth"
	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/woocommerce"
)

// wooCommerceTopics are the webhooks of WooCommerce that are taken.
var wooCommerceTopics = map[string]func(context.Context, webhook, woocommerce.Order) (response, error){
	"order.created": wooCommerceOrder,
	"order.updated": wooCommerceOrder,
	"order.deleted": func(ctx context.Context, w webhook, o woocommerce.Order) (response, error) {
		return wooCommerceGone(ctx, w, woocommerce.Order{ID: o.ID})
	},
}

// wooCommerce is POST /webhooks/woocommerce: what happened to an order in a shop of
// WooCommerce. Nothing of the body is looked at before its signature is verified.
// Deliveries are not told apart by their ID: two within a second share it.
func wooCommerce(ctx context.Context, a *app.App, r *request) (response, error) {
	body, err := r.raw()
	if err != nil {
		return response{}, err
	}
	signature := r.Header.Get("X-WC-Webhook-Signature")
	if signature == "" && ping.Match(body) {
		return did("ping"), nil
	}
	store, err := a.WooCommerce.Store(callerauth.WooCommerceSource(r.Header.Get("X-WC-Webhook-Source")), signature, body)
	if err != nil {
		return response{}, err
	}
	r.store = store
	w := webhook{App: a, store: a.Service.Stores[store], topic: "other", now: recovery.Instant(a.Service.Clock.Now())}
	topic := strings.ToLower(strings.TrimSpace(r.Header.Get("X-WC-Webhook-Topic")))
	known := wooCommerceTopics[topic]
	if known == nil {
		return w.hear(ctx, r, func(context.Context, webhook) (response, error) { return ignored(otherTopic), nil })
	}
	w.topic = topic
	return w.hear(ctx, r, func(ctx context.Context, w webhook) (response, error) {
		o, ok := woocommerce.ParseOrder(body, w.store.TimeZone)
		if !ok {
			return ignored(noID), nil
		}
		return known(ctx, w, o)
	})
}

// ping is what WooCommerce posts, unsigned, when a webhook is saved.
var ping = regexp.MustCompile(`^\s*webhook_id=[0-9]{1,20}\s*$`)

func wooCommerceOrder(ctx context.Context, w webhook, o woocommerce.Order) (response, error) {
	switch o.Kind() {
	case woocommerce.Checkout:
		if o.Status == "failed" {
			return wooCommerceFailed(ctx, w, o)
		}
		return wooCommerceCheckout(ctx, w, o)
	case woocommerce.Placed, woocommerce.Cancelled:
		return w.recordOrder(ctx, o.News())
	case woocommerce.Expired:
		return wooCommerceGone(ctx, w, o)
	case woocommerce.Own:
		return wooCommerceOwn(ctx, w, o)
	}
	if o.Trashed() { // as good as deleted: what was bought stays so
		return wooCommerceGone(ctx, w, woocommerce.Order{ID: o.ID, Modified: o.Modified})
	}
	return ignored(noStatus), nil
}

// wooCommerceCheckout records an order that is not paid yet. Equal carts share their
// cart_hash, so it is no cart's ID.
func wooCommerceCheckout(ctx context.Context, w webhook, o woocommerce.Order) (response, error) {
	email := o.Email()
	switch {
	case email == "":
		return ignored(noEmail), nil
	case o.Text("created_via", maxShort) == "subscription": // by the plug-in, which asks for the payment itself
		return ignored(renewal), nil
	}
	first, last := usableName(o.Sub("billing"), o.Sub("shipping"))
	n := recovery.News{
		CheckoutID: o.ID, Email: email, Platform: recovery.WooCommerce, Failed: o.Status == "failed",
		CustomerID:       recovery.Given(usableID(o.Object, "customer_id")),
		FirstName:        recovery.Given(first),
		LastName:         recovery.Given(last),
		Locale:           wooCommerceLanguage(o),
		AcceptsMarketing: wooCommerceConsent(o),
		Total:            recovery.Given(o.Total),
		RecoverURL:       recovery.Given(usableLink(ampersand.Replace(linkOf(o.Object, "payment_url")), w.store.LinkHosts)),
		UpdatedAt:        pastOf(o.Modified, w.now),
	}
	if n.UpdatedAt.IsZero() {
		n.UpdatedAt = pastOf(o.Created, w.now)
	}
	if !o.Created.IsZero() && n.UpdatedAt.Sub(o.Created) > editedAfter {
		n.AbandonedAt = recovery.Instant(o.Created)
	}
	items, cut, there := o.Items(maxItems)
	if fees, _, _ := o.List("fee_lines", 1); len(items) == 0 && len(fees) > 0 {
		there = false // no goods, but not an empty cart
	}
	n.Items = recovery.Field[[]recovery.Item]{Given: there, Value: items}
	for i := range items {
		items[i].ImageURL = usablePicture(items[i].ImageURL)
	}
	return w.recordCheckout(ctx, n, cut)
}

// ampersand undoes what WordPress makes of one in an address.
var ampersand = strings.NewReplacer("&amp;", "&", "&#038;", "&", "&#38;", "&")

// wooCommerceConsent is whether the shopper accepts marketing: WooCommerce itself does
// not ask, a shop may write it into the order's metadata. Where that says both, it is no.
func wooCommerceConsent(o woocommerce.Order) (accepts recovery.Field[*bool]) {
	for _, m := range o.Meta("comeback_accepts_marketing", "_comeback_accepts_marketing") {
		if yes := m.Bool("value"); yes != nil && (!accepts.Given || !*yes) {
			accepts = recovery.Given(yes)
		}
	}
	return accepts
}

// wooCommerceLanguage is what WPML notes of an order.
func wooCommerceLanguage(o woocommerce.Order) recovery.Field[string] {
	told := o.Meta("wpml_language")
	if len(told) == 0 {
		return recovery.Field[string]{}
	}
	return usableLocale(told[0].Text("value", maxShort))
}

// wooCommerceFailed is an order whose payment failed. Was it an order already, as one on
// hold for a bank transfer is, then it is taken back; else it can still be paid.
func wooCommerceFailed(ctx context.Context, w webhook, o woocommerce.Order) (response, error) {
	if placed, err := w.placedBefore(ctx, o); err != nil {
		return response{}, err
	} else if placed && o.Paid.IsZero() {
		return w.recordOrder(ctx, o.News())
	}
	return wooCommerceCheckout(ctx, w, o)
}

// wooCommerceOwn is an order that the shop deals with in a way of its own, not paid: nobody
// is reminded of that. Whether it is bought nobody can tell.
func wooCommerceOwn(ctx context.Context, w webhook, o woocommerce.Order) (response, error) {
	known, err := w.Service.StopKnown(ctx, w.store.ID, o.ID, pastOf(o.Modified, w.now))
	if err != nil {
		return response{}, err
	}
	if !known {
		return ignored(noStatus), nil
	}
	return did("stopped", "checkout", recovery.CheckoutKey(w.store.ID, o.ID)), nil
}

// wooCommerceGone is an order that cannot be paid any more. Was it bought, as by a bank
// transfer that never came, then it is taken back. Else WooCommerce has only given its
// goods free again: the shopper may still want them, and is led to the cart.
func wooCommerceGone(ctx context.Context, w webhook, o woocommerce.Order) (response, error) {
	if placed, err := w.placedBefore(ctx, o); err != nil {
		return response{}, err
	} else if placed && o.Status != "" {
		return w.recordOrder(ctx, o.News())
	}
	return did("unlinked", "checkout", recovery.CheckoutKey(w.store.ID, o.ID)), w.Service.DropRecoverURL(ctx, w.store.ID, o.ID, pastOf(o.Modified, w.now), o.Kind() == woocommerce.Expired)
}

// placedBefore says whether o is recorded as an order, and was one before it became what
// it tells of now.
func (w webhook) placedBefore(ctx context.Context, o woocommerce.Order) (bool, error) {
	known, err := w.Service.KnownOrder(ctx, w.store.ID, o.ID)
	if err != nil || known == nil {
		return false, err
	}
	at := pastOf(o.Modified, w.now)
	return at.IsZero() || !at.Before(known.PlacedAt), nil
}
