package callerauth

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Promise 8: a key speaks for its own stores only.
func TestKeys(t *testing.T) {
	t.Parallel()
	var k Keys
	k.Add("north", "first key")
	k.Add("north", "second key")
	k.Add("south", "south key")
	k.Add("south", "shared key")
	k.Add("north", "shared key")
	k.Add("north", "shared key")
	for _, c := range []struct {
		authorization string
		want          []string // nil: refused
	}{
		{"Bearer first key", []string{"north"}},
		{"Bearer second key", []string{"north"}},
		{"bearer south key", []string{"south"}},
		{"Bearer  south key ", []string{"south"}},
		{"Bearer shared key", []string{"north", "south"}},
		{"Bearer First key", nil},
		{"Bearer first ke", nil},
		{"Bearer first keys", nil},
		{"Bearer ", nil},
		{"Bearer", nil},
		{"Basic first key", nil},
		{"first key", nil},
		{"", nil},
	} {
		got, err := k.Stores(c.authorization)
		if !slices.Equal(got, c.want) || (err == nil) != (c.want != nil) || err != nil && !errors.Is(err, ErrUnauthorized) {
			t.Errorf("%q: got %v, %v; want %v", c.authorization, got, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "first ke") {
			t.Errorf("%q: the error tells the key: %v", c.authorization, err)
		}
	}
	if _, err := (&Keys{}).Stores("Bearer "); !errors.Is(err, ErrUnauthorized) {
		t.Errorf("no keys at all: got %v, want ErrUnauthorized", err)
	}
}

// Keys are kept by their hashes only, so that no dump of the process's values tells
// them.
func TestKeysAreNotKept(t *testing.T) {
	t.Parallel()
	var k Keys
	k.Add("north", "first key")
	if text := fmt.Sprintf("%+v %q", k, k); strings.Contains(text, "first key") {
		t.Errorf("the key shows: %s", text)
	}
}
