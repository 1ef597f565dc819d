package value

import (
	"slices"
	"strings"
	"testing"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// FuzzFieldPath looks for a path that is read as another, or that loses its value.
func FuzzFieldPath(f *testing.F) {
	for _, s := range []string{"a", "a.b", "reminders.`1-0`.state", "``", "`a", "a.", ".a", "`a`b", "`\\``", "`\\\\`.x", "__name__", "__x__", "`a.b`", "", "\xff", "`\xff`", strings.Repeat("a.", 200) + "a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParseFieldPath(s)
		if err != nil {
			if status.Code(err) != codes.InvalidArgument {
				t.Errorf("%q: got %v, want INVALID_ARGUMENT", s, err)
			}
			return
		}
		if again, err := ParsePath(p.String()); err != nil || !slices.Equal(p, again) {
			t.Errorf("%q is %q, written %q, which is %q, %v", s, p, p.String(), again, err)
		}
		v := &pb.Value{ValueType: &pb.Value_BooleanValue{BooleanValue: true}}
		fields := p.Set(nil, v)
		if p.Get(fields) != v || p.Get(p.Set(fields, nil)) != nil {
			t.Errorf("%q does not keep its value", s)
		}
	})
}
