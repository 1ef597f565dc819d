package recovery

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// landing is the address that the link of c's reminder leads to: the checkout's own or
// else the store's cart, with where the shopper comes from and the reminder's coupon.
func (s *Store) landing(c *Checkout, id ReminderID) string {
	u, err := url.Parse(s.address(c.RecoverURL))
	if err != nil || u.Host == "" {
		return ""
	}
	set := []parameter{
		{"utm_source", "comeback"},
		{"utm_medium", "email"},
		{"utm_campaign", "abandoned_checkout"},
		{"utm_content", fmt.Sprintf("reminder-%d", id.Step+1)},
	}
	if coupon := c.Reminders[id].Coupon; coupon != "" {
		set = append(set, parameter{s.couponParameter(c), coupon})
	}
	u.RawQuery = withParameters(u.RawQuery, set)
	return u.String()
}

// couponParameter is what the checkout's shop calls a coupon in its addresses.
func (s *Store) couponParameter(c *Checkout) string {
	if c.Platform == Shopify || c.Platform == "" && s.Platform == Shopify {
		return "discount"
	}
	return "coupon"
}

// address is u if it leads to one of the hosts that the store allows today, or else the
// store's cart or the store; "" if it has neither.
func (s *Store) address(u string) string {
	if s.leadsTo(u) {
		return u
	}
	for _, own := range []string{s.CartURL, s.URL} {
		if isWeb(own) {
			return own
		}
	}
	return ""
}

func (s *Store) leadsTo(address string) bool {
	if !isWeb(address) || strings.ContainsAny(address, " \\\"<>") { // which browsers read in their own way
		return false
	}
	u, err := url.Parse(address)
	return err == nil && HostAllowed(s.LinkHosts, u.Hostname())
}

// isWeb says whether the address is of http or https, with a host and without a user.
func isWeb(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && u.User == nil && (u.Scheme == "https" || u.Scheme == "http")
}

type parameter struct{ name, value string }

// withParameters is the query with the parameters set. Others stay as they are written,
// in their order, but for what another campaign has left.
func withParameters(query string, set []parameter) string {
	parts := slices.DeleteFunc(strings.Split(query, "&"), func(part string) bool {
		name, _, _ := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		replaced := slices.ContainsFunc(set, func(p parameter) bool { return p.name == name })
		return part == "" || replaced || strings.HasPrefix(name, "utm_")
	})
	for _, p := range set {
		parts = append(parts, p.name+"="+url.QueryEscape(p.value))
	}
	return strings.Join(parts, "&")
}
