package simulation

import (
	"context"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/woocommerce"
)

// orderSource is the product's own question, to a shop that answers it in this history.
func (w *world) orderSource() recovery.OrderSource {
	shop := must(woocommerce.New(wooAddress, "ck_key", "cs_secret", time.UTC))
	shop.Transport(rest{w})
	if f := w.hooks.Orders; f != nil {
		return f(shop)
	}
	return shop
}

// question is one that a run asked the shop about an order.
type question struct {
	dispatch *dispatch
	told     *change // what was answered, in time and in full; nil: nothing that can be read
}

// rest is the REST API of the shop: it tells how the order stands, or fails.
type rest struct{ w *world }

// askTime is how long a run waits for the shop.
const askTime = 2 * time.Second

// RoundTrip implements http.RoundTripper.
func (r rest) RoundTrip(req *http.Request) (*http.Response, error) {
	w, entry := r.w, r.w.now
	shop := &w.record.woo
	i := slices.IndexFunc(shop.purchases, func(p *purchase) bool { return p.id() == path.Base(req.URL.Path) })
	if i < 0 {
		return answer(http.StatusNotFound, `{"code":"woocommerce_rest_shop_order_invalid_id"}`), nil
	}
	p := shop.purchases[i]
	q := &question{dispatch: w.run.dispatch}
	p.questions = append(p.questions, q)
	w.boundary()
	dice := p.throw("question"+p.id(), len(p.questions))
	switch dice.n(14) {
	case 0:
		return answer(http.StatusNotFound, `{"code":"woocommerce_rest_shop_order_invalid_id"}`), nil
	case 1:
		return answer(http.StatusInternalServerError, "a plugin is broken"), nil
	case 2:
		w.run.pause(askTime)
	case 3:
		return answer(http.StatusOK, "<html>be right back</html>"), nil
	case 4:
		return answer(http.StatusOK, `{"id":1,"status":"processing"}`), nil
	case 5:
		w.run.pause(askTime - time.Millisecond)
	}
	if w.lateFor(entry, askTime-1) {
		return nil, context.DeadlineExceeded
	}
	c := p.stands()
	if c == nil {
		return answer(http.StatusNotFound, `{}`), nil
	}
	q.told = c
	w.tell("asked, the shop tells that order %s is %s", p.id(), c.status)
	return answer(http.StatusOK, string(p.body(*c))), nil
}

// stands is what the order is now; nil before there is one.
func (p *purchase) stands() (now *change) {
	for i := range p.changes {
		if p.changes[i].at <= p.now {
			now = &p.changes[i]
		}
	}
	return now
}

func answer(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}
