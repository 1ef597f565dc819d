package callerauth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/callerauth"
)

var eventsNow = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

func newEventsKey(t testing.TB, curve elliptic.Curve) (*ecdsa.PrivateKey, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return key, base64.StdEncoding.EncodeToString(der)
}

// signEvents signs as SendGrid does.
func signEvents(t testing.TB, key *ecdsa.PrivateKey, timestamp, body string) []byte {
	t.Helper()
	sum := sha256.Sum256([]byte(timestamp + body))
	der, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func newSendGrid(t testing.TB, keys ...string) *callerauth.SendGrid {
	t.Helper()
	v := callerauth.NewSendGrid(func() time.Time { return eventsNow })
	for i := 0; i < len(keys); i += 2 {
		if err := v.Add(keys[i], keys[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

func TestSendGridsExample(t *testing.T) {
	t.Parallel()
	// The example of the tests of SendGrid's own library.
	const (
		key       = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
		signature = "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="
		timestamp = "1600112502"
		body      = "[{\"email\":\"hello@world.com\",\"event\":\"dropped\",\"reason\":\"Bounced Address\",\"sg_event_id\":\"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA\",\"sg_message_id\":\"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0\",\"smtp-id\":\"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>\",\"timestamp\":1600112492}]\r\n"
	)
	v := callerauth.NewSendGrid(func() time.Time { return time.Unix(1600112502, 0) })
	if err := v.Add("default", key); err != nil {
		t.Fatal(err)
	}
	if got, err := v.Stores(signature, timestamp, []byte(body)); err != nil || !slices.Equal(got, []string{"default"}) {
		t.Errorf("got %v, %v; want default", got, err)
	}
}

func TestSendGridSignatures(t *testing.T) {
	t.Parallel()
	key, public := newEventsKey(t, elliptic.P256())
	other, _ := newEventsKey(t, elliptic.P256())
	wide, _ := newEventsKey(t, elliptic.P521())
	v := newSendGrid(t, "b", public, "a", public, "a", public)
	const body = `[{"event":"delivered"}]`
	seconds := func(d time.Duration) string { return strconv.FormatInt(eventsNow.Add(d).Unix(), 10) }
	now := seconds(0)
	good := signEvents(t, key, now, body)
	encode := base64.StdEncoding.EncodeToString
	signedAt := func(timestamp string) [2]string {
		return [2]string{encode(signEvents(t, key, timestamp, body)), timestamp}
	}
	for _, tc := range []struct {
		name    string
		headers [2]string
		body    string
		want    bool
	}{
		{"good", [2]string{encode(good), now}, body, true},
		{"47 h old", signedAt(seconds(-47 * time.Hour)), body, true},
		{"49 h old", signedAt(seconds(-49 * time.Hour)), body, false},
		{"9 min ahead", signedAt(seconds(9 * time.Minute)), body, true},
		{"11 min ahead", signedAt(seconds(11 * time.Minute)), body, false},
		{"another body", [2]string{encode(good), now}, body + "\n", false},
		{"no body", [2]string{encode(good), now}, "", false},
		{"another timestamp", [2]string{encode(good), seconds(time.Second)}, body, false},
		{"a digit moved", [2]string{encode(signEvents(t, key, now, "1"+body)), now + "1"}, body, false},
		{"another key", [2]string{encode(signEvents(t, other, now, body)), now}, body, false},
		{"another curve", [2]string{encode(signEvents(t, wide, now, body)), now}, body, false},
		{"bytes after the signature", [2]string{encode(append(slices.Clone(good), 0)), now}, body, false},
		{"half a signature", [2]string{encode(good[:len(good)/2]), now}, body, false},
		{"an empty sequence", [2]string{encode([]byte{0x30, 0}), now}, body, false},
		{"zeros", [2]string{encode([]byte{0x30, 6, 2, 1, 0, 2, 1, 0}), now}, body, false},
		{"negative", [2]string{encode([]byte{0x30, 6, 2, 1, 0xff, 2, 1, 0xff}), now}, body, false},
		{"not base64", [2]string{"-----", now}, body, false},
		{"raw base64 of another alphabet", [2]string{base64.RawURLEncoding.EncodeToString(good), now}, body, base64.RawURLEncoding.EncodeToString(good) == encode(good)},
		{"no signature", [2]string{"", now}, body, false},
		{"no timestamp", [2]string{encode(signEvents(t, key, "", body)), ""}, body, false},
		{"a timestamp that is none", signedAt("yesterday"), body, false},
		{"a timestamp too large", signedAt("9223372036854775808"), body, false},
		{"the largest timestamp", signedAt("9223372036854775807"), body, false},
		{"the smallest timestamp", signedAt("-9223372036854775808"), body, false},
		{"a long signature", [2]string{strings.Repeat("A", 1<<16), now}, body, false},
	} {
		got, err := v.Stores(tc.headers[0], tc.headers[1], []byte(tc.body))
		switch {
		case tc.want && (err != nil || !slices.Equal(got, []string{"a", "b"})):
			t.Errorf("%s: got %v, %v; want a and b", tc.name, got, err)
		case !tc.want && (!errors.Is(err, callerauth.ErrUnauthorized) || got != nil):
			t.Errorf("%s: got %v, %v; want ErrUnauthorized", tc.name, got, err)
		}
	}
}

// Each key speaks for its own stores only.
func TestSendGridStores(t *testing.T) {
	t.Parallel()
	first, firstPublic := newEventsKey(t, elliptic.P256())
	second, secondPublic := newEventsKey(t, elliptic.P256())
	v := newSendGrid(t, "first", firstPublic, "second", secondPublic)
	now := strconv.FormatInt(eventsNow.Unix(), 10)
	for want, key := range map[string]*ecdsa.PrivateKey{"first": first, "second": second} {
		signature := base64.StdEncoding.EncodeToString(signEvents(t, key, now, "[]"))
		if got, err := v.Stores(signature, now, []byte("[]")); err != nil || !slices.Equal(got, []string{want}) {
			t.Errorf("got %v, %v; want %s", got, err, want)
		}
	}
}

func TestSendGridWithoutKeys(t *testing.T) {
	t.Parallel()
	_, err := newSendGrid(t).Stores("", "", nil)
	if !errors.Is(err, callerauth.ErrNoEventsKey) || errors.Is(err, callerauth.ErrUnauthorized) {
		t.Errorf("got %v, want ErrNoEventsKey", err)
	}
	_, wide := newEventsKey(t, elliptic.P384())
	for _, key := range []string{"", "no key", "aGVsbG8=", wide} {
		if err := newSendGrid(t).Add("default", key); err == nil {
			t.Errorf("%q: got no error, want one", key)
		}
	}
}
