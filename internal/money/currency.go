package money

import (
	"fmt"
	"strings"
)

// The codes of ISO 4217 that are in use, and the number of decimals of those that
// do not have two. ANG and BGN were withdrawn in 2025 and 2026; carts may still
// name them. Metals, test codes and units of account are left out: no cart is in them.
const (
	codes = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD " +
		"CAD CDF CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD " +
		"GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK " +
		"LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR " +
		"PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP " +
		"SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XOF XPF " +
		"YER ZAR ZMW ZWG"
	noDecimals    = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
	threeDecimals = "BHD IQD JOD KWD LYD OMR TND"
	fourDecimals  = "CLF UYW"

	// wholeOnly have decimals by ISO 4217 that nobody uses (CLDR 48 gives them
	// none): a whole amount of these is shown without.
	wholeOnly = "AFN ALL COP HUF IDR IQD IRR KPW LAK LBP MGA MMK PKR RSD SOS SYP YER"
)

// Known says whether currency is an ISO 4217 code in use, in upper case.
func Known(currency string) bool { return isOneOf(currency, codes) }

// isOneOf says whether code is among the three-letter codes of list.
func isOneOf(code, list string) bool {
	return len(code) == 3 && !strings.Contains(code, " ") && strings.Contains(list, code)
}

// decimals is the number of decimals of a currency by ISO 4217.
func decimals(currency string) (int, error) {
	switch {
	case isOneOf(currency, noDecimals):
		return 0, nil
	case isOneOf(currency, threeDecimals):
		return 3, nil
	case isOneOf(currency, fourDecimals):
		return 4, nil
	case Known(currency):
		return 2, nil
	case Known(strings.ToUpper(currency)):
		return 0, fmt.Errorf("%w: %q: write it in upper case", ErrCurrency, currency)
	}
	return 0, fmt.Errorf("%w: %.40q is not an ISO 4217 code in use", ErrCurrency, currency)
}
