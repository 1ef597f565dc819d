package functions

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/comeback-checkout/comeback/internal/app"
	"github.com/comeback-checkout/comeback/internal/lenient"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// webhook is what a shop system told, once its signature has been verified. Its sender
// cannot mend anything: Shopify deletes a subscription whose deliveries fail, and
// WooCommerce disables a webhook. So whatever was understood and is not needed, and
// whatever was not understood, is answered 200; the log tells the two apart.
type webhook struct {
	*app.App
	store *recovery.Store
	topic string
	body  lenient.Object
	now   time.Time
}

// Why a webhook is ignored.
const (
	notJSON    = "not_json"
	noID       = "no_id"
	noEmail    = "no_email"
	noAmount   = "no_amount"
	otherTopic = "topic"
	noStatus   = "status"
	otherShop  = "shop"
	renewal    = "renewal"
)

// ignored answers a webhook that changes nothing. What its sender should not have sent so
// is logged as a warning.
func ignored(why string) response {
	res := response{status: http.StatusOK, body: outcomeBody{Outcome: "ignored", Reason: why}, outcome: "ignored", attrs: []any{"why", why}}
	switch why {
	case notJSON, noID, noAmount, otherShop:
		res.level = slog.LevelWarn
	}
	return res
}

// did answers a webhook that was taken.
func did(outcome string, attrs ...any) response {
	return response{status: http.StatusOK, body: outcomeBody{Outcome: outcome}, outcome: outcome, attrs: attrs}
}

// hear takes the webhook and marks that its sender was heard of.
func (w webhook) hear(ctx context.Context, r *request, take func(context.Context, webhook) (response, error)) (res response, err error) {
	err = w.Service.Hear(ctx, r.source(), func() error {
		res, err = take(ctx, w)
		return err
	})
	if err != nil { // it did not do what it says
		res = response{}
	}
	res.attrs = append([]any{"topic", w.topic}, res.attrs...)
	return res, err
}

// editedAfter is from when on it is no shopper who changes a checkout that was never paid:
// merchants and apps edit old ones, many at a time, and it was left when it was made.
const editedAfter = 30 * 24 * time.Hour

// itemsBytes bounds the texts of a checkout's items together: a document of Firestore holds
// 1 MiB, and what is added later, such as its order, must always fit in.
const itemsBytes = 512 << 10

// fitting are the first of the items, as many as fit into a document, and how many do not.
func fitting(items []recovery.Item) (kept []recovery.Item, cut int) {
	left := itemsBytes
	for i, it := range items {
		left -= len(it.ID) + len(it.Title) + len(it.Variant) + len(it.ImageURL) + len(it.URL)
		if left < 0 {
			return items[:i], len(items) - i
		}
	}
	return items, 0
}

// recordCheckout records the news, of which cut items were left out.
func (w webhook) recordCheckout(ctx context.Context, n recovery.News, cut int) (response, error) {
	items, more := fitting(n.Items.Value)
	n.Items.Value, cut = items, cut+more
	c, effect, err := w.Service.RecordCheckout(ctx, w.store.ID, n)
	if err != nil {
		return response{}, err
	}
	res := did(effectWord(effect), "checkout", c.Key, "generation", c.Generation)
	if cut > 0 {
		res.attrs, res.level = append(res.attrs, "cut", cut), slog.LevelWarn
	}
	return res, nil
}

// effectWord is the outcome of news.
func effectWord(e recovery.Effect) string {
	switch e {
	case recovery.Created:
		return "created"
	case recovery.Updated:
		return "updated"
	case recovery.Restarted:
		return "restarted"
	}
	return "known"
}

// recordOrder records an order, with what was taken back of it.
func (w webhook) recordOrder(ctx context.Context, n recovery.OrderNews) (response, error) {
	key := recovery.OrderKey(w.store.ID, n.OrderID)
	result, err := w.Service.RecordOrder(ctx, w.store.ID, n)
	if refunds := len(n.Refunds); refunds > 0 {
		return did("reversed", "order", key, "refunds", refunds), err
	}
	return did("recorded", "order", key, "matched", len(result.Matched)), err
}
