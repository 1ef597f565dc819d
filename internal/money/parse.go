package money

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// ErrAmount says that the amount is at fault, ErrCurrency that the currency is.
var (
	ErrAmount   = errors.New("bad amount")
	ErrCurrency = errors.New("bad currency")
)

// maxIntegerDigits bounds amounts. It is far above any cart, and keeps a cart's
// total within an int64 in currencies of up to three decimals.
const maxIntegerDigits = 15

// Parse reads a decimal string, such as "1289.70", as an amount of the currency.
// The string is digits, with a point and more digits if need be, and nothing else.
// It may have more decimals than the currency only if those are zeros. The error
// wraps ErrAmount or ErrCurrency.
func Parse(amount, currency string) (recovery.Money, error) {
	digits, err := decimals(currency)
	if err != nil {
		return recovery.Money{}, err
	}
	whole, fraction, err := split(amount)
	if err != nil {
		return recovery.Money{}, err
	}
	if kept := strings.TrimRight(fraction, "0"); len(kept) > digits {
		return recovery.Money{}, fmt.Errorf("%w: %.40q has more decimals than %s: at most %d", ErrAmount, amount, currency, digits)
	}
	fraction = (fraction + "0000")[:digits]
	minor, err := strconv.ParseInt(whole+fraction, 10, 64)
	if err != nil || len(whole) > maxIntegerDigits {
		return recovery.Money{}, fmt.Errorf("%w: %.40q is too large: at most %d digits before the point", ErrAmount, amount, maxIntegerDigits)
	}
	return recovery.Money{Minor: minor, Currency: currency}, nil
}

// Nearest reads a decimal string as Parse does, and rounds what has more decimals than
// the currency, a half up: shop systems compute prices without tax.
func Nearest(amount, currency string) (recovery.Money, error) {
	digits, err := decimals(currency)
	if err != nil {
		return recovery.Money{}, err
	}
	whole, fraction, point := strings.Cut(amount, ".")
	if len(fraction) <= digits || !allDigits(fraction) {
		return Parse(amount, currency)
	}
	kept := whole
	if digits > 0 {
		kept += "." + fraction[:digits]
	}
	m, err := Parse(kept, currency)
	if err == nil && point && fraction[digits] >= '5' {
		m.Minor++
	}
	return m, err
}

// split cuts an amount at its point and drops leading zeros.
func split(amount string) (whole, fraction string, err error) {
	whole, fraction, point := strings.Cut(amount, ".")
	if !allDigits(whole) || point && !allDigits(fraction) {
		return "", "", fmt.Errorf("%w: %.40q: want digits with at most one point, such as \"12.50\"", ErrAmount, amount)
	}
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	return whole, fraction, nil
}

// allDigits says whether s is one or more ASCII digits.
func allDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// Decimal writes the amount as Parse reads it, with all decimals of its currency.
func Decimal(m recovery.Money) string {
	digits, err := decimals(m.Currency)
	if err != nil {
		digits = 2
	}
	s := strconv.FormatInt(m.Minor, 10)
	sign := ""
	if m.Minor < 0 {
		sign, s = "-", s[1:]
	}
	if missing := digits + 1 - len(s); missing > 0 {
		s = strings.Repeat("0", missing) + s
	}
	if digits == 0 {
		return sign + s
	}
	return sign + s[:len(s)-digits] + "." + s[len(s)-digits:]
}
