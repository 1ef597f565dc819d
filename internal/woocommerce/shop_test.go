package woocommerce

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Closing an httptest.Server closes the default transport's idle connections too, and
// with them requests that tests beside it are about to send: it must not reach them.
func TestMain(m *testing.M) {
	http.DefaultTransport = struct{ http.RoundTripper }{http.DefaultTransport}
	os.Exit(m.Run())
}

// shop is a Shop at a real server on this machine, below a path.
func shop(t *testing.T, answer http.HandlerFunc) *Shop {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	s, err := New(server.URL+"/laden/", "ck_1", "cs_1", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOrdered(t *testing.T) {
	t.Parallel()
	paid, err := os.ReadFile("testdata/order_processing.json")
	if err != nil {
		t.Fatal(err)
	}
	s := shop(t, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if r.Method != http.MethodGet || r.URL.Path != "/laden/wp-json/wc/v3/orders/7781" || r.URL.RawQuery != "" || user != "ck_1" || password != "cs_1" {
			t.Errorf("got %s %s by %s", r.Method, r.URL, user)
		}
		_, _ = w.Write(paid)
	})
	told, err := s.Ordered(t.Context(), "7781")
	if err != nil || told == nil || told.News.OrderID != "7781" || told.News.Total.Minor != 6490 {
		t.Errorf("got %+v, %v", told, err)
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	text := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	for name, tc := range map[string]struct {
		answer  http.HandlerFunc
		ordered bool
		err     string // part of it; "" for none
	}{
		"on hold":               {text(200, `{"id":"7781","status":"on-hold"}`), true, ""},
		"refunded":              {text(200, `{"id":7781,"status":"refunded"}`), true, ""},
		"cancelled when paid":   {text(200, `{"id":7781,"status":"cancelled","date_paid_gmt":"2026-11-20T17:59:00"}`), true, ""},
		"below a notice of PHP": {text(200, "<br />\n<b>Notice</b>: x {y} in <b>z.php</b> on line <b>7</b><br />\n"+`{"id":7781,"status":"completed"}`), true, ""},
		"above a comment":       {text(200, "\ufeff"+`{"id":7781,"status":"completed"}`+"\n<!-- cached -->"), true, ""},
		"half of it":            {text(200, `<b>Notice</b>{"id":7781,"status":"comp`), false, "something else"},
		"pending":               {text(200, `{"id":7781,"status":"pending"}`), false, ""},
		"another order":         {text(200, `{"id":7782,"status":"completed"}`), false, "something else"},
		"a page":                {text(200, `<html>`), false, "something else"},
		"no such page":          {text(404, `{"code":"rest_no_route"}`), false, "404"},
		"the key is refused":    {text(401, `{}`), false, "check woocommerce.rest"},
		"away":                  {text(503, ``), false, "503"},
		"too much":              {text(200, `{"id":7781,"status":"completed","x":"`+strings.Repeat("x", maxAnswer)+`"}`), false, "too large"},
		"hung up":               {func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }, false, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told, err := shop(t, tc.answer).Ordered(t.Context(), "7781")
			if (told != nil) != tc.ordered || (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Errorf("got %+v, %v; want ordered %v and the error %q", told, err, tc.ordered, tc.err)
			}
			if err != nil && (strings.Contains(err.Error(), "7781") || strings.Contains(err.Error(), "cs_1")) {
				t.Errorf("the error tells too much: %v", err)
			}
		})
	}
}

// Of a draft that was deleted, and of an order in the bin, it tells that nobody can pay it.
func TestDeleted(t *testing.T) {
	t.Parallel()
	for body, status := range map[string]int{`{"code":"woocommerce_rest_shop_order_invalid_id","message":"Ungültige ID."}`: 404, `{"id":7781,"status":"trash"}`: 200} {
		told, err := shop(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}).Ordered(t.Context(), "7781")
		if diff := cmp.Diff(&recovery.Told{Gone: true}, told); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", body, err, diff)
		}
	}
}

// Of an order that the shop deals with in a way of its own it tells that.
func TestOwnStatus(t *testing.T) {
	t.Parallel()
	told, err := shop(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"id":7781,"status":"quote"}`))
	}).Ordered(t.Context(), "7781")
	if diff := cmp.Diff(&recovery.Told{Own: true}, told); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// Of an order that was cancelled without a payment it tells that, and when.
func TestCancelledUnpaid(t *testing.T) {
	t.Parallel()
	told, err := shop(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"id":7781,"status":"cancelled","date_modified_gmt":"2026-11-20T18:03:00"}`))
	}).Ordered(t.Context(), "7781")
	want := &recovery.Told{Gone: true, Cancelled: true, GoneAt: time.Date(2026, 11, 20, 18, 3, 0, 0, time.UTC)}
	if diff := cmp.Diff(want, told); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// The key goes to the shop's own host only, by https or on this machine.
func TestKeyStaysHome(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"https://shop.example.de/": true, "http://127.0.0.1:8080": true, "http://[::1]/": true, "http://localhost": true,
		"http://shop.example.de/": false, "http://localhost.example.de/": false, "ftp://shop.example.de": false, "https://%zz/": false,
	} {
		if _, err := New(address, "k", "s", nil); (err == nil) != ok {
			t.Errorf("%s: got %v, want accepted %v", address, err, ok)
		}
	}
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the request went elsewhere") }))
	t.Cleanup(elsewhere.Close)
	s := shop(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusMovedPermanently)
	})
	if told, err := s.Ordered(t.Context(), "7781"); told != nil || err == nil || !strings.Contains(err.Error(), "woocommerce.url") {
		t.Errorf("got %+v, %v; want it not followed", told, err)
	}
	inside := shop(t, func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/") {
			http.Redirect(w, r, r.URL.Path+"/", http.StatusMovedPermanently)
			return
		}
		_, _ = w.Write([]byte(`{"id":7781,"status":"completed"}`))
	})
	if told, err := inside.Ordered(t.Context(), "7781"); err != nil || told == nil {
		t.Errorf("within the host: got %+v, %v", told, err)
	}
	round := shop(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) })
	if _, err := round.Ordered(t.Context(), "7781"); err == nil {
		t.Error("in a circle: it ended well")
	}
	for _, id := range []string{"", "../customers/1", "7781?x", "draft", "٣"} {
		if _, err := inside.Ordered(t.Context(), id); err == nil {
			t.Errorf("asked for %q", id)
		}
	}
}

// A shop that does not answer is given up with the context.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := shop(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	var source recovery.OrderSource = s
	if told, err := source.Ordered(ctx, "7781"); told != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("got %+v, %v", told, err)
	}
}
