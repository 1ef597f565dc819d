package functions

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/comeback-checkout/comeback/internal/app"
	"github.com/comeback-checkout/comeback/internal/page"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// unsubscribe is /u/{token}. GET shows a page and changes nothing, since scanners follow
// links. POST does what the page's button says, and without one unsubscribes for good: so
// do mailbox providers, which want 200, no redirect and no cookies (RFC 8058).
func unsubscribe(ctx context.Context, a *app.App, r *request) (response, error) {
	_, token := cutToken(r.URL.Path)
	l, err := a.Links.Unsubscribe(token)
	p := page.Page{Kind: page.Invalid, Store: a.Service.Stores[l.Store], Accept: r.Header.Get("Accept-Language")}
	if err != nil {
		return show(a, http.StatusNotFound, p)
	}
	r.store = l.Store
	if r.Method != http.MethodPost {
		p.Kind, p.Locale = page.Ask, locale(ctx, a, l)
		return show(a, http.StatusOK, p)
	}
	return leave(ctx, a, r, l, p)
}

// leave answers a POST.
func leave(ctx context.Context, a *app.App, r *request, l recovery.Link, p page.Page) (response, error) {
	choice, byPage, err := r.choice()
	if err != nil {
		return response{}, err
	}
	var failed error
	if choice != page.Never && !sameOrigin(r.Request) {
		p.Kind, failed = page.Ask, &requestError{status: http.StatusForbidden, code: "forbidden", message: "only the page itself may ask for this"}
	} else if p.Kind, failed = choose(ctx, a, l, choice); failed != nil {
		p.Kind, p.Again = page.Away, choice
	}
	if byPage && failed == nil { // else somebody is in a hurry, or Firestore is away
		p.Locale = locale(ctx, a, l)
	}
	res, err := show(a, http.StatusOK, p)
	if err != nil {
		return res, err
	}
	res.attrs = []any{"checkout", l.Checkout, "reminder", l.Reminder.String()}
	return res, failed
}

// choose does what was chosen, and returns the page that says so.
func choose(ctx context.Context, a *app.App, l recovery.Link, choice page.Choice) (page.Kind, error) {
	switch choice {
	case page.Checkout:
		return page.Left, a.Service.LeaveCheckout(ctx, l)
	case page.UndoCheckout:
		return page.Undone, a.Service.UndoLeaveCheckout(ctx, l)
	case page.UndoNever:
		return page.Undone, a.Service.UndoUnsubscribe(ctx, l)
	}
	return page.Unsubscribed, a.Service.Unsubscribe(ctx, l)
}

// localeTimeout is how long a page waits for its language.
const localeTimeout = time.Second

// locale is that of the link's checkout, if it is quickly told.
func locale(ctx context.Context, a *app.App, l recovery.Link) string {
	ctx, cancel := context.WithTimeout(ctx, localeTimeout)
	defer cancel()
	locale, err := a.Service.LinkLocale(ctx, l)
	if err != nil {
		a.Log.WarnContext(ctx, "page not in the checkout's language", "checkout", l.Checkout, "error", err)
	}
	return locale
}

// sameOrigin says whether our own page sends the request, as far as the browser tells.
// Older ones tell the origin alone.
func sameOrigin(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin"
	}
	origin := r.Header.Get("Origin")
	if origin == "" { // not a browser, or a very old one
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}
