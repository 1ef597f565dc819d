package firestoredb

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

func toCheckoutDoc(c *recovery.Checkout) checkoutDoc {
	d := checkoutDoc{
		V: version, ID: c.ID, Email: c.Email, Shopper: c.ShopperKey, CartID: c.CartID, Cart: c.CartKey,
		CustomerID: c.Customer.ID, Customer: c.CustomerKey, FirstName: c.Customer.FirstName, LastName: c.Customer.LastName,
		Locale: c.Locale, TimeZone: c.TimeZone, AcceptsMarketing: c.AcceptsMarketing, Total: toMoney(c.Total),
		Emptied: c.Emptied, RecoverURL: c.RecoverURL, Test: c.Test, Platform: string(c.Platform), T: c.T, Recorded: c.Recorded, News: c.News, Failed: c.Failed, URLGone: c.URLGone, Since: c.Since, Used: c.Used, Former: c.FormerKey, Moved: c.Moved, Generation: c.Generation,
		Status: string(c.Status), Left: c.Left, CheckAt: c.CheckAt, Shard: recovery.ShardOf(c.Key, recovery.Shards), ExpiresAt: c.ExpiresAt,
		Reminders: map[string]reminderDoc{}, LastSent: map[string]time.Time{},
	}
	for _, it := range c.Items {
		d.Items = append(d.Items, itemDoc{
			ID: it.ID, Title: it.Title, Variant: it.Variant, Quantity: it.Quantity, Price: toMoney(it.Price),
			ImageURL: it.ImageURL, URL: it.URL,
		})
	}
	if g := c.Consent; g != nil {
		d.Consent = &consentDoc{Wording: g.Wording, At: g.At}
	}
	for _, l := range c.Clicks {
		d.Clicks = append(d.Clicks, clickDoc{At: l.At, Reminder: l.Reminder.String()})
	}
	if o := c.Order; o != nil {
		d.Order = &orderRefDoc{Key: o.Key, At: o.At, By: string(o.By)}
	}
	for id, r := range c.Reminders {
		d.Reminders[id.String()] = reminderDoc{
			DueAt: r.Due, After: int64(r.After / time.Second), Template: r.Template, Coupon: r.Coupon,
			State: string(r.State), Reason: string(r.Reason), Attempt: r.Attempt, ClaimedUntil: r.ClaimedUntil,
			Resent: r.Resent, LastError: r.LastError, Message: r.Message, SentAt: r.SentAt, Sweeps: r.Sweeps,
			Clicks: r.Clicks, Erased: r.Erased, Opening: r.Opening, Look: r.Look,
		}
	}
	for step, at := range c.LastSent {
		d.LastSent[strconv.Itoa(step)] = at
	}
	return d
}

func (d *checkoutDoc) checkout(store, key string, updated time.Time) (*recovery.Checkout, error) {
	c := &recovery.Checkout{
		Store: store, Key: key, ID: d.ID, Email: d.Email, ShopperKey: d.Shopper, CartID: d.CartID, CartKey: d.Cart,
		Customer: recovery.Customer{ID: d.CustomerID, FirstName: d.FirstName, LastName: d.LastName}, CustomerKey: d.Customer,
		Locale: d.Locale, TimeZone: d.TimeZone, AcceptsMarketing: d.AcceptsMarketing, Total: d.Total.money(),
		Emptied: d.Emptied, RecoverURL: d.RecoverURL, Test: d.Test, Platform: recovery.Platform(d.Platform), T: utc(d.T), Recorded: utc(d.Recorded), News: utc(d.News), Failed: utc(d.Failed), URLGone: utc(d.URLGone), Since: utc(d.Since), Used: utc(d.Used), FormerKey: d.Former, Moved: utc(d.Moved), Generation: d.Generation,
		Status: recovery.Status(d.Status), Left: d.Left, CheckAt: utc(d.CheckAt), ExpiresAt: utc(d.ExpiresAt), Version: updated,
	}
	for _, it := range d.Items {
		c.Items = append(c.Items, recovery.Item{
			ID: it.ID, Title: it.Title, Variant: it.Variant, Quantity: it.Quantity, Price: it.Price.money(),
			ImageURL: it.ImageURL, URL: it.URL,
		})
	}
	if o := d.Order; o != nil {
		c.Order = &recovery.OrderRef{Key: o.Key, At: utc(o.At), By: recovery.JoinedBy(o.By)}
	}
	if g := d.Consent; g != nil {
		c.Consent = &recovery.Consented{Wording: g.Wording, At: utc(g.At)}
	}
	clicks := d.Clicks
	if len(clicks) == 0 && d.LastClick != nil {
		clicks = []clickDoc{*d.LastClick}
	}
	for _, l := range clicks {
		id, err := recovery.ParseReminderID(l.Reminder)
		if err != nil {
			return nil, fmt.Errorf("checkout %s: click: %w", key, err)
		}
		c.Clicks = append(c.Clicks, recovery.Click{At: utc(l.At), Reminder: id})
	}
	if err := d.reminders(c); err != nil {
		return nil, fmt.Errorf("checkout %s: %w", key, err)
	}
	return c, nil
}

func (d *checkoutDoc) reminders(c *recovery.Checkout) error {
	c.Reminders = make(map[recovery.ReminderID]recovery.Reminder, len(d.Reminders))
	for name, r := range d.Reminders {
		id, err := recovery.ParseReminderID(name)
		if err != nil {
			return err
		}
		c.Reminders[id] = recovery.Reminder{
			Due: utc(r.DueAt), After: time.Duration(r.After) * time.Second, Template: r.Template, Coupon: r.Coupon,
			State: recovery.State(r.State), Reason: recovery.Reason(r.Reason), Attempt: r.Attempt,
			ClaimedUntil: utc(r.ClaimedUntil), Resent: r.Resent, LastError: r.LastError, Message: r.Message,
			SentAt: utc(r.SentAt), Sweeps: r.Sweeps, Clicks: r.Clicks, Erased: r.Erased, Opening: utc(r.Opening), Look: utc(r.Look),
		}
	}
	if len(d.LastSent) > 0 {
		c.LastSent = make(map[int]time.Time, len(d.LastSent))
	}
	for name, at := range d.LastSent {
		step, err := strconv.Atoi(name)
		if err != nil {
			return fmt.Errorf("last_sent: step %q: %w", name, err)
		}
		c.LastSent[step] = utc(at)
	}
	return nil
}

func (d *shopperDoc) shopper() (recovery.Shopper, error) {
	s := recovery.Shopper{
		LastOrder: fromMicros(d.LastOrder), NewestT: fromMicros(d.NewestT),
		ConsentGiven: fromMicros(d.Given), ConsentRefused: fromMicros(d.Refused),
	}
	for _, m := range d.Messages {
		id, err := recovery.ParseReminderID(m.Reminder)
		if err != nil {
			return s, err
		}
		s.Messages = append(s.Messages, recovery.MessageMark{Checkout: m.Checkout, Reminder: id, At: utc(m.At)})
	}
	return s, nil
}

func toOrderDoc(o *recovery.Order) orderDoc {
	d := orderDoc{
		V: version, ID: o.ID, Checkout: o.Checkout, Shopper: o.Shopper, Cart: o.Cart, Customer: o.CustomerKey, Total: toMoney(o.Total),
		PlacedAt: o.PlacedAt, News: o.News, Erased: o.Erased, Matched: o.Matched, AttributionKind: string(o.Attribution.Kind),
		AttributionCheckout: o.Attribution.Checkout, Test: o.Test, Refunds: map[string]refundDoc{}, ExpiresAt: o.ExpiresAt,
	}
	if o.Attribution.Checkout != "" {
		d.AttributionReminder = o.Attribution.Reminder.String()
	}
	for id, r := range o.Refunds {
		d.Refunds[refundName(id)] = refundDoc{Total: toMoney(r.Total), At: r.At}
	}
	return d
}

// refundName names a refund in a map, whose names may not be empty.
func refundName(id string) string { return "_" + id }

func (d *orderDoc) order(store, key string, updated time.Time) (*recovery.Order, error) {
	o := &recovery.Order{
		Store: store, Key: key, ID: d.ID, Checkout: d.Checkout, Shopper: d.Shopper, Cart: d.Cart, CustomerKey: d.Customer, Total: d.Total.money(),
		PlacedAt: utc(d.PlacedAt), News: utc(d.News), Erased: d.Erased, Matched: d.Matched,
		Attribution: recovery.Attribution{Kind: recovery.AttributionKind(d.AttributionKind), Checkout: d.AttributionCheckout},
		Test:        d.Test, ExpiresAt: utc(d.ExpiresAt), Version: updated,
	}
	if d.AttributionReminder != "" {
		id, err := recovery.ParseReminderID(d.AttributionReminder)
		if err != nil {
			return nil, fmt.Errorf("order %s: attribution: %w", key, err)
		}
		o.Attribution.Reminder = id
	}
	for name, r := range d.Refunds {
		if o.Refunds == nil {
			o.Refunds = map[string]recovery.Refund{}
		}
		o.Refunds[strings.TrimPrefix(name, "_")] = recovery.Refund{Total: r.Total.money(), At: utc(r.At)}
	}
	return o, nil
}
