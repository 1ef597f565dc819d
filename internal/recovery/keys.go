package recovery

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"hash"
	"sync"
	"time"
)

var keyEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// CheckoutKey is the document ID of a checkout: 128 bits of SHA-256 over store,
// kind and external ID, so that keys are spread evenly and hold nothing readable.
func CheckoutKey(store, id string) string { return plainKey(store, "checkout", id) }

// CartKey is the document ID of a cart.
func CartKey(store, id string) string { return plainKey(store, "cart", id) }

// CustomerKey stands in a checkout for the customer's ID, by which it may be sought: the IDs
// themselves may be counters, whose index would be written at one end only.
func CustomerKey(store, id string) string { return plainKey(store, "customer", id) }

// OrderKey is the document ID of an order.
func OrderKey(store, id string) string { return plainKey(store, "order", id) }

// ShopperKey is the document ID of a shopper: an HMAC under idKey, since plain
// hashes of addresses are reversed by a word list. The address, as everywhere in this
// package, is in its normal form, see internal/address.
func ShopperKey(idKey []byte, store, email string) string {
	pool, ok := shopperHashes.Load(string(idKey))
	if !ok {
		pool, _ = shopperHashes.LoadOrStore(string(idKey), &sync.Pool{New: func() any { return hmac.New(sha256.New, idKey) }})
	}
	h := pool.(*sync.Pool).Get().(hash.Hash)
	defer pool.(*sync.Pool).Put(h)
	h.Reset()
	h.Write(framed(store, "shopper", email))
	return keyEncoding.EncodeToString(h.Sum(nil)[:16])
}

// shopperHashes are HMACs to be used again, in a pool for each key: to key one costs more
// than to use it.
var shopperHashes sync.Map

func plainKey(parts ...string) string {
	sum := sha256.Sum256(framed(parts...))
	return keyEncoding.EncodeToString(sum[:16])
}

// framed puts each part's length before it, or ("a", "bc") and ("ab", "c") would be one.
func framed(parts ...string) []byte {
	b := make([]byte, 0, 256)
	for _, p := range parts {
		b = append(binary.BigEndian.AppendUint64(b, uint64(len(p))), p...)
	}
	return b
}

// Shards is the number of shards that the sweep's index is spread over.
const Shards = 16

// ShardOf puts a key into one of n shards, evenly.
func ShardOf(key string, n int) int { return int(fraction(key) * float64(n)) }

// fraction maps a key to [0, 1), evenly.
func fraction(key string) float64 {
	sum := sha256.Sum256([]byte(key))
	return float64(binary.BigEndian.Uint64(sum[:8])>>11) / (1 << 53)
}

// Instant brings t to the form in which every instant is kept: UTC, cut to the
// microsecond.
func Instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
