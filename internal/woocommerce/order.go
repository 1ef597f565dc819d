// Package woocommerce reads WooCommerce's orders, which its webhooks bring and its REST
// API tells of when it is asked.
package woocommerce

import (
	"strings"
	"time"

	"github.com/comeback-checkout/comeback/internal/address"
	"github.com/comeback-checkout/comeback/internal/lenient"
	"github.com/comeback-checkout/comeback/internal/money"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Limits on text, in characters, and on lists.
const (
	maxID      = 200
	maxShort   = 100
	maxTitle   = 500
	maxRefunds = 250
	maxMeta    = 10_000
)

// Order is an order in the form of REST version 3, as far as it could be read. Before
// it is paid it is the nearest thing that WooCommerce has to a checkout.
type Order struct {
	lenient.Object
	ID       string
	Status   string // without the "wc-" that some plugins leave before it
	Currency string // "" if not known
	Total    *recovery.Money
	// Zero where not told. Paid is that of the payment.
	Created, Modified, Paid time.Time
	// Refunds are by WooCommerce's IDs, and by recovery.Cancelled if it is no order any more,
	// or none yet. AllRefunds says that each could be read, so that one which is missing was
	// deleted.
	Refunds    map[string]recovery.Refund
	AllRefunds bool
}

// ParseOrder reads an order, of a shop in the zone. It reports whether it is one: an
// object with an ID.
func ParseOrder(text []byte, zone *time.Location) (Order, bool) {
	fields, ok := lenient.Parse(text)
	o := Order{Object: fields, ID: fields.ID("id")}
	if !ok || o.ID == "" || len(o.ID) > maxID {
		return Order{}, false
	}
	o.Status = strings.TrimPrefix(strings.ToLower(fields.Text("status", maxShort)), "wc-")
	if c := strings.ToUpper(fields.Text("currency", maxShort)); money.Known(c) {
		o.Currency = c
	}
	o.Total = o.amount(fields.Decimal("total"))
	o.Created = o.instant("date_created", zone)
	o.Modified = o.instant("date_modified", zone)
	o.Paid = o.instant("date_paid", zone)
	o.Refunds, o.AllRefunds = o.refunds()
	return o, true
}

// instant is that of the field's "_gmt" form, which does not tell its zone, or else of
// the field in the shop's.
func (o Order) instant(name string, zone *time.Location) time.Time {
	if t := o.Instant(name+"_gmt", time.UTC); !t.IsZero() {
		return t
	}
	return o.Instant(name, zone)
}

// amount is a decimal number in the order's currency; nil where it is none, or negative.
func (o Order) amount(number string) *recovery.Money {
	m, err := money.Nearest(number, o.Currency)
	if err != nil {
		return nil
	}
	return &m
}

func (o Order) refunds() (refunds map[string]recovery.Refund, all bool) {
	refunds = map[string]recovery.Refund{}
	list, more, all := o.List("refunds", maxRefunds)
	for _, r := range list {
		// What was given back is written as a negative total.
		total := o.amount(strings.TrimPrefix(r.Decimal("total"), "-"))
		if id := r.ID("id"); id != "" && total != nil {
			refunds[id] = recovery.Refund{Total: total}
		} else {
			all = false
		}
	}
	if o.takenBack() {
		refunds[recovery.Cancelled] = recovery.Refund{At: o.Modified}
	}
	return refunds, all && more == 0
}

// Kind says what an order's status makes it.
type Kind int

// The kinds of orders.
const (
	Nothing   Kind = iota // of no concern: in the bin, or not made yet
	Checkout              // not paid yet
	Placed                // bought, whatever became of it later
	Cancelled             // bought, and cancelled
	Expired               // cancelled without a payment: WooCommerce does that after an hour
	Own                   // of a status of the shop's own, and not paid, such as a quote
)

// Kind is what the order is. A status that is not paid for, or of the shop's own, says less
// than a payment does.
func (o Order) Kind() Kind {
	switch o.Status {
	case "processing", "completed", "on-hold", "refunded":
		return Placed
	case "cancelled", "canceled":
		if o.Paid.IsZero() {
			return Expired
		}
		return Cancelled
	case "failed":
		return Checkout
	case "trash", "auto-draft", "draft":
		return Nothing
	}
	switch {
	case !o.Paid.IsZero():
		return Placed
	case o.Status == "pending", o.Status == "checkout-draft":
		return Checkout
	case o.Status == "":
		return Nothing
	}
	return Own
}

// Trashed says whether the order is in the shop's bin: nobody can pay it.
func (o Order) Trashed() bool { return o.Status == "trash" }

// Email is the shopper's address; "" if there is none that can be used.
func (o Order) Email() string { return address.Find(o.Sub("billing").Text("email", maxTitle)) }

// News is what the order tells of itself as a placed one. It was placed when it was paid:
// it may have been created days before, as a checkout. One that is paid later, such as by
// bank transfer, was when it became one, which is its newest change when it is first told.
func (o Order) News() recovery.OrderNews {
	n := recovery.OrderNews{
		OrderID: o.ID, CheckoutID: o.ID, Email: o.Email(), Total: o.Total,
		PlacedAt: o.Paid, UpdatedAt: o.Modified, Refunds: o.Refunds, AllRefunds: o.AllRefunds, Standing: o.standing(),
	}
	for _, t := range []time.Time{o.Modified, o.Created} {
		if n.PlacedAt.IsZero() {
			n.PlacedAt = t
		}
	}
	return n
}

func (o Order) takenBack() bool { return o.Kind() != Placed || o.Status == "refunded" }

func (o Order) standing() recovery.Standing {
	switch {
	case o.takenBack():
		return recovery.StandingNotTold
	case o.Paid.IsZero():
		return recovery.Awaited
	}
	return recovery.Stands
}
