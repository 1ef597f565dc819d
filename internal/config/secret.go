package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
)

// Secret is a key or password. However it is printed or logged it shows as
// "[redacted]"; Reveal alone gives the value.
type Secret string

const redacted = "[redacted]"

// Reveal is the secret itself.
func (s Secret) Reveal() string { return string(s) }

// String is "[redacted]".
func (s Secret) String() string { return redacted }

// Format writes "[redacted]" whatever the verb: %x and %q would not ask String.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue is "[redacted]".
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON is "[redacted]".
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(redacted) }

// Format writes the store's ID only, since the core's part of it holds the key of
// the address hashes as plain bytes.
func (s Store) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "store %s", s.ID) }

// LogValue is the store's ID.
func (s Store) LogValue() slog.Value { return slog.StringValue(s.ID) }

// MarshalJSON is the store's ID.
func (s Store) MarshalJSON() ([]byte, error) { return json.Marshal(s.ID) }
