// Package internal_test holds the code map: which package may import which, and what
// keeps the functions' folder deployable.
package internal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/comeback-checkout/comeback"

// pkg is what go list says of a package; Path is its import path without the module.
type pkg struct {
	ImportPath, Name                   string
	Imports, TestImports, XTestImports []string
	XTestGoFiles, IgnoredGoFiles       []string
	EmbedPatterns, TestEmbedPatterns   []string
	Module                             struct{ Path string }
}

// path is the package's folder, "." for the root.
func (p pkg) path() string { return folder(p.ImportPath) }

// folder is the folder of a package of this module; "" for any other.
func folder(importPath string) string {
	if importPath == module {
		return "."
	}
	below, ours := strings.CutPrefix(importPath, module+"/")
	if !ours {
		return ""
	}
	return below
}

// in says whether a folder is dir or lies below it.
func in(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }

const framework = "github.com/GoogleCloudPlatform/functions-framework-go"

// sdks are the client libraries of the services outside.
var sdks = []string{"cloud.google.com/go", "google.golang.org/api", "google.golang.org/grpc", "github.com/sendgrid", "github.com/googleapis/gax-go"}

// helpers are packages of pure computation that every adapter may use.
var helpers = []string{"internal/address", "internal/lenient", "internal/money"}

// simulation plays the whole product on the fakes, and so knows both.
const simulation = "internal/simulation"

func isStandard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

// adapter is the folder of the adapter that path belongs to, "" for none.
func adapter(path string) string {
	if !in(path, "internal") || in(path, "internal/recovery") || in(path, "internal/app") || in(path, simulation) || slices.Contains(helpers, path) {
		return ""
	}
	parts := strings.Split(path, "/")
	return strings.Join(parts[:min(len(parts), 2)], "/")
}

// rules say whether the package at from may not import to, a path of this module or
// a foreign import path. Each gives the reason, or "".
var rules = []func(from, to string, foreign bool) string{
	func(from, to string, foreign bool) string {
		if from == "internal/recovery" && (!foreign || !isStandard(to)) {
			return "the core imports the standard library only"
		}
		return ""
	},
	func(from, to string, foreign bool) string {
		a, b := adapter(from), adapter(to)
		if a != "" && !foreign && to != "internal/recovery" && !slices.Contains(helpers, to) && a != b {
			return "an adapter imports the core and no other adapter"
		}
		return ""
	},
	func(from, to string, foreign bool) string {
		helper := slices.Contains(helpers, from) || in(from, "internal/recovery/recoverytest")
		if helper && !foreign && to != "internal/recovery" {
			return "helpers and fakes import the core only"
		}
		return ""
	},
	func(from, to string, foreign bool) string {
		outside := adapter(from) != "" && from != "internal/config" && from != "internal/gcplog"
		sdk := slices.ContainsFunc(sdks, func(s string) bool { return in(to, s) })
		if foreign && sdk && !outside && !in(from, "internal/app") && !in(from, "emulators") && !in(from, "terraform/deploy/cloud") {
			return "only adapters, app and terraform/deploy/cloud import a service's client library"
		}
		return ""
	},
	func(from, to string, foreign bool) string {
		if foreign && in(to, framework) && from != "functions" && !in(from, "emulators/local") {
			return "only functions and emulators/local import functions-framework-go"
		}
		return ""
	},
	func(from, to string, foreign bool) string {
		if !foreign && in(to, "internal/app") && from != "functions" && !in(from, "emulators/local") && !in(from, simulation) {
			return "app is the composition root: only functions, emulators/local and the simulation import it"
		}
		return ""
	},
	func(from, to string, foreign bool) string {
		if !foreign && in(to, "functions") && !in(from, "emulators/local") && !in(from, simulation) {
			return "only emulators/local and the simulation import functions"
		}
		return ""
	},
	func(from, to string, foreign bool) string {
		if !foreign && in(from, "emulators") && !in(from, "emulators/local") && in(to, "internal") {
			return "an emulator is reached over the wire and imports nothing of internal"
		}
		return ""
	},
	func(from, to string, foreign bool) string {
		if !foreign && in(to, "emulators") && !in(from, "emulators") {
			return "only tests and emulators import emulators"
		}
		return ""
	},
	func(from, to string, foreign bool) string {
		if !foreign && in(from, "terraform") && in(to, "internal") && to != "internal/config" && to != "internal/recovery" {
			return "deploying knows the configuration and the core only"
		}
		return ""
	},
	func(from, to string, foreign bool) string {
		if !in(from, "terraform") && (foreign && in(to, "github.com/hashicorp") || !foreign && in(to, "terraform") && to != "terraform") {
			return "the product knows nothing of deploying but the indexes"
		}
		return ""
	},
	func(from, to string, foreign bool) string {
		if !foreign && in(to, "internal/recovery/recoverytest") && from != to && !in(from, simulation) {
			return "only tests and the simulation import the fakes"
		}
		return ""
	},
}

// breaches lists what the packages break, in their order.
func breaches(packages []pkg) []string {
	var list []string
	for _, p := range packages {
		if p.Module.Path != module {
			list = append(list, fmt.Sprintf("%s: the module is %s, want %s", p.ImportPath, p.Module.Path, module))
		}
		for _, to := range p.Imports {
			list = append(list, broken(p, to)...)
		}
		// An emulator's own tests speak to it as everybody does, over the wire.
		if in(p.path(), "emulators") && p.path() != "emulators" {
			for _, to := range slices.Concat(p.TestImports, p.XTestImports) {
				list = append(list, broken(p, to)...)
			}
		}
		list = append(list, undeployable(p)...)
	}
	return list
}

func broken(p pkg, importPath string) []string {
	to, foreign := folder(importPath), false
	if to == "" {
		to, foreign = importPath, true
	}
	var list []string
	for _, rule := range rules {
		if why := rule(p.path(), to, foreign); why != "" {
			list = append(list, fmt.Sprintf("%s imports %s: %s", p.path(), to, why))
		}
	}
	return list
}

// undeployable says why the Go buildpack would refuse the functions, whose files
// become the archive's root: it wants one package there, parses files under any
// build tag too, and finds no embedded files beside them.
func undeployable(p pkg) []string {
	var list []string
	add := func(why string) { list = append(list, p.path()+": "+why) }
	if strings.HasPrefix(p.path(), "functions/") {
		add("functions is flat: no folders")
	}
	if p.path() != "functions" {
		return list
	}
	if p.Name != "functions" {
		add("the package is called " + p.Name + ", want functions")
	}
	if len(p.XTestGoFiles) > 0 {
		add("tests are in package functions, not functions_test: " + strings.Join(p.XTestGoFiles, ", "))
	}
	if len(p.IgnoredGoFiles) > 0 {
		add("no build tags: " + strings.Join(p.IgnoredGoFiles, ", "))
	}
	if len(p.EmbedPatterns)+len(p.TestEmbedPatterns) > 0 {
		add("no go:embed")
	}
	return list
}

func TestCodeMap(t *testing.T) {
	t.Parallel()
	// -e: a package that does not compile is for the compiler to report.
	out, err := exec.CommandContext(t.Context(), "go", "list", "-e", "-json", module+"/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.path() != "." { // holds no code of its own
			packages = append(packages, p)
		}
	}
	if !slices.ContainsFunc(packages, func(p pkg) bool { return p.path() == "internal/recovery" }) {
		t.Fatalf("go list names %d packages and not the core", len(packages))
	}
	for _, breach := range breaches(packages) {
		t.Error(breach)
	}
}

// TestBuildTags looks for the constraints that go list does not report, because they
// hold on this machine.
func TestBuildTags(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../functions/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte("\n//go:build ")) || bytes.HasPrefix(content, []byte("//go:build ")) {
			t.Errorf("%s has a build tag, which the buildpack does not read", file)
		}
	}
}
