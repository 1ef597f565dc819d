package address_test

import (
	"strings"
	"testing"

	"github.com/comeback-checkout/comeback/internal/address"
)

const ana = "ana@example.net"

// However an address is written, it is the same one, and its normal form is its own.
func TestNormal(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		" Ana@EXAMPLE.net\t":           ana,
		"ana@bücher.example":           "ana@xn--bcher-kva.example",
		"ana@bu\u0308cher.example":     "ana@xn--bcher-kva.example",
		"ANA@BÜCHER.example":           "ana@xn--bcher-kva.example",
		"ana@XN--BCHER-KVA.example":    "ana@xn--bcher-kva.example",
		"jose\u0301@example.net":       "jos\u00e9@example.net",
		"JOSÉ@example.net":             "jos\u00e9@example.net",
		"ana@bücher\u3002example":      "ana@xn--bcher-kva.example",
		"ana@straße.example":           "ana@xn--strae-oqa.example",
		"ＡＮＡ＠ｅｘａｍｐｌｅ．ｎｅｔ":              ana,
		"\u3000ana@example.net\u00a0":  ana,
		"not an address":               "not an address",
		"nicht überall":                "nicht überall",
		"ana@über spaced.example":      "ana@über spaced.example",
		"":                             "",
		"@":                            "@",
		"ana@\u200bbücher.example":     "ana@xn--bcher-kva.example",
		strings.Repeat("ü", 300) + "@": strings.Repeat("ü", 300) + "@",
	} {
		got := address.Normal(text)
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
		if again := address.Normal(got); again != got {
			t.Errorf("%q: once %q, twice %q", text, got, again)
		}
	}
}

// Parse takes an address alone, Find the one that a text holds.
func TestParseAndFind(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct{ parsed, found string }{
		"Ana@Example.net":                  {ana, ana},
		"ana@bücher.example":               {"ana@xn--bcher-kva.example", "ana@xn--bcher-kva.example"},
		"Ana <ana@example.net>":            {"", ana},
		"ａｎａ@example.net":                  {ana, ana},
		"\u2003ana@example.net\u3000":      {ana, ana},
		"Ana\u00a0Lima <ana@example.net>":  {"", ana},
		"ana\u00a0lima@example.net":        {},
		"ana\u3000lima@example.net":        {},
		`"Lima, Ana" <Ana@Example.net>`:    {"", ana},
		"<ana@example.net>":                {"", ana},
		"ana@example.net.":                 {"", ana},
		"ana@example.net;":                 {"", ana},
		"ana@exam\u200bple.net":            {"", ana},
		"\ufeffana@example.net":            {"", ana},
		"mailto:ana@example.net":           {"", ana},
		"MAILTO:ana@example.net?subject=x": {"", ana},
		"ana@example.net, bo@example.net":  {},
		"ana":                              {},
		"ana@localhost":                    {},
		"ana@10.0.0.1":                     {},
		"ana@-a.example":                   {},
		"@example.net":                     {},
		"":                                 {},
		"Ana <>":                           {},
		"mailto:":                          {},

		strings.Repeat("a", 65) + "@example.net": {},

		"a@" + strings.Repeat("b", 64) + ".net": {},

		"a@" + strings.Repeat("bcd.", 63) + "net": {},

		"a@" + strings.Repeat("ü", 60) + ".example": {},
	} {
		parsed, ok := address.Parse(text)
		if found := address.Find(text); parsed != want.parsed || ok != (want.parsed != "") || found != want.found {
			t.Errorf("%q: parsed %q, %t, found %q; want %q, %q", text, parsed, ok, found, want.parsed, want.found)
		}
	}
}

// Whatever is found is an address in its normal form.
func FuzzFind(f *testing.F) {
	for _, seed := range []string{ana, "Ana <ana@bücher.example>", "mailto:a@b.example?x", "a@\u200bb.example.", "\"a b\"@c.example"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		found := address.Find(text)
		if found == "" {
			return
		}
		if again, ok := address.Parse(found); !ok || again != found {
			t.Errorf("%q: found %q, which is read as %q, %t", text, found, again, ok)
		}
	})
}
