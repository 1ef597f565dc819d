package callerauth

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"slices"
)

// Keys knows the API keys of all stores, by their hashes only.
type Keys struct{ entries []keyEntry }

type keyEntry struct {
	hash  [sha256.Size]byte
	store string
}

// Add lets a key speak for a store.
func (k *Keys) Add(store, key string) {
	k.entries = append(k.entries, keyEntry{sha256.Sum256([]byte(key)), store})
}

// Stores returns the stores that the Authorization header's key speaks for, sorted,
// or ErrUnauthorized. It compares with every key, in constant time.
func (k *Keys) Stores(authorization string) ([]string, error) {
	key, ok := bearer(authorization)
	if !ok {
		return nil, fmt.Errorf("%w: send your store's API key as Authorization: Bearer KEY", ErrUnauthorized)
	}
	hash := sha256.Sum256([]byte(key))
	var stores []string
	for _, e := range k.entries {
		if subtle.ConstantTimeCompare(hash[:], e.hash[:]) == 1 {
			stores = append(stores, e.store)
		}
	}
	if len(stores) == 0 {
		return nil, fmt.Errorf("%w: no store has this API key", ErrUnauthorized)
	}
	slices.Sort(stores)
	return slices.Compact(stores), nil
}
