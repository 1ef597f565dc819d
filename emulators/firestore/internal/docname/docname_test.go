package docname_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/comeback-checkout/comeback/emulators/firestore/internal/docname"
)

var (
	segment = rapid.OneOf(
		rapid.StringMatching(`__id-?[0-9]{1,3}__`),
		rapid.StringMatching(`[ab_é~\x00\x01]{1,3}`),
	)
	path = rapid.Map(rapid.SliceOfN(segment, 1, 4), func(s []string) string { return strings.Join(s, "/") })
)

// The store walks by keys, queries sort by Compare: they must agree.
func TestKeyAgreesWithCompare(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := path.Draw(t, "a"), path.Draw(t, "b")
		if got, want := cmp.Compare(docname.Key(a), docname.Key(b)), docname.Compare(a, b); got != want {
			t.Errorf("%q and %q: the keys say %d, Compare %d", a, b, got, want)
		}
		if !strings.HasPrefix(docname.Key(a+"/"+b), docname.Key(a)) {
			t.Errorf("the key of %q does not begin with that of %q", a+"/"+b, a)
		}
	})
}

func TestOrder(t *testing.T) {
	t.Parallel()
	want := []string{"__id-2__", "__id9__", "__id10__", "A", "__id07__", "__id__", "a", "a/a", "a/b", "a\x00", "ab", "é"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, docname.Compare)
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][2]string{
		"projects/p/databases/(default)/documents":         {"projects/p/databases/(default)", ""},
		"projects/p/databases/d/documents/c/x/documents/y": {"projects/p/databases/d", "c/x/documents/y"},
	} {
		database, path, err := docname.Split(name)
		if err != nil || database != want[0] || path != want[1] {
			t.Errorf("%s: got %q, %q, %v; want %q", name, database, path, err, want)
		}
	}
	for _, bad := range []string{"", "projects/p", "projects/p/databases/d", "projects//databases/d/documents", "projects/p/databases/d/documents/", "x/p/databases/d/documents/c/d"} {
		if _, _, err := docname.Split(bad); err == nil {
			t.Errorf("accepted %q", bad)
		}
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	collection, collectionID, id := docname.Cut("a/b/c/d")
	if collection != "a/b/c" || collectionID != "c" || id != "d" {
		t.Errorf("got %s, %s, %s", collection, collectionID, id)
	}
}
