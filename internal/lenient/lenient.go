// Package lenient reads JSON that nobody here can mend: what shop systems send, in the
// forms that many shops with many plugins have given it. A number may be a string and a
// string a number, a part may be null, missing or of another type. What cannot be used
// reads as if it were not there; nothing is an error but a text that is no object.
package lenient

import (
	"bytes"
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Object is a JSON object. The zero value has no fields.
type Object struct{ fields map[string]json.RawMessage }

// Parse reads a text that is one object. It reports whether it is.
func Parse(text []byte) (Object, bool) {
	var o Object
	err := json.Unmarshal(bytes.TrimPrefix(text, []byte("\ufeff")), &o.fields)
	return o, err == nil && o.fields != nil
}

// Sub is the field's object; without fields where it has none.
func (o Object) Sub(name string) Object {
	var sub Object
	if raw := o.fields[name]; bytes.HasPrefix(raw, []byte("{")) {
		_ = json.Unmarshal(raw, &sub.fields) // it is a part of a valid text
	}
	return sub
}

// List is the objects of the field's array, at most limit, and how many more there are.
// It reports whether there is an array. PHP writes one whose numbers have gaps as an
// object: its values count in the order of their numbers.
func (o Object) List(name string, limit int) (list []Object, more int, there bool) {
	raw := o.fields[name]
	var parts []json.RawMessage
	switch {
	case bytes.HasPrefix(raw, []byte("[")):
		_ = json.Unmarshal(raw, &parts)
	case bytes.HasPrefix(raw, []byte("{")):
		if parts, there = numbered(o.Sub(name)); !there {
			return nil, 0, false
		}
	default:
		return nil, 0, false
	}
	for _, part := range parts {
		if !bytes.HasPrefix(part, []byte("{")) {
			continue
		}
		if len(list) == limit {
			more++
			continue
		}
		var e Object
		_ = json.Unmarshal(part, &e.fields)
		list = append(list, e)
	}
	return list, more, true
}

// numbered are the values of an object whose names are all numbers, by these.
func numbered(o Object) (parts []json.RawMessage, ok bool) {
	for i := 0; len(parts) < len(o.fields); i++ {
		if i > 10*len(o.fields)+100 {
			return nil, false
		}
		if raw, there := o.fields[strconv.Itoa(i)]; there {
			parts = append(parts, raw)
		}
	}
	return parts, len(parts) > 0
}

// Has reports whether the field is there and not null.
func (o Object) Has(name string) bool {
	raw, there := o.fields[name]
	return there && string(raw) != "null"
}

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

// Int is the field's whole number within the bounds: the nearest of them where it is
// beyond, and missing where it is none.
func (o Object) Int(name string, from, to, missing int) int {
	f, err := strconv.ParseFloat(strings.TrimSpace(o.scalar(name)), 64)
	if err != nil || math.IsNaN(f) {
		return missing
	}
	return int(min(max(f, float64(from)), float64(to)))
}

var decimal = regexp.MustCompile(`^-?[0-9]{1,20}(\.[0-9]{1,40})?$`)

// Decimal is the field's number as plain digits, with a point and more digits if need
// be, and a minus before it if it is negative; "" where it is none.
func (o Object) Decimal(name string) string {
	s := strings.TrimPrefix(strings.TrimSpace(o.scalar(name)), "+")
	if len(s) > 40 {
		return ""
	}
	if strings.ContainsAny(s, "eE") {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return ""
		}
		s = strconv.FormatFloat(f, 'f', -1, 64)
	}
	if s = strings.TrimSuffix(s, "."); strings.HasPrefix(s, ".") {
		s = "0" + s
	}
	if !decimal.MatchString(s) {
		return ""
	}
	return s
}

// layouts are the forms of instants, those that tell their zone first.
var layouts = []string{
	time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z0700",
	"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02",
}

// Instant is the field's instant, also as seconds or milliseconds since 1970; the zero
// time where it is none. One that does not tell its zone is of the given one.
func (o Object) Instant(name string, zone *time.Location) time.Time {
	s := strings.TrimSpace(o.scalar(name))
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if n >= 100_000_000_000 {
			return plausible(time.UnixMilli(n))
		}
		return plausible(time.Unix(n, 0))
	}
	if zone == nil {
		zone = time.UTC
	}
	for _, name := range []string{" UTC", " GMT"} { // of other names the offset is not known
		if rest, ok := strings.CutSuffix(s, name); ok {
			s = rest + "Z"
		}
	}
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return plausible(t)
		}
	}
	return time.Time{}
}

// plausible keeps out what is written for "never", such as the year 0 or 1970.
func plausible(t time.Time) time.Time {
	if t.Year() < 1990 || t.Year() > 9000 {
		return time.Time{}
	}
	return t.UTC()
}
