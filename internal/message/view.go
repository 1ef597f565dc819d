package message

import (
	"math"
	"strings"
	"unicode"

	"github.com/comeback-checkout/comeback/internal/money"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// maxItems is how many items are listed; Gmail cuts off mails of 102 KB.
const maxItems = 20

// view is what the templates show: finished phrases and clean text. What is empty
// is left out.
type view struct {
	Lang, Dir                                 string
	Subject, Preheader, Title, Greeting, Text string
	Items                                     []itemView
	More                                      string // of the items that are not listed
	TotalLabel, Total                         string
	CouponLabel, Coupon                       string
	Button, Link                              string
	Shop, ShopURL, PostalAddress              string
	Reason                                    string
	Unsubscribe, UnsubscribeLink              string // the link is "" until there is a way to unsubscribe
}

// itemView is one listed item.
type itemView struct{ Title, Variant, Quantity, Price, PictureURL, URL string }

func newView(s *recovery.Store, c *recovery.Checkout, w *words, template, coupon string, links recovery.Links) view {
	shop := clean(s.Name, maxShop)
	step := w.Steps[template]
	locale := c.Locale
	if locale == "" {
		locale = s.Locale
	}
	v := view{
		Lang:          w.lang,
		Dir:           w.Dir,
		Subject:       cut(withShop(step.Subject, shop), maxSubject),
		Preheader:     withShop(step.Preheader, shop),
		Title:         withShop(step.Title, shop),
		Greeting:      w.greeting(unlinked(clean(c.Customer.FirstName, maxName))),
		Text:          withShop(step.Text, shop),
		More:          w.more(len(c.Items) - maxItems),
		TotalLabel:    w.Total,
		CouponLabel:   w.Coupon,
		Coupon:        clean(coupon, maxCoupon),
		Button:        w.Button,
		Link:          firstURL(links.Recover, c.RecoverURL, s.CartURL, s.URL),
		Shop:          shop,
		ShopURL:       webURL(s.URL),
		PostalAddress: clean(s.PostalAddress, maxAddress),
		Reason:        withShop(w.Reason, shop),
		Unsubscribe:   w.Unsubscribe, UnsubscribeLink: webURL(links.Unsubscribe),
	}
	for _, item := range c.Items[:min(len(c.Items), maxItems)] {
		if iv := newItemView(item, w, locale); iv.Title != "" { // without a name there is nothing to show
			v.Items = append(v.Items, iv)
		}
	}
	if c.Total != nil {
		v.Total = money.Format(*c.Total, locale)
	}
	return v
}

func newItemView(item recovery.Item, w *words, locale string) itemView {
	v := itemView{
		Title:      unlinked(clean(item.Title, maxTitle)),
		Variant:    unlinked(clean(item.Variant, maxVariant)),
		PictureURL: pictureURL(item.ImageURL),
		URL:        webURL(item.URL),
	}
	switch {
	case v.Title != "":
	case v.Variant != "":
		v.Title, v.Variant = v.Variant, ""
	case isName(item.ID):
		v.Title = unlinked(clean(item.ID, maxTitle))
	}
	if item.Quantity > 0 {
		v.Quantity = withNumber(w.Quantity, item.Quantity)
	}
	if item.Price == nil {
		return v
	}
	each := money.Format(*item.Price, locale)
	if v.Price = each; item.Quantity > 1 {
		v.Quantity += " × " + each
		v.Price = ""
		if all, ok := times(*item.Price, item.Quantity); ok {
			v.Price = money.Format(all, locale)
		}
	}
	return v
}

// isName says whether a shopper can make something of an ID, as of "mug-blue": shop systems
// count, or write addresses of their own.
func isName(id string) bool {
	return strings.ContainsFunc(id, unicode.IsLetter) && !strings.Contains(id, "://")
}

// times is the price of n pieces; not ok if it is beyond an int64.
func times(m recovery.Money, n int) (recovery.Money, bool) {
	if m.Minor < 0 || m.Minor > math.MaxInt64/int64(n) {
		return recovery.Money{}, false
	}
	m.Minor *= int64(n)
	return m, true
}
