package lenient

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// field is an object whose one field x has the value.
func field(t *testing.T, value string) Object {
	t.Helper()
	o, ok := Parse([]byte(`{"x":` + value + `}`))
	if !ok {
		t.Fatalf("%s is no object", value)
	}
	return o
}

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`{}`: true, " {\"a\":1}\n": true, "\ufeff{}": true, "{\"a\":\"\xff\"}": true,
		``: false, `null`: false, `[]`: false, `"a"`: false, `{`: false, `{}{}`: false, `webhook_id=1`: false,
		strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000): false,
	} {
		if _, ok := Parse([]byte(text)); ok != want {
			t.Errorf("%.40q: got %v, want %v", text, ok, want)
		}
	}
	var none Object
	if none.Text("a", 9) != "" || none.Has("a") || none.Sub("a").Has("b") {
		t.Error("the zero value has fields")
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		`"a"`: "a", `" a\n b\u0000 "`: "a  b", `7`: "7", `-1.50`: "-1.50", `null`: "", `true`: "", `["a"]`: "", `{"a":1}`: "", `""`: "",
		"\"a\xff\"": "a\ufffd", `"abcdefghijk"`: "abcdefgh", `"ääääääääää"`: "ääääääää", `"\ud800"`: "\ufffd",
	} {
		if got := field(t, value).Text("x", 8); got != want {
			t.Errorf("%s: got %q, want %q", value, got, want)
		}
	}
}

func TestID(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		`6120044556677`: "6120044556677", `"6120044556677"`: "6120044556677", `981820079255243537`: "981820079255243537",
		`6120044556677.0`: "6120044556677", `6.120044556677e12`: "6120044556677", `1.5`: "", `1e300`: "",
		`"gid://shopify/Order/6120"`: "6120", `"gid://shopify/Cart/Z2Nw?key=1"`: "Z2Nw", `" 5d2f "`: "5d2f",
		`0`: "", `"0"`: "", `""`: "", `null`: "", `true`: "", `{}`: "", `"1.0"`: "1.0",
	} {
		if got := field(t, value).ID("x"); got != want {
			t.Errorf("%s: got %q, want %q", value, got, want)
		}
	}
}

func TestIDs(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		`[6120,"6121",{"id":6122},"gid://shopify/Order/6123",null,0,[1],true]`: "6120 6121 6122 6123", `[1,2,3,4,5,6]`: "1 2 3 4", `null`: "", `"1"`: "", `{"0":1}`: "",
	} {
		if got := strings.Join(field(t, value).IDs("x", 4), " "); got != want {
			t.Errorf("%s: got %q, want %q", value, got, want)
		}
	}
}

func TestBool(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		`true`: "yes", `"true"`: "yes", `1`: "yes", `"1"`: "yes", `" Yes "`: "yes", `false`: "no", `"FALSE"`: "no", `0`: "no", `"no"`: "no",
		`null`: "", `""`: "", `2`: "", `"perhaps"`: "", `[]`: "", `{}`: "",
	} {
		got := ""
		if b := field(t, value).Bool("x"); b != nil {
			got = map[bool]string{true: "yes", false: "no"}[*b]
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", value, got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]int{
		`3`: 3, `"3"`: 3, `2.0`: 2, `2.9`: 2, `0`: 1, `-4`: 1, `1e300`: 99, `"NaN"`: 7, `null`: 7, `"x"`: 7, `[]`: 7,
	} {
		if got := field(t, value).Int("x", 1, 99, 7); got != want {
			t.Errorf("%s: got %d, want %d", value, got, want)
		}
	}
	for value, want := range map[string]string{
		`"74.00"`: "74.00", `50.42`: "50.42", `33.333333333333336`: "33.333333333333336", `"-10.00"`: "-10.00", `"+1"`: "1", `1e2`: "100",
		`"1.5E1"`: "15", `".5"`: "0.5", `"5."`: "5", `" 7 "`: "7", `1e300`: "", `1e999`: "", `"1,50"`: "", `"€5"`: "", `"0x10"`: "", `"--1"`: "",
		`"NaN"`: "", `"Inf"`: "", `null`: "", `true`: "", `""`: "", `"."`: "", `"1_0"`: "", `"٣"`: "",
		`"` + strings.Repeat("9", 100) + `"`: "", `1e-300`: "",
	} {
		if got := field(t, value).Decimal("x"); got != want {
			t.Errorf("%s: got %q, want %q", value, got, want)
		}
	}
}

func TestInstant(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("", 3600)
	for value, want := range map[string]string{
		`"2026-11-20T12:30:04-05:00"`:           "2026-11-20T17:30:04Z",
		`"2026-11-20T17:30:05.123456789Z"`:      "2026-11-20T17:30:05.123456789Z",
		`"2026-11-20T12:30:04-0500"`:            "2026-11-20T17:30:04Z",
		`"2026-11-20 12:30:04 -0500"`:           "2026-11-20T17:30:04Z",
		`"2026-11-20 17:30:04 UTC"`:             "2026-11-20T17:30:04Z",
		`"2026-11-20T17:02:11"`:                 "2026-11-20T16:02:11Z",
		`"2026-11-20 17:02:11"`:                 "2026-11-20T16:02:11Z",
		`"2026-11-20"`:                          "2026-11-19T23:00:00Z",
		`1795195804`:                            "2026-11-20T17:30:04Z",
		`"1795195804000"`:                       "2026-11-20T17:30:04Z",
		`"0000-00-00 00:00:00"`:                 "",
		`"1970-01-01T00:00:00Z"`:                "",
		`"9999-12-31T00:00:00Z"`:                "",
		`0`:                                     "",
		`-1`:                                    "",
		`99999999999999999999`:                  "",
		`"2026-11-20 17:30:04 EST"`:             "",
		`"tomorrow"`:                            "",
		`""`:                                    "",
		`null`:                                  "",
		`{"date":"2026-11-20 17:02:11.000000"}`: "",
	} {
		got := ""
		if at := field(t, value).Instant("x", zone); !at.IsZero() {
			got = at.Format(time.RFC3339Nano)
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", value, got, want)
		}
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]struct {
		ids   string
		more  int
		there bool
	}{
		`[{"i":1},{"i":2}]`:                     {"1 2", 0, true},
		`[{"i":1},null,7,[],{"i":2}]`:           {"1 2", 0, true},
		`[{"i":1},{"i":2},{"i":3},{"i":4},{}]`:  {"1 2 3", 2, true},
		`[null,"x"]`:                            {"", 0, false},
		`[]`:                                    {"", 0, true},
		`{"2":{"i":2},"0":{"i":1},"5":{"i":3}}`: {"1 2 3", 0, true},
		`{"999999999":{"i":1}}`:                 {"", 0, false},
		`{"a":{"i":1}}`:                         {"", 0, false},
		`{}`:                                    {"", 0, false},
		`null`:                                  {"", 0, false},
		`"[]"`:                                  {"", 0, false},
	} {
		list, more, there := field(t, value).List("x", 3)
		var ids []string
		for _, e := range list {
			ids = append(ids, e.ID("i"))
		}
		if diff := cmp.Diff(want.ids, strings.Join(ids, " ")); diff != "" || more != want.more || there != want.there {
			t.Errorf("%s: got %q and %d more, %v; want %+v", value, ids, more, there, want)
		}
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	for quantity, left := range map[string]bool{
		`3`: true, `"2.5"`: true, `0.5`: true, `1e300`: true, `"NaN"`: true, `null`: true, `""`: true, `"x"`: true, `[]`: true, `{}`: true,
		`0`: false, `"0"`: false, `"0.0"`: false, `" 0 "`: false, `-4`: false, `"-0"`: false,
	} {
		list, more, there := field(t, `[{"quantity":`+quantity+`,"i":1},{"i":2},{"quantity":`+quantity+`},{"i":4}]`).Lines("x", 1)
		want, past := "2", 1
		if left {
			want, past = "1", 3
		}
		if len(list) != 1 || list[0].ID("i") != want || more != past || !there {
			t.Errorf("%s: got %d lines and %d more, %t", quantity, len(list), more, there)
		}
		if list, more, there := field(t, `[{"quantity":`+quantity+`}]`).Lines("x", 9); len(list) == 1 != left || more != 0 || !there {
			t.Errorf("only %s: got %d lines and %d more, %t", quantity, len(list), more, there)
		}
	}
}

// FuzzObject looks for a text that reading ends by, or that reads as what its limits
// forbid.
func FuzzObject(f *testing.F) {
	for _, text := range []string{`{"x":1}`, `{"x":"2026-11-20T12:30:04-05:00"}`, `{"x":[{"x":1}]}`, `{"x":{"0":{"x":1e308}}}`, "\ufeff{\"x\":\"\xff\"}", `{"x":"gid://a/b?c"}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		o, ok := Parse(text)
		if !ok {
			return
		}
		if s := o.Text("x", 5); len([]rune(s)) > 5 || strings.ContainsAny(s, "\r\n\x00") {
			t.Errorf("text %q", s)
		}
		if n := o.Int("x", 1, 9, 3); n < 1 || n > 9 {
			t.Errorf("number %d", n)
		}
		if s := o.Decimal("x"); s != "" && !decimal.MatchString(s) {
			t.Errorf("decimal %q", s)
		}
		if at := o.Instant("x", nil); !at.IsZero() && (at.Year() < 1989 || at.Year() > 9001) {
			t.Errorf("instant %v", at)
		}
		if list, _, _ := o.List("x", 2); len(list) > 2 {
			t.Errorf("%d elements", len(list))
		}
		_, _, _ = o.ID("x"), o.Bool("x"), o.Sub("x").Has("x")
	})
}
