package link

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// refused wants the token to be none, of either purpose.
func refused(t *testing.T, l *Links, name, token string) {
	t.Helper()
	if got, err := l.Recover(token, now); err != ErrInvalid || got != (recovery.Link{}) {
		t.Errorf("%s leads back: %+v, %v", name, got, err)
	}
	if got, err := l.Unsubscribe(token); err != ErrInvalid || got != (recovery.Link{}) {
		t.Errorf("%s unsubscribes: %+v, %v", name, got, err)
	}
}

// Every byte, every bit and every length of a token counts.
func TestTamperedTokens(t *testing.T) {
	t.Parallel()
	l := links(t, keys())
	back, leave := signedBy(t, "newest")
	for _, token := range []string{back, leave} {
		raw, _ := encoding.DecodeString(token)
		for i := range raw {
			for bit := range 8 {
				changed := append([]byte{}, raw...)
				changed[i] ^= 1 << bit
				refused(t, l, "a changed bit", encoding.EncodeToString(changed))
			}
		}
		for n := range len(token) {
			refused(t, l, "a cut off token", token[:n])
			refused(t, l, "a token without its head", token[n+1:])
		}
	}
}

// There is one spelling of a token.
func TestSpellings(t *testing.T) {
	t.Parallel()
	l := links(t, keys())
	back, leave := signedBy(t, "newest")
	for _, token := range []string{back, leave} {
		raw, _ := encoding.DecodeString(token)
		for name, other := range map[string]string{
			"more at its end": token + "A", "a padded one": token + "=", "a line break": token[:9] + "\n" + token[9:],
			"a carriage return": token + "\r", "a blank": token + " ", "other case": strings.ToUpper(token),
			"twice": token + token, "a query": token + "?", "an encoded byte": "%" + token,
			"the standard alphabet": strings.NewReplacer("-", "+", "_", "/").Replace(token) + "+",
			"trailing bits":         withTrailingBits(token), "padding inside": base64.URLEncoding.EncodeToString(raw) + "==",
			"a long one": strings.Repeat("A", 1<<20), "nothing": "", "no token": "r",
		} {
			refused(t, l, name, other)
		}
	}
}

// withTrailingBits sets bits of the last character that stand for nothing, if there are any.
func withTrailingBits(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if len(token)%4 == 0 {
		return token + "AA"
	}
	last := strings.IndexByte(alphabet, token[len(token)-1])
	return token[:len(token)-1] + string(alphabet[last|1])
}

// What is signed for one thing is not good for another.
func TestOtherPurposes(t *testing.T) {
	t.Parallel()
	l := links(t, keys())
	back, leave := signedBy(t, "newest")
	if _, err := l.Unsubscribe(back); err != ErrInvalid {
		t.Errorf("a link back unsubscribes: %v", err)
	}
	if _, err := l.Recover(leave, now); err != ErrInvalid {
		t.Errorf("a link to unsubscribe leads back: %v", err)
	}

	key := []byte("newest")
	body := token{purpose: recoverPurpose, Link: recovery.Link{Store: "default", Checkout: "c", Reminder: reminder}, expires: now.Add(time.Hour)}.bytes()
	plain := hmac.New(sha256.New, key)
	plain.Write(body)
	for name, signature := range map[string][]byte{
		"signed for another thing than links": plain.Sum(nil)[:macSize],
		"an empty signature":                  {},
		"zeros":                               make([]byte, macSize),
		"a longer signature":                  append(mac(key, body), 0),
		"the store's name":                    []byte("default"),
	} {
		refused(t, l, name, encoding.EncodeToString(append(append([]byte{}, body...), signature...)))
	}
	refused(t, l, "another store's key", token{purpose: recoverPurpose, Link: recovery.Link{Store: "second"}}.sign(key))
	refused(t, l, "a store that is gone", token{purpose: unsubscribePurpose, Link: recovery.Link{Store: "third"}}.sign(nil))
	refused(t, l, "another purpose", token{purpose: 3, Link: recovery.Link{Store: "default"}}.sign(key))
	refused(t, links(t, map[string]Keys{"default": {Current: [][]byte{{}}}}), "an empty key", token{purpose: recoverPurpose, Link: recovery.Link{Store: "default"}}.sign([]byte{}))
}

// Fields do not run into each other.
func TestFieldsAreApart(t *testing.T) {
	t.Parallel()
	seen := map[string]recovery.Link{}
	for _, l := range []recovery.Link{
		{Store: "ab", Checkout: "c"},
		{Store: "a", Checkout: "bc"},
		{Store: "a", Checkout: "b", Shopper: "c"},
		{Store: "", Checkout: "abc"},
		{Store: "abc"},
		{Store: "a", Checkout: "bc", Reminder: recovery.ReminderID{Generation: 1}},
		{Store: "a", Checkout: "bc", Reminder: recovery.ReminderID{Step: 1}},
	} {
		b := string(token{purpose: recoverPurpose, Link: l}.bytes())
		if other, there := seen[b]; there {
			t.Errorf("%+v and %+v are one", l, other)
		}
		seen[b] = l
	}
}

// FuzzTokens: nothing that is not signed is a token, whatever its bytes; what is has one
// spelling; and none panics.
func FuzzTokens(f *testing.F) {
	l := New("https://x.example/r", "https://x.example/u", keys())
	made := l.Links(store, checkout(), reminder, expires)
	for _, u := range []string{made.Recover, made.Unsubscribe} {
		f.Add(u[strings.LastIndexByte(u, '/')+1:])
	}
	f.Add("")
	f.Add("AQ")
	f.Add(encoding.EncodeToString([]byte{1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}))
	good := map[string]bool{}
	for _, key := range []string{"newest", "newer", "old", "oldest"} {
		one := New("https://x.example/r", "https://x.example/u", map[string]Keys{"default": {Current: [][]byte{[]byte(key)}}}).Links(store, checkout(), reminder, expires)
		good[one.Recover[strings.LastIndexByte(one.Recover, '/')+1:]] = true
		good[one.Unsubscribe[strings.LastIndexByte(one.Unsubscribe, '/')+1:]] = true
	}
	f.Fuzz(func(t *testing.T, signed string) {
		_, back := l.Recover(signed, now)
		_, leave := l.Unsubscribe(signed)
		if (back != ErrInvalid || leave != ErrInvalid) && !good[signed] {
			t.Errorf("%q is taken: %v, %v", signed, back, leave)
		}
		for _, p := range []purpose{recoverPurpose, unsubscribePurpose} {
			parsed, signature, err := parse(p, signed)
			if err == nil && encoding.EncodeToString(append(parsed.bytes(), signature...)) != signed {
				t.Errorf("%q has another spelling", signed)
			}
		}
	})
}
