package functions

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/comeback-checkout/comeback/internal/app"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// checkout is POST /checkout: it records a checkout and enqueues its reminders.
func checkout(ctx context.Context, a *app.App, r *request) (response, error) {
	o, st, err := storefront(a, r)
	if err != nil {
		return response{}, err
	}
	n := readCheckout(o, st, recovery.Instant(a.Service.Clock.Now()), isLegacy(r))
	if *o.err != nil {
		return response{}, *o.err
	}
	if n.CheckoutID == "" {
		n.CheckoutID = deriveID(r.Header.Get("Idempotency-Key"), n.CartID.Value, a.Service.NewID)
	}
	var c *recovery.Checkout
	var effect recovery.Effect
	err = a.Service.Hear(ctx, r.source(), func() (err error) {
		c, effect, err = a.Service.RecordCheckout(ctx, st.ID, n)
		return err
	})
	if err != nil {
		return response{}, err
	}
	status := http.StatusOK
	if effect == recovery.Created {
		status = http.StatusCreated
	}
	body := checkoutAnswer(c)
	body.CheckoutID = n.CheckoutID // of an erased one no ID is kept
	if isLegacy(r) {               // the replaced system calls a checkout's ID its order's
		body.OrderID = n.CheckoutID
	}
	return response{status: status, body: body, outcome: effectWord(effect), attrs: []any{"checkout", c.Key, "generation", c.Generation}}, nil
}

// source is the storefront as a caller of this function, whose store is known.
func (r *request) source() recovery.Source {
	return recovery.Source{Store: r.store, Name: r.function}
}

// storefront reads the body of a storefront's call and finds the store that its key
// speaks for.
func storefront(a *app.App, r *request) (object, *recovery.Store, error) {
	var first error
	stores, err := a.Keys.Stores(r.auth)
	if err != nil {
		return object{}, nil, err
	}
	if len(stores) == 1 {
		r.store = stores[0]
	}
	body, err := r.body()
	if err != nil {
		return object{}, nil, err
	}
	o := parseObject(body, &first)
	named := o.text("store", maxID).Value
	switch {
	case first != nil:
		return o, nil, first
	case named != "" && !slices.Contains(stores, named):
		return o, nil, &requestError{status: http.StatusForbidden, code: "forbidden", message: "the API key is another store's", field: "store"}
	case named == "" && len(stores) > 1 && !slices.Contains(stores, "default"):
		return o, nil, invalid("store", "the API key is shared by several stores: want one of %s", strings.Join(stores, ", "))
	case named == "" && len(stores) > 1:
		named = "default"
	case named == "":
		named = stores[0]
	}
	o.err = new(error)
	r.store = named
	return o, a.Service.Stores[named], nil
}

// isLegacy says whether a client of the replaced system calls.
func isLegacy(r *request) bool {
	path := strings.TrimSuffix(r.URL.Path, "/")
	return strings.HasSuffix(path, "/api/checkout") || strings.HasSuffix(path, "/api/order")
}

func readCheckout(o object, st *recovery.Store, now time.Time, legacy bool) recovery.News {
	currency := o.currency("currency")
	n := recovery.News{
		CheckoutID:       o.text("checkout_id", maxID).Value,
		Email:            o.email(emailField(legacy), true),
		CartID:           o.text("cart_id", maxID),
		Locale:           o.locale("locale"),
		TimeZone:         o.timezone("timezone"),
		AcceptsMarketing: o.boolean("accepts_marketing"),
		Total:            o.amount("total", currency),
		Items:            readItems(o, st, currency),
		Consent:          readConsent(o, now),
		RecoverURL:       o.link("recover_url", false, st.LinkHosts),
		AbandonedAt:      o.pastInstant("abandoned_at", now),
		UpdatedAt:        o.pastInstant("updated_at", now),
	}
	if test := o.boolean("test").Value; test != nil {
		n.Test = *test
	}
	customer, given, null := o.sub("customer")
	n.CustomerID = customer.text("id", maxID)
	n.FirstName = customer.text("first_name", maxName)
	n.LastName = customer.text("last_name", maxName)
	if given && null { // all of it is cleared
		n.CustomerID.Given, n.FirstName.Given, n.LastName.Given = true, true, true
	}
	return n
}

// readConsent reads what the shopper agreed to, and when.
func readConsent(o object, now time.Time) recovery.Field[*recovery.Consented] {
	consent, given, null := o.sub("consent")
	if !given || null {
		return recovery.Field[*recovery.Consented]{Given: given}
	}
	return recovery.Given(&recovery.Consented{Wording: consent.text("wording", maxURL).Value, At: consent.pastInstant("at", now)})
}

func emailField(legacy bool) string {
	if legacy {
		return "email_id"
	}
	return "email"
}

func readItems(o object, st *recovery.Store, currency string) recovery.Field[[]recovery.Item] {
	list, given := o.list("items", maxItems)
	f := recovery.Field[[]recovery.Item]{Given: given}
	for _, e := range list {
		f.Value = append(f.Value, recovery.Item{
			ID:       e.text("id", maxID).Value,
			Title:    e.text("title", maxTitle).Value,
			Variant:  e.text("variant", maxTitle).Value,
			Quantity: e.integer("quantity", 1, maxCount, 1),
			Price:    e.amount("price", currency).Value,
			ImageURL: e.link("image_url", true, nil).Value,
			URL:      e.link("url", false, st.LinkHosts).Value,
		})
	}
	return f
}

// deriveID makes an ID for a checkout that came without: the same for the same
// Idempotency-Key or cart, else a new one.
func deriveID(idempotencyKey, cartID string, newID func() string) string {
	switch {
	case idempotencyKey != "":
		return "key_" + digest(idempotencyKey)
	case cartID != "":
		return "cart_" + digest(cartID)
	}
	return "chk_" + newID()
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
}

type checkoutBody struct {
	CheckoutID string         `json:"checkout_id"`
	OrderID    string         `json:"order_id,omitempty"`
	Store      string         `json:"store"`
	Generation int            `json:"generation"`
	Status     string         `json:"status"`
	Reminders  []reminderBody `json:"reminders"`
}

type reminderBody struct {
	Step   int       `json:"step"`
	DueAt  time.Time `json:"due_at"`
	State  string    `json:"state"`
	Reason *string   `json:"reason"` // null unless skipped or failed
}

func checkoutAnswer(c *recovery.Checkout) checkoutBody {
	body := checkoutBody{CheckoutID: c.ID, Store: c.Store, Generation: c.Generation, Status: string(c.Status), Reminders: []reminderBody{}}
	for _, id := range c.Current() {
		r := c.Reminders[id]
		b := reminderBody{Step: id.Step, DueAt: r.Due, State: string(r.State)}
		if r.Reason != "" {
			reason := string(r.Reason)
			b.Reason = &reason
		}
		body.Reminders = append(body.Reminders, b)
	}
	return body
}
