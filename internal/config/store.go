package config

import (
	"net"
	"regexp"
	"slices"
	"strings"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// store reads one store; nil if there is none at p.
func (l *loader) store(p place, id string) *Store {
	if _, err := storeID(id); err != nil {
		l.add(p.path, quote(id), err.Error())
	}
	o, ok := p.object()
	if !ok {
		if !p.given() {
			p.fault("want a mapping with from and postal_address at least")
		}
		return nil
	}
	defer o.done()
	s := &Store{Store: recovery.Store{ID: id}}
	l.identity(o, s)
	l.platforms(o, s)
	s.Platform = s.platform()
	s.links(o)
	l.schedule(o, s)
	l.rules(o, s)
	l.keys(o, s)
	return s
}

// identity reads who the store is to its shoppers.
func (l *loader) identity(o *object, s *Store) {
	from, postal := o.get("from"), o.get("postal_address")
	if !from.given() {
		from.fault("want the sender, like {name: Northwind, email: shop@northwind.example.com}, verified with SendGrid")
	}
	if !postal.given() {
		postal.fault("want the postal address that the law asks for at the end of each mail")
	}
	s.From = sender(from, recovery.Address{})
	s.PostalAddress = scalar(postal, "", lines(500))
	s.URL = scalar(o.get("url"), "", webURL)
	s.Name = scalar(o.get("name"), s.From.Name, line(100))
	if s.Name == "" {
		s.Name = or(host(s.URL), s.ID)
	}
	s.From.Name = or(s.From.Name, s.Name)
	s.ReplyTo = scalar(o.get("reply_to"), "", emailAddress)
	s.Locale = scalar(o.get("locale"), "en", localeTag)
	s.OrderFrom = sender(o.get("order_from"), s.From)
	if p := o.get("order_confirmation"); p.boolean() {
		p.fault("want false: confirmations are not available yet")
	}
}

// sender reads {name, email}; fallback if neither is given.
func sender(p place, fallback recovery.Address) recovery.Address {
	o, ok := p.object()
	if !ok || len(o.names) == 0 && fallback.Email != "" {
		return fallback
	}
	defer o.done()
	a := recovery.Address{
		Name:  scalar(o.get("name"), fallback.Name, line(100)),
		Email: scalar(required(o.get("email"), emailAddress), "", emailAddress),
	}
	return a
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

var shopDomain = matching(regexp.MustCompile(`^[a-z0-9][a-z0-9-]*\.myshopify\.com$`), "want the shop's permanent domain, such as northwind.myshopify.com")

// platforms reads the shop systems that report by webhook.
func (l *loader) platforms(o *object, s *Store) {
	if sh, ok := o.secret("shopify").object(); ok {
		p := sh.plain("shop")
		s.Shopify = &Shopify{
			Shop:    scalar(required(p, shopDomain), "", shopDomain),
			Secrets: l.secrets(sh.secret("secrets"), keyShopifySecrets, "SHOPIFY_SECRET", 2),
		}
		sh.done()
	}
	if w, ok := o.secret("woocommerce").object(); ok {
		p := w.plain("url")
		s.WooCommerce = &WooCommerce{
			URL:     scalar(required(p, webURL), "", webURL),
			Secrets: l.secrets(w.secret("secrets"), keyWooSecrets, "WOOCOMMERCE_SECRET", 2),
		}
		if rest, ok := w.secret("rest").object(); ok {
			s.WooCommerce.RESTKey = l.secret(rest.secret("key"), keyWooRESTKey, "")
			s.WooCommerce.RESTSecret = l.secret(rest.secret("secret"), keyWooRESTSecret, "")
			if s.WooCommerce.URL != "" && !keepsSecrets(s.WooCommerce.URL) {
				p.fault("want an https URL beside rest, since its key goes there")
			}
			rest.done()
		}
		w.done()
	}
}

// keepsSecrets says whether nobody on the way reads what goes to the URL.
func keepsSecrets(checked string) bool {
	h := host(checked)
	ip := net.ParseIP(h)
	return strings.HasPrefix(strings.ToLower(checked), "https://") || h == "localhost" || ip != nil && ip.IsLoopback()
}

// platform is the shop system that the store is on.
func (s *Store) platform() recovery.Platform {
	switch {
	case s.Shopify != nil:
		return recovery.Shopify
	case s.WooCommerce != nil:
		return recovery.WooCommerce
	}
	return ""
}

// links reads where mails lead to. A store without any URL has no hosts, and so
// accepts no recovery URL: no link may lead to a host that the store did not name.
func (s *Store) links(o *object) {
	switch {
	case s.URL != "":
	case s.WooCommerce != nil:
		s.URL = s.WooCommerce.URL
	case s.Shopify != nil:
		s.URL = "https://" + s.Shopify.Shop
	}
	s.CartURL = scalar(o.get("cart_url"), s.URL, webURL)
	s.LinkHosts = []string{}
	if p := o.get("link_hosts"); p.given() {
		for _, item := range p.list(1, 50) {
			s.LinkHosts = append(s.LinkHosts, scalar(required(item, hostPattern), "", hostPattern))
		}
		return
	}
	for _, u := range []string{s.URL, s.CartURL} {
		s.addHost(host(u))
	}
	if s.Shopify != nil {
		s.addHost(s.Shopify.Shop)
	}
	if s.WooCommerce != nil {
		s.addHost(host(s.WooCommerce.URL))
	}
}

func (s *Store) addHost(h string) {
	if h != "" && !slices.Contains(s.LinkHosts, h) {
		s.LinkHosts = append(s.LinkHosts, h)
	}
}
