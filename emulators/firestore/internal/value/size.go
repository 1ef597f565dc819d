package value

import (
	"strings"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
)

// What the storage-size formula adds (firebase.google.com/docs/firestore/storage-size).
const (
	documentOverhead = 32
	nameOverhead     = 16
)

// Size is a document's size in bytes by the service's formula.
func Size(name string, f Fields) int {
	return nameSize(name) + fieldsSize(f) + documentOverhead
}

// nameSize counts the IDs below "…/documents/", each with one byte more.
func nameSize(name string) int {
	parts := strings.SplitN(name, "/", 6)
	if len(parts) < 6 {
		return nameOverhead
	}
	return len(parts[5]) + 1 + nameOverhead // each ID's extra byte takes its slash's place
}

func fieldsSize(f Fields) int {
	n := 0
	for name, v := range f {
		n += len(name) + 1 + valueSize(v)
	}
	return n
}

func valueSize(v *pb.Value) int {
	switch TypeOf(v) {
	case Number, Timestamp:
		return 8
	case String:
		return len(v.GetStringValue()) + 1
	case Bytes:
		return len(v.GetBytesValue())
	case Reference:
		return nameSize(v.GetReferenceValue())
	case GeoPoint:
		return 16
	case Array:
		n := 0
		for _, e := range v.GetArrayValue().GetValues() {
			n += valueSize(e)
		}
		return n
	case Vector, Map:
		return fieldsSize(v.GetMapValue().GetFields())
	}
	return 1 // null and bool
}

// entries counts the automatic indexes' entries: ascending and descending for
// each field, those inside maps too, and one for each element of an array.
func entries(f Fields, at Path, exempt func(Path) bool) int {
	n := 0
	for name, v := range f {
		p := append(at, name)
		if !exempt(p) {
			n += 2 + len(v.GetArrayValue().GetValues())
		}
		if TypeOf(v) == Map {
			n += entries(v.GetMapValue().GetFields(), p, exempt)
		}
	}
	return n
}
