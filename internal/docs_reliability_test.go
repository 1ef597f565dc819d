package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// page is a page of the documentation, by its path from the root.
func page(t *testing.T, path string) string {
	t.Helper()
	return read(t, filepath.Join("..", path))
}

// constants are the values of a package's string constants of the named type.
func constants(t *testing.T, file, typ string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); !ok || name.Name != typ {
			return true
		}
		for _, v := range spec.Values {
			if literal, ok := v.(*ast.BasicLit); ok {
				value, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Fatal(err)
				}
				list = append(list, value)
			}
		}
		return true
	})
	if len(list) == 0 {
		t.Fatalf("%s has no constants of type %s", file, typ)
	}
	return list
}

// The table of faults has every one that the simulation knows.
func TestFaultsAreDocumented(t *testing.T) {
	t.Parallel()
	text := page(t, "docs/reliability.md")
	for _, fault := range constants(t, "simulation/fault.go", "kind") {
		if !strings.Contains(text, "*"+fault+"*") {
			t.Errorf("docs/reliability.md does not say how %q is survived: name it in the table's last column", fault)
		}
	}
}

var testName = regexp.MustCompile("`((?:Test|Fuzz)[A-Z][A-Za-z0-9]*)`")

// What the page says is shown by a test is shown by one that there is.
func TestReliabilityNamesTests(t *testing.T) {
	t.Parallel()
	there := testNames(t)
	for _, m := range testName.FindAllStringSubmatch(page(t, "docs/reliability.md"), -1) {
		if !there[m[1]] {
			t.Errorf("docs/reliability.md names %s, which is no test", m[1])
		}
	}
}

var testFunc = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Z][A-Za-z0-9]*)\(`)

// testNames are the tests and fuzz targets of the repository.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range testFunc.FindAllSubmatch(text, -1) {
			names[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
