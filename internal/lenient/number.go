package lenient

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

// Int is the field's whole number within the bounds: the nearest of them where it is
// beyond, and missing where it is none.
func (o Object) Int(name string, from, to, missing int) int {
	f, err := strconv.ParseFloat(strings.TrimSpace(o.scalar(name)), 64)
	if err != nil || math.IsNaN(f) {
		return missing
	}
	return int(min(max(f, float64(from)), float64(to)))
}

// none says whether the field is a number, of nothing or less.
func (o Object) none(name string) bool {
	f, err := strconv.ParseFloat(strings.TrimSpace(o.scalar(name)), 64)
	return err == nil && f <= 0
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
