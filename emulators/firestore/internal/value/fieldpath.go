package value

import (
	"maps"
	"regexp"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
)

// Path leads to a field: one name for each map on the way.
type Path []string

// Name is the path that a query calls the document's own name.
const Name = "__name__"

var plainSegment = regexp.MustCompile(`^[A-Za-z_][A-Za-z_0-9]*$`)

// ParsePath reads a path as requests write it: segments between dots, quoted
// with backquotes unless they are plain words; \` and \\ escape in quotes.
func ParsePath(s string) (Path, error) {
	var p Path
	for rest := s; ; {
		segment, after, ok := cutSegment(rest)
		if !ok {
			return nil, status.Errorf(codes.InvalidArgument, "Invalid property path %q.", s)
		}
		p = append(p, segment)
		if after == "" {
			return p, nil
		}
		if after[0] != '.' {
			return nil, status.Errorf(codes.InvalidArgument, "Invalid property path %q.", s)
		}
		rest = after[1:]
	}
}

func cutSegment(s string) (segment, rest string, ok bool) {
	if !strings.HasPrefix(s, "`") {
		end := strings.IndexByte(s, '.')
		if end < 0 {
			end = len(s)
		}
		return s[:end], s[end:], plainSegment.MatchString(s[:end])
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '`':
			return b.String(), s[i+1:], b.Len() > 0
		case '\\':
			i++
			if i == len(s) {
				return "", "", false
			}
			b.WriteByte(s[i])
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", false
}

// ParseFieldPath is ParsePath for a field that is written, whose names are checked.
func ParseFieldPath(s string) (Path, error) {
	p, err := ParsePath(s)
	if err != nil {
		return nil, err
	}
	for _, name := range p {
		if err := checkFieldName(name); err != nil {
			return nil, err
		}
	}
	return p, nil
}

var escaper = strings.NewReplacer("\\", "\\\\", "`", "\\`")

// String writes the path as requests do.
func (p Path) String() string {
	segments := make([]string, len(p))
	for i, s := range p {
		if !plainSegment.MatchString(s) {
			s = "`" + escaper.Replace(s) + "`"
		}
		segments[i] = s
	}
	return strings.Join(segments, ".")
}

// Get finds the field, or nil.
func (p Path) Get(f Fields) *pb.Value {
	for _, name := range p[:len(p)-1] {
		f = f[name].GetMapValue().GetFields()
	}
	return f[p[len(p)-1]]
}

// Set returns fields with the value at the path, nil taking it away. Maps on the
// way are copied, and made where there is none.
func (p Path) Set(f Fields, v *pb.Value) Fields {
	out := maps.Clone(f)
	if out == nil {
		out = Fields{}
	}
	name := p[0]
	switch {
	case len(p) > 1:
		_, isMap := f[name].GetValueType().(*pb.Value_MapValue)
		if !isMap && v == nil {
			return f // nothing there to take away
		}
		fields := p[1:].Set(f[name].GetMapValue().GetFields(), v)
		out[name] = &pb.Value{ValueType: &pb.Value_MapValue{MapValue: &pb.MapValue{Fields: fields}}}
	case v == nil:
		delete(out, name)
	default:
		out[name] = v
	}
	return out
}
