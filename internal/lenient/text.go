package lenient

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text is the field's text, or its number as it is written; "" for anything else. It is
// valid UTF-8 in one line, without spaces at its ends, and cut to limit characters.
func (o Object) Text(name string, limit int) string {
	s := strings.TrimSpace(strings.Map(oneLine, o.scalar(name)))
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:limit]))
}

// oneLine keeps control characters out of mails and their headers.
func oneLine(r rune) rune {
	switch {
	case r == '\n', r == '\t':
		return ' '
	case unicode.IsControl(r):
		return -1
	}
	return r
}

// scalar is a string or a number as text.
func (o Object) scalar(name string) string { return scalarOf(o.fields[name]) }

func scalarOf(raw json.RawMessage) string {
	if len(raw) == 0 {
		return ""
	}
	if raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9' {
		return string(raw)
	}
	var s string
	if raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// maxExact is the largest number up to which a float tells every whole one.
const maxExact = 1 << 53

// ID is the field's ID: a text or a number, in one spelling for each. "0" is none. Of
// "gid://shopify/Order/6120" it is "6120".
func (o Object) ID(name string) string {
	return idOf(o.fields[name])
}

// IDs are the IDs of the field's array, at most limit.
func (o Object) IDs(name string, limit int) (ids []string) {
	raw := o.fields[name]
	if !bytes.HasPrefix(raw, []byte("[")) {
		return nil
	}
	var parts []json.RawMessage
	_ = json.Unmarshal(raw, &parts)
	for _, part := range parts {
		id := idOf(part)
		if id == "" {
			e := Object{map[string]json.RawMessage{"": part}}
			id = e.Sub("").ID("id")
		}
		if id != "" && len(ids) < limit {
			ids = append(ids, id)
		}
	}
	return ids
}

func idOf(raw json.RawMessage) string {
	s := strings.TrimSpace(scalarOf(raw))
	if len(raw) > 0 && raw[0] != '"' && strings.ContainsAny(s, ".eE") {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || math.Abs(f) > maxExact || f != math.Trunc(f) {
			return ""
		}
		s = strconv.FormatInt(int64(f), 10)
	}
	if rest, ok := strings.CutPrefix(s, "gid://"); ok {
		rest, _, _ = strings.Cut(rest, "?")
		s = rest[strings.LastIndexByte(rest, '/')+1:]
	}
	if s == "0" {
		return ""
	}
	return s
}

// Bool is the field's truth; nil where it does not tell.
func (o Object) Bool(name string) *bool {
	raw := string(o.fields[name])
	if raw != "true" && raw != "false" {
		raw = strings.ToLower(strings.TrimSpace(o.scalar(name)))
	}
	yes, no := true, false
	switch raw {
	case "true", "1", "yes", "on":
		return &yes
	case "false", "0", "no", "off":
		return &no
	}
	return nil
}
