package demo

import (
	"fmt"
	"strings"
	"time"
)

// checkout is the body of POST /checkout.
type checkout struct {
	ID          string     `json:"checkout_id"`
	Email       string     `json:"email"`
	CartID      string     `json:"cart_id,omitempty"`
	Customer    *customer  `json:"customer,omitempty"`
	Locale      string     `json:"locale"`
	TimeZone    string     `json:"timezone"`
	Marketing   *bool      `json:"accepts_marketing,omitempty"`
	Currency    string     `json:"currency"`
	Total       string     `json:"total"`
	Items       []item     `json:"items"`
	RecoverURL  string     `json:"recover_url"`
	AbandonedAt *time.Time `json:"abandoned_at,omitempty"`
	UpdatedAt   *time.Time `json:"updated_at,omitempty"`

	country country
	article string // stands in every mail for this checkout, and in no other's
}

type customer struct {
	ID        string `json:"id"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
}

type item struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Variant  string `json:"variant"`
	Quantity int    `json:"quantity"`
	Price    string `json:"price"`
	URL      string `json:"url"`

	minor int // the price
}

// t is the instant of abandonment by this news.
func (c *checkout) t() time.Time {
	if c.AbandonedAt != nil {
		return *c.AbandonedAt
	}
	return *c.UpdatedAt
}

// shopper is whom the checkout belongs to.
func (c *checkout) shopper() string { return strings.ToLower(c.Email) }

// order is the body of POST /order.
type order struct {
	ID         string     `json:"order_id"`
	CheckoutID string     `json:"checkout_id,omitempty"`
	CartID     string     `json:"cart_id,omitempty"`
	Email      string     `json:"email,omitempty"`
	Currency   string     `json:"currency"`
	Total      string     `json:"total"`
	PlacedAt   *time.Time `json:"placed_at,omitempty"`

	shopper string // who ordered, whatever the call tells of it
}

// country is where a shopper lives.
type country struct {
	locale, timezone, currency string
	decimals                   int // of the currency
	perEuro                    int // a rough price level, in whole units of the currency
	first, last                string
}

var countries = []country{
	{"en-GB", "Europe/London", "GBP", 2, 1, "Olivia", "Taylor"},
	{"de-DE", "Europe/Berlin", "EUR", 2, 1, "Jonas", "Weber"},
	{"pt-BR", "America/Sao_Paulo", "BRL", 2, 6, "Ana", "Lima"},
	{"fr-FR", "Europe/Paris", "EUR", 2, 1, "Chloé", "Moreau"},
	{"ja-JP", "Asia/Tokyo", "JPY", 0, 170, "葵", "佐藤"},
	{"en-US", "America/New_York", "USD", 2, 1, "Liam", "O'Brien"},
	{"nl-NL", "Europe/Amsterdam", "EUR", 2, 1, "Sanne", "de Vries"},
	{"es-MX", "America/Mexico_City", "MXN", 2, 20, "Lucía", "Ramírez"},
	{"it-IT", "Europe/Rome", "EUR", 2, 1, "Marco", "Conti"},
	{"ar-KW", "Asia/Kuwait", "KWD", 3, 1, "نور", "الصباح"},
}

var goods = []struct {
	title, variant string
	euros          int
}{
	{"Trail running shoes", "41 / Black", 129},
	{"Merino socks <3 pack>", "M", 24},
	{"Rain jacket \"Fjord\"", "L / Sea green", 189},
	{"Enamel mug & spoon", "White", 15},
	{"Two-person tent", "Sand", 349},
	{"Head torch", "300 lm", 45},
	{"Wool hat", "One size", 29},
}

type shopperCard struct {
	email    string
	customer *customer
	country  country
}

func (t *teller) newShopper() shopperCard {
	number := t.checkouts + 1
	c := countries[t.rng.IntN(len(countries))]
	s := shopperCard{email: fmt.Sprintf("shopper-%d.%s@example.net", number, t.run), country: c}
	if t.rng.IntN(3) == 0 {
		s.email = strings.Replace(s.email, "shopper", "Shopper", 1)
	}
	if t.rng.IntN(4) != 0 {
		s.customer = &customer{ID: fmt.Sprintf("cus_%d", number), FirstName: c.first, LastName: c.last}
	}
	return s
}

// again is the shopper of c.
func (t *teller) again(c *checkout) shopperCard { return shopperCard{c.Email, c.Customer, c.country} }

func (t *teller) newCheckout(s shopperCard, abandoned time.Time) *checkout {
	t.checkouts++
	id := fmt.Sprintf("chk_%s_%d", t.run, t.checkouts)
	c := &checkout{
		ID: id, Email: s.email, Customer: s.customer, Locale: s.country.locale, TimeZone: s.country.timezone,
		Currency: s.country.currency, RecoverURL: t.shop + "/checkouts/" + id + "/recover", AbandonedAt: &abandoned,
		country: s.country, article: fmt.Sprintf("art. %05d", t.checkouts),
	}
	if t.rng.IntN(2) == 0 {
		c.CartID = "cart_" + id
	}
	if yes := t.rng.IntN(2) == 0; t.rng.IntN(3) != 0 {
		c.Marketing = &yes
	}
	for _, i := range t.rng.Perm(len(goods))[:1+t.rng.IntN(3)] {
		t.put(c, i)
	}
	return c
}

// put adds a good to c's cart. The first one's variant carries the article number.
func (t *teller) put(c *checkout, i int) {
	g := goods[i]
	unit := pow10(c.country.decimals)
	it := item{
		ID: fmt.Sprintf("sku-%d", 100+i), Title: g.title, Variant: g.variant, Quantity: 1 + t.rng.IntN(3),
		URL: fmt.Sprintf("%s/p/%d", t.shop, 100+i), minor: g.euros*c.country.perEuro*unit - unit/10, // 128.90
	}
	if len(c.Items) == 0 {
		it.Variant += ", " + c.article
	}
	it.Price = amount(it.minor, c.country.decimals)
	c.Items = append(c.Items, it)
	total := 0
	for _, it := range c.Items {
		total += it.minor * it.Quantity
	}
	c.Total = amount(total, c.country.decimals)
}

// changed is later news of c, with more in the cart. Half of it tells anew when the
// checkout was left; where it does not, the news' own instant counts.
func (t *teller) changed(c *checkout, at time.Time) *checkout {
	d := *c
	d.Items = append([]item(nil), c.Items...)
	t.put(&d, t.rng.IntN(len(goods)))
	d.AbandonedAt, d.UpdatedAt = nil, &at
	if t.rng.IntN(2) == 0 {
		d.AbandonedAt = &at
	}
	return &d
}

// newOrder is an order of c that names all that c has.
func (t *teller) newOrder(c *checkout, placed time.Time) *order {
	t.orders++
	return &order{
		ID: fmt.Sprintf("ord_%s_%d", t.run, t.orders), CheckoutID: c.ID, CartID: c.CartID, Email: c.Email,
		Currency: c.Currency, Total: c.Total, PlacedAt: &placed, shopper: c.shopper(),
	}
}

func amount(minor, decimals int) string {
	if decimals == 0 {
		return fmt.Sprint(minor)
	}
	unit := pow10(decimals)
	return fmt.Sprintf("%d.%0*d", minor/unit, decimals, minor%unit)
}

func pow10(n int) int {
	p := 1
	for range n {
		p *= 10
	}
	return p
}
