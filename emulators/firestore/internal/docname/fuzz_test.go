package docname

import (
	"cmp"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// FuzzDocument looks for names that are no names of documents, and for two whose keys
// stand in another order than they do.
func FuzzDocument(f *testing.F) {
	const root = "projects/p/databases/(default)/documents/"
	for _, path := range []string{"c/d", "c/d/e/f", "c", "", "/", "c//d", "c/.", "c/..", "c/__x__", "c/__id7__", "c/__id-9223372036854775808__", "c/__id07__", "c/\x00", "c/\xff", "c/d\x00\x01", "stores/a/checkouts/b/", strings.Repeat("c/d/", 101) + "c/d"} {
		f.Add(root+path, root+"c/d")
		f.Add(root+"c/__id8__", root+path)
		f.Add(path, "projects/p/databases//documents/"+path)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		var paths []string
		for _, name := range []string{a, b} {
			database, path, err := Document(name)
			switch {
			case err != nil && status.Code(err) != codes.InvalidArgument:
				t.Errorf("%q: got %v, want INVALID_ARGUMENT", name, err)
			case err == nil && database+"/documents/"+path != name:
				t.Errorf("%q is %q of %q", name, path, database)
			case err == nil:
				paths = append(paths, path)
				if collection, id, doc := Cut(path); Join(collection, doc) != path || !strings.HasSuffix(collection, id) || CheckID(doc) != nil {
					t.Errorf("%q is %q in %q", path, doc, collection)
				}
			}
		}
		if len(paths) == 2 && cmp.Compare(Key(paths[0]), Key(paths[1])) != Compare(paths[0], paths[1]) {
			t.Errorf("%q and %q stand in another order than their keys", paths[0], paths[1])
		}
	})
}
