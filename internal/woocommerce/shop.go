package woocommerce

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/comeback-checkout/comeback/internal/lenient"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// maxAnswer bounds what is read of an answer: an order with hundreds of lines and the
// notes of many plugins is smaller.
const maxAnswer = 8 << 20

// Shop asks one shop's REST API.
type Shop struct {
	orders      *url.URL
	key, secret string
	zone        *time.Location
	client      *http.Client
}

var _ recovery.OrderSource = (*Shop)(nil)

// New makes a Shop of the address that its webhooks name, with a key that may read
// orders. The key goes over https only, or to this machine.
func New(address, key, secret string, zone *time.Location) (*Shop, error) {
	u, err := url.Parse(strings.TrimRight(address, "/") + "/wp-json/wc/v3/orders/")
	if err != nil {
		return nil, fmt.Errorf("address of the shop: %w", err)
	}
	if u.Scheme != "https" && !isLoopback(u.Hostname()) {
		return nil, fmt.Errorf("address of the shop: want https, since the key goes there")
	}
	return &Shop{orders: u, key: key, secret: secret, zone: zone, client: &http.Client{CheckRedirect: stay}}, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// stay follows a redirect within the same host only: the key is for nobody else.
func stay(next *http.Request, before []*http.Request) error {
	first := before[0].URL
	switch {
	case len(before) > 3:
		return errors.New("redirected too often")
	case next.URL.Host != first.Host, first.Scheme == "https" && next.URL.Scheme != "https":
		return errors.New("redirected elsewhere: want woocommerce.url to be the shop's own address")
	}
	return nil
}

// Ordered reads the order with the ID. It tells of it if it was bought, or cannot be any
// more.
func (s *Shop) Ordered(ctx context.Context, id string) (*recovery.Told, error) {
	if id == "" || strings.Trim(id, "0123456789") != "" {
		return nil, errors.New("not an order of WooCommerce: its ID is no number")
	}
	body, err := s.get(ctx, id)
	switch {
	case errors.Is(err, errDeleted):
		return &recovery.Told{Gone: true}, nil
	case err != nil:
		return nil, err
	}
	o, ok := ParseOrder(withoutNotices(body), s.zone)
	if !ok || o.ID != id {
		return nil, errors.New("the shop answered something else than the order")
	}
	switch o.Kind() {
	case Placed, Cancelled:
		return &recovery.Told{News: o.News()}, nil
	case Own:
		return &recovery.Told{Own: true}, nil
	case Expired:
		return &recovery.Told{Gone: true, Cancelled: true, GoneAt: o.Modified}, nil
	}
	if o.Trashed() {
		return &recovery.Told{Gone: true, GoneAt: o.Modified}, nil
	}
	return nil, nil
}

// errDeleted says that the shop has no such order any more: it deletes checkouts' drafts
// after a day. Another 404 may come from anything that stands before it.
var errDeleted = errors.New("the shop has no such order")

func (s *Shop) get(ctx context.Context, id string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.orders.JoinPath(id).String(), nil)
	if err != nil {
		return nil, errors.New("the order's address cannot be made")
	}
	req.SetBasicAuth(s.key, s.secret)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "Comeback")
	res, err := s.client.Do(req)
	if err != nil {
		return nil, plain(err)
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusNotFound {
		body, _ := io.ReadAll(http.MaxBytesReader(nil, res.Body, maxAnswer)) // without one it is any other 404
		if o, _ := lenient.Parse(body); o.Text("code", maxShort) == "woocommerce_rest_shop_order_invalid_id" {
			return nil, errDeleted
		}
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the shop answered %d%s", res.StatusCode, advice(res.StatusCode))
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, res.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("read the shop's answer: %w", plain(err))
	}
	return body, nil
}

// withoutNotices is the JSON of an answer, around which PHP may have written what it found
// fault with.
func withoutNotices(body []byte) []byte {
	start := bytes.Index(body, []byte(`{"id":`))
	if start < 0 {
		return body
	}
	var answer json.RawMessage
	if json.NewDecoder(bytes.NewReader(body[start:])).Decode(&answer) != nil {
		return body
	}
	return answer
}

// plain leaves out the address of a failed request, which names the order.
func plain(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

func advice(status int) string {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return ": check woocommerce.rest, whose key must be allowed to read"
	case http.StatusNotFound:
		return ": it has no such order, or its REST API is not at woocommerce.url"
	}
	return ""
}

// Transport lets the Shop ask by way of t, such as where there is no network. Set it
// before the first question.
func (s *Shop) Transport(t http.RoundTripper) { s.client.Transport = t }
