package functions

import (
	"context"
	"net/http"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// shopifyDataRequest tells a person that a shopper asks what is kept. The merchant, whom
// Shopify tells who it is, exports it.
func shopifyDataRequest(ctx context.Context, w webhook) (response, error) {
	request := usableID(w.body.Sub("data_request"), "id")
	w.Log.WarnContext(ctx, "a shopper asks what is kept: answer by /privacy/export", "store", w.store.ID, "request", request)
	return did("asked"), nil
}

// shopifyCustomerRedact erases a customer, by address and ID, and the orders that Shopify
// names.
func shopifyCustomerRedact(ctx context.Context, w webhook) (response, error) {
	if w.body.Has("data_request") { // another topic's body
		return ignored(otherTopic), nil
	}
	customer := w.body.Sub("customer")
	e := recovery.Erasure{OrderIDs: w.body.IDs("orders_to_redact", maxRedacted)}
	if email := usableEmail(emailOf(customer, "email")); email != "" {
		e.Emails = []string{email}
	}
	if id := usableID(customer, "id"); id != "" {
		e.CustomerIDs = []string{id}
	}
	if len(e.Emails)+len(e.CustomerIDs)+len(e.OrderIDs) == 0 {
		return ignored(noID), nil
	}
	result, err := w.Service.EraseShopper(ctx, w.store.ID, e)
	return did("erased", "checkouts", result.Checkouts, "orders", result.Orders, "messages", result.Messages), err
}

// maxRedacted bounds the orders of one shopper.
const maxRedacted = 10_000

// shopifyShopRedact erases a whole store, 48 hours after the app was taken out. It takes
// as many deliveries as it needs.
func shopifyShopRedact(ctx context.Context, w webhook) (response, error) {
	if w.body.Has("customer") { // another topic's body
		return ignored(otherTopic), nil
	}
	done, err := w.Service.EraseStore(ctx, w.store.ID)
	if err == nil && !done {
		err = &requestError{status: http.StatusServiceUnavailable, code: "unavailable", message: "not all is erased yet; send it again", retryAfter: defaultRetryAfter}
	}
	return did("erased"), err
}
