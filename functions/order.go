package functions

import (
	"context"
	"net/http"

	"github.com/comeback-checkout/comeback/internal/app"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// order is POST /order: it records an order and ends its checkouts.
func order(ctx context.Context, a *app.App, r *request) (response, error) {
	o, st, err := storefront(a, r)
	if err != nil {
		return response{}, err
	}
	n := readOrder(o, isLegacy(r))
	if *o.err != nil {
		return response{}, *o.err
	}
	var result recovery.OrderResult
	err = a.Service.Hear(ctx, r.source(), func() (err error) {
		result, err = a.Service.RecordOrder(ctx, st.ID, n)
		return err
	})
	if err != nil {
		return response{}, err
	}
	return response{
		status: http.StatusOK,
		body: orderBody{
			OrderID: result.OrderID, Matched: result.Matched,
			Attribution: attribution(result.Order),
		},
		outcome: "recorded",
		attrs:   []any{"order", result.Order.Key, "matched", len(result.Matched)},
	}, nil
}

func readOrder(o object, legacy bool) recovery.OrderNews {
	currency := o.currency("currency")
	n := recovery.OrderNews{
		OrderID:    o.text("order_id", maxID).Value,
		CheckoutID: o.text("checkout_id", maxID).Value,
		CartID:     o.text("cart_id", maxID).Value,
		Email:      o.email(emailField(legacy), legacy),
		Total:      o.amount("total", currency).Value,
		PlacedAt:   o.instant("placed_at"),
	}
	if n.OrderID == "" {
		o.fault("order_id", "want the order's ID")
	}
	if legacy { // there, the order's ID is the one that the checkout's call returned
		n.CheckoutID = n.OrderID
	}
	if n.CheckoutID == "" && n.CartID == "" && n.Email == "" {
		o.fault("email", "want checkout_id, cart_id or email, so that the order's checkout can be found")
	}
	return n
}

type orderBody struct {
	OrderID     string          `json:"order_id"`
	Matched     []string        `json:"matched"`
	Attribution attributionBody `json:"attribution"`
}

func attribution(o *recovery.Order) attributionBody {
	body := attributionBody{Kind: string(o.Attribution.Kind)}
	if o.Attribution.Checkout != "" {
		body.Step = &o.Attribution.Reminder.Step
	}
	return body
}

// attributionBody says what brought the order; step is null unless a message did.
type attributionBody struct {
	Kind string `json:"kind"`
	Step *int   `json:"step"`
}
