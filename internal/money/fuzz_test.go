package money

import (
	"errors"
	"math/big"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// FuzzParse looks for an amount that is read as another one.
func FuzzParse(f *testing.F) {
	for _, amount := range []string{"0", "00.10", "1289.70", "999999999999999.99", "9999999999999999", ".5", "5.", "1e3", "-1", "+1", "1 0", "٣", "0x1", "1_0", "1.5000", "\x00", "922337203685477580.8"} {
		for _, currency := range []string{"EUR", "JPY", "KWD", "UYW", "eur", "E R", ""} {
			f.Add(amount, currency)
		}
	}
	f.Fuzz(func(t *testing.T, amount, currency string) {
		m, err := Parse(amount, currency)
		if err != nil {
			if !errors.Is(err, ErrAmount) && !errors.Is(err, ErrCurrency) || len(err.Error()) > 300 {
				t.Errorf("got %v, want a short ErrAmount or ErrCurrency", err)
			}
			return
		}
		digits, err := decimals(currency)
		if err != nil || !Known(currency) || m.Currency != currency {
			t.Fatalf("took the currency %q for %q: %v", currency, m.Currency, err)
		}
		exact, ok := new(big.Rat).SetString(amount)
		scale := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil))
		if !ok || exact.Mul(exact, scale).Cmp(new(big.Rat).SetInt64(m.Minor)) != 0 || m.Minor < 0 {
			t.Errorf("took %q %s for %d minor units", amount, currency, m.Minor)
		}
	})
}

// FuzzFormat looks for a locale or an amount that is shown as none, or as several lines.
func FuzzFormat(f *testing.F) {
	for _, locale := range []string{"", "pt-BR", "ar", "hi-IN", "de-CH-1996", "x", "-", "en_US", "zh-Hant-TW-u-nu-hanidec", "\xff", "en-u-cu-eur", strings.Repeat("a-", 50)} {
		f.Add(int64(128970), "EUR", locale)
		f.Add(int64(-1<<63), "UYW", locale)
		f.Add(int64(7), "???", locale)
	}
	f.Fuzz(func(t *testing.T, minor int64, currency, locale string) {
		if !Known(currency) { // what is stored was read by Parse
			currency = "EUR"
		}
		s := Format(recovery.Money{Minor: minor, Currency: currency}, locale)
		if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) || !strings.ContainsFunc(s, unicode.IsDigit) || len(s) > 120 {
			t.Errorf("%d %s in %q: got %q", minor, currency, locale, s)
		}
	})
}
