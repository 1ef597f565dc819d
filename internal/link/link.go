// Package link makes and reads the links in mails. It implements [recovery.Linker].
//
// A link ends in a token: what it is for, and of which reminder, signed with the store's
// key. It holds hashes and numbers only, logs nobody in, and can do nothing but what it
// is for: a link back to a checkout cannot unsubscribe, nor the other way round.
package link

import (
	"errors"
	"strings"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// The ways in which a token is no good.
var (
	// ErrInvalid says that nobody signed the token: it was made up, changed or cut off, is
	// for something else, or of a store or key that is gone.
	ErrInvalid = errors.New("the link is not valid")
	// ErrExpired says that the token was good once. What it says is returned beside it.
	ErrExpired = errors.New("the link has expired")
)

// Keys are the secrets of one store's links.
type Keys struct {
	// Current verify every link, and the first signs. Without any, no link is made.
	Current [][]byte
	// Retired verify links to unsubscribe, which hold for good.
	Retired [][]byte
}

// Links makes and reads the links of all stores. Its methods may be called side by side.
type Links struct {
	recover, unsubscribe string
	stores               map[string]Keys
}

var _ recovery.Linker = (*Links)(nil)

// New makes Links. The addresses are those under which Recover and Unsubscribe answer;
// the keys are by store.
func New(recoverURL, unsubscribeURL string, keys map[string]Keys) *Links {
	return &Links{recover: strings.TrimRight(recoverURL, "/"), unsubscribe: strings.TrimRight(unsubscribeURL, "/"), stores: keys}
}

// maxURL is the longest link that a mail may hold: some mail programs and filters cut
// off what is longer.
const maxURL = 2048

// Links implements recovery.Linker. Without a key, or an address to lead to, the way back
// is the checkout's own, and there is no way to unsubscribe. A test goes to the store's
// own people, so its link to unsubscribe names no shopper: it stops the test alone.
func (l *Links) Links(s *recovery.Store, c *recovery.Checkout, id recovery.ReminderID, expires time.Time) recovery.Links {
	links := recovery.Links{Recover: c.RecoverURL}
	keys := l.stores[s.ID].Current
	if len(keys) == 0 || len(keys[0]) == 0 {
		return links
	}
	back := token{purpose: recoverPurpose, Link: recovery.Link{Store: s.ID, Checkout: c.Key, Reminder: id}, expires: expires}
	if u := l.recover + "/" + back.sign(keys[0]); l.recover != "" && len(u) <= maxURL {
		links.Recover = u
	}
	leave := token{purpose: unsubscribePurpose, Link: recovery.Link{Store: s.ID, Checkout: c.Key, Shopper: c.ShopperKey, Reminder: id}}
	if c.Test {
		leave.Shopper = ""
	}
	if u := l.unsubscribe + "/" + leave.sign(keys[0]); l.unsubscribe != "" && len(u) <= maxURL {
		links.Unsubscribe = u
	}
	return links
}

// Recover reads the token of a link back to a checkout. The error is ErrInvalid, or
// ErrExpired beside what the token says.
func (l *Links) Recover(signed string, now time.Time) (recovery.Link, error) {
	t, err := l.read(recoverPurpose, signed)
	if err == nil && !now.Before(t.expires) {
		err = ErrExpired
	}
	return t.Link, err
}

// Unsubscribe reads the token of a link to unsubscribe. The error is ErrInvalid.
func (l *Links) Unsubscribe(signed string) (recovery.Link, error) {
	t, err := l.read(unsubscribePurpose, signed)
	return t.Link, err
}

func (l *Links) read(want purpose, signed string) (token, error) {
	t, mac, err := parse(want, signed)
	if err != nil {
		return token{}, err
	}
	keys := l.stores[t.Store]
	good := t.signedWith(mac, keys.Current)
	if want == unsubscribePurpose {
		good = t.signedWith(mac, keys.Retired) || good
	}
	if !good {
		return token{}, ErrInvalid
	}
	return t, nil
}
