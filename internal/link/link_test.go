package link

import (
	"encoding/base64"
	"errors"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

var (
	now      = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	expires  = now.Add(90 * 24 * time.Hour)
	store    = &recovery.Store{ID: "default"}
	reminder = recovery.ReminderID{Generation: 300, Step: 2}
)

func checkout() *recovery.Checkout {
	return &recovery.Checkout{
		Key: recovery.CheckoutKey("default", "chk_7f3a91"), ID: "chk_7f3a91", Email: "ana.lima@example.net",
		ShopperKey: recovery.ShopperKey([]byte("id key"), "default", "ana.lima@example.net"),
		RecoverURL: "https://shop.example.com/recover",
	}
}

// keys are the keys of two stores; the first store has changed its key twice before.
func keys() map[string]Keys {
	return map[string]Keys{
		"default": {Current: [][]byte{[]byte("newest"), []byte("newer")}, Retired: [][]byte{[]byte("old"), []byte("oldest")}},
		"second":  {Current: [][]byte{[]byte("second's")}},
	}
}

func links(t *testing.T, keys map[string]Keys) *Links {
	t.Helper()
	return New("https://comeback.example.com/r/", "https://comeback.example.com/u", keys)
}

// signedBy makes the tokens that the first store made while the key was its newest.
func signedBy(t *testing.T, key string) (back, leave string) {
	t.Helper()
	l := links(t, map[string]Keys{"default": {Current: [][]byte{[]byte(key)}}})
	made := l.Links(store, checkout(), reminder, expires)
	return path.Base(made.Recover), path.Base(made.Unsubscribe)
}

func TestLinks(t *testing.T) {
	t.Parallel()
	l := links(t, keys())
	made := l.Links(store, checkout(), reminder, expires)
	if !strings.HasPrefix(made.Recover, "https://comeback.example.com/r/") || !strings.HasPrefix(made.Unsubscribe, "https://comeback.example.com/u/") {
		t.Fatalf("the links are %+v", made)
	}
	if len(made.Recover) > 200 || len(made.Unsubscribe) > 200 {
		t.Errorf("the links have %d and %d characters, want at most 200", len(made.Recover), len(made.Unsubscribe))
	}
	want := recovery.Link{Store: "default", Checkout: checkout().Key, Reminder: reminder}
	got, err := l.Recover(path.Base(made.Recover), now)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("back: %v (-want +got):\n%s", err, diff)
	}
	want.Shopper = checkout().ShopperKey
	got, err = l.Unsubscribe(path.Base(made.Unsubscribe))
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("unsubscribe: %v (-want +got):\n%s", err, diff)
	}
}

// Promise 9: whoever sees a link learns nothing of the shopper, nor what the shop calls
// the checkout.
func TestLinksHoldHashesOnly(t *testing.T) {
	t.Parallel()
	made := links(t, keys()).Links(store, checkout(), reminder, expires)
	for _, u := range []string{made.Recover, made.Unsubscribe} {
		b, err := base64.RawURLEncoding.DecodeString(path.Base(u))
		if err != nil {
			t.Fatal(err)
		}
		for _, personal := range []string{"lima", "example", "chk_", "7f3a91"} {
			if strings.Contains(string(b), personal) {
				t.Errorf("%s holds %q", u, personal)
			}
		}
	}
}

func TestLinksOfATestNameNoShopper(t *testing.T) {
	t.Parallel()
	l, c := links(t, keys()), checkout()
	c.Test = true
	got, err := l.Unsubscribe(path.Base(l.Links(store, c, reminder, expires).Unsubscribe))
	if err != nil || got.Shopper != "" || got.Checkout != c.Key {
		t.Errorf("got %+v, %v; want the checkout alone", got, err)
	}
}

func TestNoLinksWithoutAKeyOrAnAddress(t *testing.T) {
	t.Parallel()
	own := recovery.Links{Recover: checkout().RecoverURL}
	for name, l := range map[string]*Links{
		"no key":       links(t, nil),
		"an empty key": links(t, map[string]Keys{"default": {Current: [][]byte{{}}}}),
		"no addresses": New("", "", keys()),
		"too long":     New("https://x.example/"+strings.Repeat("r", 2000), "https://x.example/"+strings.Repeat("u", 2000), keys()),
	} {
		if diff := cmp.Diff(own, l.Links(store, checkout(), reminder, expires)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Links back to a checkout hold until they expire or their key goes; links to unsubscribe
// for good, by retired keys too.
func TestKeysChange(t *testing.T) {
	t.Parallel()
	l := links(t, keys())
	for _, tc := range []struct {
		key                 string
		wantBack, wantLeave error
	}{
		{"newest", nil, nil},
		{"newer", nil, nil},
		{"old", ErrInvalid, nil},
		{"oldest", ErrInvalid, nil},
		{"gone", ErrInvalid, ErrInvalid},
		{"second's", ErrInvalid, ErrInvalid},
	} {
		back, leave := signedBy(t, tc.key)
		if _, err := l.Recover(back, now); !errors.Is(err, tc.wantBack) {
			t.Errorf("back, by the key %q: got %v, want %v", tc.key, err, tc.wantBack)
		}
		if _, err := l.Unsubscribe(leave); !errors.Is(err, tc.wantLeave) {
			t.Errorf("unsubscribe, by the key %q: got %v, want %v", tc.key, err, tc.wantLeave)
		}
	}
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	l := links(t, keys())
	back, leave := signedBy(t, "newest")
	if _, err := l.Recover(back, expires.Add(-time.Microsecond)); err != nil {
		t.Errorf("just before it expires: %v", err)
	}
	got, err := l.Recover(back, expires)
	if !errors.Is(err, ErrExpired) || got.Store != "default" || got.Checkout != checkout().Key {
		t.Errorf("when it expires: got %+v, %v; want what it says beside %v", got, err, ErrExpired)
	}
	if _, err := l.Unsubscribe(leave); err != nil { // it has no instant at all
		t.Errorf("unsubscribe: %v", err)
	}
}
