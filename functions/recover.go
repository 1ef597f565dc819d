package functions

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/comeback-checkout/comeback/internal/app"
	"github.com/comeback-checkout/comeback/internal/link"
	"github.com/comeback-checkout/comeback/internal/page"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// followDeadline is how long a shopper waits for Firestore before being led to the cart
// without it. A new instance's first call takes most of a second.
const followDeadline = 2 * time.Second

// follow is GET /r/{token}: it notes the click and leads the shopper back to the checkout.
func follow(ctx context.Context, a *app.App, r *request) (response, error) {
	_, token := cutToken(r.URL.Path)
	l, err := a.Links.Recover(token, a.Service.Clock.Now())
	p := page.Page{Store: a.Service.Stores[l.Store], Accept: r.Header.Get("Accept-Language")}
	r.store = l.Store
	switch {
	case errors.Is(err, link.ErrExpired):
		p.Kind, p.Locale = page.Expired, locale(ctx, a, l)
		return show(a, http.StatusGone, p)
	case err != nil:
		p.Kind = page.Invalid
		return show(a, http.StatusNotFound, p)
	}
	way, err := a.Service.Follow(ctx, l, counts(r.Request))
	res, failed := lead(a, p, way)
	if res.attrs = []any{"checkout", l.Checkout, "reminder", l.Reminder.String(), "noted", way.Noted}; err != nil {
		// The shopper is led on all the same.
		res.level, res.attrs = slog.LevelWarn, append(res.attrs, "error", err.Error())
	}
	return res, failed
}

// lead is the answer that leads a shopper on, or says why not.
func lead(a *app.App, p page.Page, way recovery.Way) (response, error) {
	p.Locale = way.Locale
	switch {
	case way.Kind == recovery.WayBought:
		p.Kind = page.Bought
		return show(a, http.StatusOK, p)
	case way.Kind == recovery.WayEmpty:
		p.Kind = page.Empty
		return show(a, http.StatusOK, p)
	case way.To == "":
		p.Kind = page.Gone
		return show(a, http.StatusGone, p)
	}
	h := http.Header{}
	page.Guard(h)
	h.Set("Location", way.To)
	return response{status: http.StatusFound, header: h, outcome: string(way.Kind)}, nil
}
