package docname

import (
	"cmp"
	"encoding/binary"
	"strconv"
	"strings"
)

// The bytes that Key puts between and before segments. Each is lower than what
// may follow it, so that a shorter path comes before those that it is a part of.
const (
	endOfSegment  = "\x00\x01"
	escapedNUL    = "\x00\xff"
	numericPrefix = 1 // numeric IDs come before the strings
	stringPrefix  = 2
)

// Key turns a path into a string whose byte order is Firestore's order of
// document names: segment by segment, numeric IDs (__id7__, from Datastore) by
// their number and before all others. The key of a path begins with the key of
// each path above it.
func Key(path string) string {
	if path == "" {
		return ""
	}
	var b strings.Builder
	b.Grow(len(path) + 16)
	for segment := range strings.SplitSeq(path, "/") {
		if n, ok := number(segment); ok {
			b.WriteByte(numericPrefix)
			var raw [8]byte
			binary.BigEndian.PutUint64(raw[:], uint64(n)^1<<63) // the sign bit turned: negative numbers first
			b.Write(raw[:])
		} else {
			b.WriteByte(stringPrefix)
			b.WriteString(strings.ReplaceAll(segment, "\x00", escapedNUL))
		}
		b.WriteString(endOfSegment)
	}
	return b.String()
}

// Compare orders two whole names, or two paths, as Firestore does.
func Compare(a, b string) int {
	for {
		x, restA, moreA := strings.Cut(a, "/")
		y, restB, moreB := strings.Cut(b, "/")
		if c := compareSegments(x, y); c != 0 {
			return c
		}
		if !moreA || !moreB {
			return compareBools(moreA, moreB)
		}
		a, b = restA, restB
	}
}

func compareSegments(a, b string) int {
	n, aIsNumber := number(a)
	m, bIsNumber := number(b)
	switch {
	case aIsNumber && bIsNumber:
		return cmp.Compare(n, m)
	case aIsNumber || bIsNumber:
		return compareBools(bIsNumber, aIsNumber)
	}
	return strings.Compare(a, b)
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func isNumeric(id string) bool {
	_, ok := number(id)
	return ok
}

// number reads a numeric ID in its one spelling.
func number(id string) (int64, bool) {
	digits, ok := strings.CutPrefix(id, "__id")
	if !ok {
		return 0, false
	}
	if digits, ok = strings.CutSuffix(digits, "__"); !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, err == nil && strconv.FormatInt(n, 10) == digits
}
