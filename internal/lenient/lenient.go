// Package lenient reads JSON that nobody here can mend: what shop systems send, in the
// forms that many shops with many plugins have given it. A number may be a string and a
// string a number, a part may be null, missing or of another type. What cannot be used
// reads as if it were not there; nothing is an error but a text that is no object.
package lenient

import (
	"bytes"
	"encoding/json"
	"strconv"
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
// It reports whether there is an array, of which something can be read if it is not empty. PHP writes one whose numbers have gaps as an
// object: its values count in the order of their numbers.
func (o Object) List(name string, limit int) (list []Object, more int, there bool) {
	return o.list(name, limit, func(Object) bool { return true })
}

// Lines is List without the objects whose quantity is nothing or less: they were taken
// out, and count neither towards the limit nor as more.
func (o Object) Lines(name string, limit int) (list []Object, more int, there bool) {
	return o.list(name, limit, func(e Object) bool { return !e.none("quantity") })
}

func (o Object) list(name string, limit int, counts func(Object) bool) (list []Object, more int, there bool) {
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
	readable := len(parts) == 0
	for _, part := range parts {
		if !bytes.HasPrefix(part, []byte("{")) {
			continue
		}
		readable = true
		var e Object
		_ = json.Unmarshal(part, &e.fields)
		switch {
		case !counts(e):
		case len(list) == limit:
			more++
		default:
			list = append(list, e)
		}
	}
	return list, more, readable
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
