package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/comeback-checkout/comeback/internal/config"
)

// examineShops looks at each store's shop system, as far as the configuration names one:
// the secrets that sign its webhooks, and the key by which WooCommerce is asked.
func (x *examination) examineShops(ctx context.Context) {
	for _, id := range x.shop.ids() {
		s := x.shop.stores[id]
		if s.Shopify != nil {
			x.found("Shopify, "+id, x.webhookSecrets(ctx, s.Shopify.Secrets, shopifySecret))
		}
		if s.WooCommerce == nil {
			continue
		}
		x.found("WooCommerce, "+id, x.webhookSecrets(ctx, s.WooCommerce.Secrets, nil))
		x.found("WooCommerce REST, "+id, x.rest(ctx, s.WooCommerce))
	}
}

// webhookSecrets says whether each has a value, and what is wrong with it.
func (x *examination) webhookSecrets(ctx context.Context, secrets []config.Secret, wrong func(name, value string) *finding) finding {
	var names []string
	for _, s := range secrets {
		name := x.shop.name(s)
		value, missing := x.secret(ctx, name)
		if missing != nil {
			return *missing
		}
		if wrong != nil {
			if f := wrong(name, value); f != nil {
				return *f
			}
		}
		names = append(names, name)
	}
	return fine("%s has a value to verify webhooks with", strings.Join(names, ", "))
}

// token is a credential of Shopify's that signs nothing; an app's secret may begin with
// shpss_.
var token = regexp.MustCompile(`^(shpat|shpca|shppa|shpua)_`)

func shopifySecret(name, value string) *finding {
	if !token.MatchString(value) {
		return nil
	}
	f := bad("%s holds an access token, which signs no webhook", name).
		advise("take the app's client secret (API secret key), or what Settings → Notifications → Webhooks names as the signing secret")
	return &f
}

// rest looks whether WooCommerce lets the key read orders.
func (x *examination) rest(ctx context.Context, w *config.WooCommerce) finding {
	if w.RESTKey == "" {
		return doubt("no key: an order whose webhook is lost is not noticed, and its shopper gets mail").
			advise("WooCommerce repeats no webhook: give woocommerce.rest, by which Remind asks before each mail")
	}
	key, missing := x.secret(ctx, x.shop.name(w.RESTKey))
	if missing != nil {
		return *missing
	}
	secret, missing := x.secret(ctx, x.shop.name(w.RESTSecret))
	if missing != nil {
		return *missing
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	address := strings.TrimRight(w.URL, "/") + "/wp-json/wc/v3/orders"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"?per_page=1&_fields=id", nil)
	if err != nil {
		return bad("%s is no address", address)
	}
	req.SetBasicAuth(key, secret)
	req.Header.Set("User-Agent", "Comeback")
	client := http.Client{CheckRedirect: sameHost}
	res, err := client.Do(req)
	if err != nil {
		return doubt("not known: %v", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return doubt("not known: the answer broke off")
	}
	return judgeREST(address, res, body)
}

// sameHost follows as Remind does: the key is for nobody else.
func sameHost(next *http.Request, before []*http.Request) error {
	if first := before[0].URL; len(before) > 3 || next.URL.Host != first.Host || next.URL.Scheme != first.Scheme {
		return http.ErrUseLastResponse
	}
	return nil
}

// judgeREST reads what WooCommerce answered. Without it a lost webhook is not noticed, and
// mails go out all the same.
func judgeREST(address string, res *http.Response, body []byte) finding {
	var orders []json.RawMessage
	switch status := res.StatusCode; {
	case status == http.StatusOK && json.Unmarshal(body, &orders) == nil:
		return fine("the key may read the orders of %s", address)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return bad("%s refuses the key: %d", address, status).
			advise("WooCommerce → Settings → Advanced → REST API: a key with Read for a user who may see orders. A server that drops the header Authorization, or a firewall, looks the same")
	case status >= 300 && status < 400:
		to, _ := res.Location()
		return bad("%s leads elsewhere: %s", address, place(to)).advise("set woocommerce.url to the shop's own address, as WordPress names its home")
	case status == http.StatusNotFound, status == http.StatusOK:
		return bad("there is no REST API at %s", address).
			advise("is woocommerce.url what WordPress names its home? Settings → Permalinks has to be anything but “Plain”")
	}
	return doubt("not known: %s answered %d", address, res.StatusCode)
}

// place is where an address leads, without what it may carry.
func place(u *url.URL) string {
	if u == nil {
		return "nowhere"
	}
	return u.Scheme + "://" + u.Host + u.Path
}
