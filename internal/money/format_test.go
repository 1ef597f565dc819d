package money

import (
	"math"
	"testing"

	"golang.org/x/text/language"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// The expected strings are those of ICU 78 (CLDR 48), but for the symbols, which
// x/text takes from an older CLDR.
func TestFormat(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		locale, currency string
		minor            int64
		want             string
	}{
		{"en-US", "USD", 128970, "$1,289.70"},
		{"en-US", "USD", 5, "$0.05"},
		{"zh-u-nu-hanidec", "USD", 5, "US$0.05"},
		{"ar-EG-u-nu-latn", "USD", 128970, "\u200f١٬٢٨٩٫٧٠\u00a0US$"},
		{"en-US", "USD", 0, "$0.00"},
		{"en-US", "USD", 123456789012345, "$1,234,567,890,123.45"},
		{"en-US", "CAD", 1200, "CA$12.00"},
		{"en-US", "SEK", 1200, "SEK\u00a012.00"},
		{"en-US", "KWD", 1234567, "KWD\u00a01,234.567"},
		{"en-CA", "USD", 1200, "US$12.00"},
		{"en-GB", "GBP", 128970, "£1,289.70"},
		{"en-AU", "AUD", 128970, "$1,289.70"},
		{"en-IN", "INR", 12345678950, "₹12,34,56,789.50"},
		{"en-IN", "INR", 128970, "₹1,289.70"},
		{"en-ZA", "ZAR", 128970, "R\u00a01\u00a0289,70"},
		{"hi-IN", "INR", 12897000, "₹1,28,970.00"},
		{"de-DE", "EUR", 128970, "1.289,70\u00a0€"},
		{"de-DE", "EUR", 100, "1,00\u00a0€"},
		{"de-AT", "EUR", 128970, "€\u00a01.289,70"},
		{"de-CH", "CHF", 128970, "CHF\u00a01'289.70"},
		{"fr-FR", "EUR", 128970, "1\u202f289,70\u00a0€"},
		{"fr-FR", "USD", 128970, "1\u202f289,70\u00a0$US"},
		{"fr-CA", "CAD", 128970, "1\u00a0289,70\u00a0$"},
		{"es-ES", "EUR", 128970, "1289,70\u00a0€"},
		{"es-ES", "EUR", 1289700, "12.897,00\u00a0€"},
		{"es-MX", "MXN", 128970, "$1,289.70"},
		{"es-AR", "ARS", 128970, "$\u00a01.289,70"},
		{"es-CO", "COP", 12897000, "$\u00a0128.970"},
		{"es-CO", "COP", 12897050, "$\u00a0128.970,50"},
		{"pt-BR", "BRL", 128970, "R$\u00a01.289,70"},
		{"pt-BR", "USD", 128970, "US$\u00a01.289,70"},
		{"pt-PT", "EUR", 128970, "1289,70\u00a0€"},
		{"it-IT", "EUR", 128970, "1289,70\u00a0€"},
		{"nl-NL", "EUR", 128970, "€\u00a01.289,70"},
		{"sv-SE", "SEK", 128970, "1\u00a0289,70\u00a0kr"},
		{"nb-NO", "NOK", 128970, "1\u00a0289,70\u00a0kr"},
		{"da-DK", "DKK", 128970, "1.289,70\u00a0kr."},
		{"fi-FI", "EUR", 128970, "1\u00a0289,70\u00a0€"},
		{"pl-PL", "PLN", 128970, "1289,70\u00a0zł"},
		{"cs-CZ", "CZK", 128970, "1\u00a0289,70\u00a0Kč"},
		{"hu-HU", "HUF", 1289700, "12\u00a0897\u00a0Ft"},
		{"bg-BG", "EUR", 1289700, "12\u00a0897,00\u00a0€"},
		{"tr-TR", "TRY", 128970, "₺1.289,70"},
		{"ru-RU", "RUB", 128970, "1\u00a0289,70\u00a0₽"},
		{"uk-UA", "UAH", 128970, "1\u00a0289,70\u00a0₴"},
		{"he-IL", "ILS", 128970, "\u200f1,289.70\u00a0\u200f₪"},
		{"ar-EG", "EUR", 128970, "\u200f١٬٢٨٩٫٧٠\u00a0€"},
		{"ar-AE", "EUR", 128970, "\u200f1,289.70\u00a0€"},
		{"ja-JP", "JPY", 1290, "￥1,290"},
		{"ja-JP", "USD", 128970, "$1,289.70"},
		{"zh-CN", "JPY", 1290, "JP¥1,290"},
		{"ko-KR", "KRW", 12900, "₩12,900"},
		{"id-ID", "IDR", 15000000, "Rp\u00a0150.000"},

		{"de", "EUR", 128970, "1.289,70\u00a0€"},
		{"de-JP", "EUR", 128970, "1.289,70\u00a0€"},
		{"de_DE", "EUR", 128970, "1.289,70\u00a0€"},
		{"de-!!", "EUR", 128970, "1.289,70\u00a0€"},
		{"zh-Hant-TW", "TWD", 128970, "$1,289.70"},
		{"", "USD", 128970, "$1,289.70"},
		{"tlh", "USD", 128970, "US$1,289.70"},
		{"\x00\xff", "USD", 128970, "$1,289.70"},

		{"en", "XCG", 128970, "XCG\u00a01,289.70"}, // younger than x/text's symbols
		{"en", "???", 128970, "???\u00a01,289.70"},
		{"en", "USD", -128970, "-$1,289.70"},
		{"en", "USD", math.MinInt64, "-$92,233,720,368,547,758.08"},
	} {
		if got := Format(recovery.Money{Minor: c.minor, Currency: c.currency}, c.locale); got != c.want {
			t.Errorf("Format(%d %s, %q) = %+q, want %+q", c.minor, c.currency, c.locale, got, c.want)
		}
	}
}

func TestPatternsAreComplete(t *testing.T) {
	t.Parallel()
	for locale, p := range patterns() {
		if _, err := language.Parse(locale); err != nil {
			t.Errorf("patterns.tsv: %q: %v", locale, err)
		}
		if p.group == "" || p.decimal == "" || p.before+p.after == "" {
			t.Errorf("patterns.tsv: %q: unreadable: %+v", locale, p)
		}
	}
}

func BenchmarkFormat(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Format(recovery.Money{Minor: 128970, Currency: "BRL"}, "pt-BR")
	}
}
