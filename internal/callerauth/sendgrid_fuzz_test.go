package callerauth_test

import (
	"crypto/elliptic"
	"encoding/base64"
	"errors"
	"strconv"
	"testing"

	"github.com/comeback-checkout/comeback/internal/callerauth"
)

// FuzzSendGrid looks for a signature that fits another body or instant than the
// signed ones. (Another form of the same signature may pass: whoever has one can make
// a second, and events may come twice anyway.)
func FuzzSendGrid(f *testing.F) {
	key, public := newEventsKey(f, elliptic.P256())
	v := newSendGrid(f, "default", public)
	const body = `[{"event":"delivered"}]`
	now := strconv.FormatInt(eventsNow.Unix(), 10)
	good := signEvents(f, key, now, body)
	encode := base64.StdEncoding.EncodeToString
	f.Add(encode(good), now, []byte(body))
	f.Add(encode(append(good, 0)), now, []byte(body))
	f.Add(encode(good), "0"+now, []byte(body))
	f.Add(encode(good), now[:5], append([]byte(now[5:]), body...))
	f.Add(encode([]byte{0x30, 6, 2, 1, 0, 2, 1, 0}), now, []byte(body))
	f.Add("", "", []byte{})
	f.Add("====", "1e9", []byte("[]"))
	f.Fuzz(func(t *testing.T, signature, timestamp string, got []byte) {
		stores, err := v.Stores(signature, timestamp, got)
		switch {
		case err != nil && (!errors.Is(err, callerauth.ErrUnauthorized) || stores != nil):
			t.Errorf("got %v, %v; want ErrUnauthorized", stores, err)
		case err == nil && (timestamp != now || string(got) != body):
			t.Errorf("the signature fits %q at %q", got, timestamp)
		}
	})
}
