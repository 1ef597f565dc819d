package link

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math"
	"strings"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// purpose is what a link is for. It is the token's first byte, and so part of what is
// signed: a token of one purpose is none of another.
type purpose byte

// The purposes. Another form of token takes other numbers.
const (
	recoverPurpose     purpose = 1
	unsubscribePurpose purpose = 2
)

// token is what a link says, before it is signed.
type token struct {
	purpose
	recovery.Link
	expires time.Time // of links back to a checkout, to the second
}

const (
	// context keeps signatures apart from whatever else may be signed with the same key.
	context = "comeback link\x00"
	// macSize is the length of a signature: half of HMAC-SHA-256's, which RFC 2104 allows,
	// so that links stay short. Nobody guesses 128 bits.
	macSize = 16
	// maxToken bounds what is decoded at all.
	maxToken = 400
	// maxText bounds a text within a token.
	maxText = 64
	maxInt  = math.MaxInt32
)

// Strict, since two spellings of one token would be two links.
var encoding = base64.RawURLEncoding.Strict()

// sign is the token as it stands in a link.
func (t token) sign(key []byte) string {
	body := t.bytes()
	return encoding.EncodeToString(append(body, mac(key, body)...))
}

// bytes are the purpose and the fields, each text after its length: ("a", "bc") and
// ("ab", "c") are two.
func (t token) bytes() []byte {
	b := []byte{byte(t.purpose)}
	for _, text := range []string{t.Store, t.Checkout, t.Shopper} {
		b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	}
	expires := int64(0)
	if !t.expires.IsZero() {
		expires = t.expires.Unix()
	}
	for _, n := range []int64{int64(t.Reminder.Generation), int64(t.Reminder.Step), expires} {
		b = binary.AppendUvarint(b, uint64(max(0, n)))
	}
	return b
}

func mac(key, body []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(context))
	h.Write(body)
	return h.Sum(nil)[:macSize]
}

// signedWith says whether the signature is by one of the keys. It compares with each, in
// constant time.
func (t token) signedWith(signature []byte, keys [][]byte) bool {
	good := false
	for _, key := range keys {
		good = hmac.Equal(signature, mac(key, t.bytes())) && len(key) > 0 || good
	}
	return good
}

// parse takes a token apart. Nothing of it is true before its signature is verified.
func parse(want purpose, signed string) (t token, signature []byte, err error) {
	// The decoder passes over line breaks, which would be another spelling.
	if len(signed) > maxToken || strings.ContainsAny(signed, "\r\n") {
		return token{}, nil, ErrInvalid
	}
	b, err := encoding.DecodeString(signed)
	if err != nil || len(b) <= macSize || b[0] != byte(want) {
		return token{}, nil, ErrInvalid
	}
	b, signature = b[:len(b)-macSize], b[len(b)-macSize:]
	r := reader{rest: b[1:]}
	t = token{purpose: want, Link: recovery.Link{Store: r.text(), Checkout: r.text(), Shopper: r.text()}}
	t.Reminder = recovery.ReminderID{Generation: int(r.number(maxInt)), Step: int(r.number(maxInt))}
	t.expires = time.Unix(int64(r.number(1<<40)), 0).UTC()
	if r.bad || len(r.rest) > 0 || string(t.bytes()) != string(b) { // a number has several spellings
		return token{}, nil, ErrInvalid
	}
	return t, signature, nil
}

// reader takes fields off the front.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) number(most uint64) uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 || n > most {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *reader) text() string {
	n := r.number(maxText)
	if n > uint64(len(r.rest)) {
		r.bad, r.rest = true, nil
		return ""
	}
	text := string(r.rest[:n])
	r.rest = r.rest[n:]
	return text
}
