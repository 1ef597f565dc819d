package money

import (
	"errors"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		amount, currency string
		minor            int64
	}{
		{"1289.70", "BRL", 128970},
		{"0", "USD", 0},
		{"0.00", "USD", 0},
		{"0.1", "USD", 10},
		{"7", "USD", 700},
		{"007.5", "USD", 750},
		{"1.990", "EUR", 199},
		{"1.99000000000000000000", "EUR", 199},
		{"100.00", "JPY", 100},
		{"1.234", "KWD", 1234},
		{"1.2345", "CLF", 12345},
		{"999999999999999.99", "USD", 99999999999999999},
		{"999999999999999.999", "KWD", 999999999999999999},
	} {
		m, err := Parse(c.amount, c.currency)
		if want := (recovery.Money{Minor: c.minor, Currency: c.currency}); err != nil || m != want {
			t.Errorf("Parse(%q, %q) = %v, %v; want %v", c.amount, c.currency, m, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		amount, currency string
		want             error
	}{
		{"", "USD", ErrAmount},
		{"-1", "USD", ErrAmount},
		{"-0", "USD", ErrAmount},
		{"+1", "USD", ErrAmount},
		{" 1", "USD", ErrAmount},
		{"1 ", "USD", ErrAmount},
		{"1\n", "USD", ErrAmount},
		{"1e3", "USD", ErrAmount},
		{"0x10", "USD", ErrAmount},
		{"1_000", "USD", ErrAmount},
		{"1,50", "USD", ErrAmount},
		{"1,000.00", "USD", ErrAmount},
		{"1.", "USD", ErrAmount},
		{".5", "USD", ErrAmount},
		{".", "USD", ErrAmount},
		{"1.2.3", "USD", ErrAmount},
		{"$1", "USD", ErrAmount},
		{"NaN", "USD", ErrAmount},
		{"Inf", "USD", ErrAmount},
		{"١٢", "USD", ErrAmount},
		{"1.999", "EUR", ErrAmount},
		{"100.50", "JPY", ErrAmount},
		{"1.23456", "CLF", ErrAmount},
		{"1000000000000000", "USD", ErrAmount},
		{"999999999999999", "CLF", ErrAmount},
		{strings.Repeat("9", 200_000), "USD", ErrAmount},
		{"1", "", ErrCurrency},
		{"1", "usd", ErrCurrency},
		{"1", "US", ErrCurrency},
		{"1", "USDX", ErrCurrency},
		{"1", "ED ", ErrCurrency},
		{"1", "ABC", ErrCurrency},
		{"1", "XXX", ErrCurrency},
		{"1", "DEM", ErrCurrency},
		{"1", "U$D", ErrCurrency},
	} {
		_, err := Parse(c.amount, c.currency)
		if !errors.Is(err, c.want) {
			t.Errorf("Parse(%.20q, %q): got error %v, want %v", c.amount, c.currency, err, c.want)
			continue
		}
		if len(err.Error()) > 200 {
			t.Errorf("Parse(%.20q, %q): the error has %d bytes, want it short", c.amount, c.currency, len(err.Error()))
		}
	}
}

// Parse agrees with exact rational arithmetic on every amount that it accepts.
func TestParseIsExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.StringMatching(`[0-9]{1,14}(\.[0-9]{1,3}0{0,3})?`).Draw(t, "amount")
		currency := rapid.SampledFrom(strings.Fields(codes)).Draw(t, "currency")
		digits, err := decimals(currency)
		if err != nil {
			t.Fatalf("decimals(%q): %v", currency, err)
		}
		exact, _ := new(big.Rat).SetString(amount)
		exact.Mul(exact, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)))
		m, err := Parse(amount, currency)
		if !exact.IsInt() {
			if !errors.Is(err, ErrAmount) {
				t.Fatalf("Parse(%q, %q) = %v, %v; want ErrAmount", amount, currency, m, err)
			}
			return
		}
		if err != nil || exact.Num().Cmp(big.NewInt(m.Minor)) != 0 {
			t.Fatalf("Parse(%q, %q) = %v, %v; want %v", amount, currency, m, err, exact.Num())
		}
	})
}

func TestKnown(t *testing.T) {
	t.Parallel()
	for _, list := range []string{codes, noDecimals, threeDecimals, fourDecimals, wholeOnly} {
		for code := range strings.FieldsSeq(list) {
			if len(code) != 3 || !Known(code) {
				t.Errorf("%q is in a list of codes, but not known", code)
			}
		}
	}
	for _, code := range []string{"", "EU", "eur", "EURO", "R U", "XAU"} {
		if Known(code) {
			t.Errorf("Known(%q) = true, want false", code)
		}
	}
}

// Decimal writes what Parse reads.
func TestDecimal(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		m    recovery.Money
		want string
	}{
		{recovery.Money{Minor: 128970, Currency: "EUR"}, "1289.70"},
		{recovery.Money{Minor: 5, Currency: "EUR"}, "0.05"},
		{recovery.Money{Currency: "EUR"}, "0.00"},
		{recovery.Money{Minor: -5, Currency: "EUR"}, "-0.05"},
		{recovery.Money{Minor: 1200, Currency: "JPY"}, "1200"},
		{recovery.Money{Minor: 1234, Currency: "KWD"}, "1.234"},
	} {
		if got := Decimal(tc.m); got != tc.want {
			t.Errorf("%+v: got %s, want %s", tc.m, got, tc.want)
		}
		if back, err := Parse(tc.want, tc.m.Currency); tc.m.Minor >= 0 && (err != nil || back != tc.m) {
			t.Errorf("%s: read back as %+v, %v", tc.want, back, err)
		}
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		amount, currency string
		want             int64 // -1: refused
	}{
		{"50.42", "EUR", 5042},
		{"33.333333333333336", "EUR", 3333},
		{"33.335", "EUR", 3334},
		{"0.999", "EUR", 100},
		{"1200.50", "JPY", 1201},
		{"1200.49", "JPY", 1200},
		{"7", "KWD", 7000},
		{"1.5000", "EUR", 150},
		{"1.00x", "EUR", -1},
		{"1.x", "EUR", -1},
		{".999", "EUR", -1},
		{"-1.005", "EUR", -1},
		{"1.005", "eur", -1},
		{"9999999999999999.999", "EUR", -1},
	} {
		m, err := Nearest(c.amount, c.currency)
		if c.want < 0 && err == nil || c.want >= 0 && (err != nil || m.Minor != c.want || m.Currency != c.currency) {
			t.Errorf("Nearest(%q, %s): got %+v, %v; want %d", c.amount, c.currency, m, err, c.want)
		}
	}
}
