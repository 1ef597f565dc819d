package internal_test

import (
	"strings"
	"testing"
)

// TestRules breaks each rule once, and keeps them where they come close.
func TestRules(t *testing.T) {
	t.Parallel()
	ours := func(path string) string { return module + "/" + path }
	for _, tc := range []struct {
		name, from string
		imports    []string
		want       string // part of the one breach; "" for none
	}{
		{"core on the standard library", "internal/recovery", []string{"context", "crypto/sha256"}, ""},
		{"core on a library", "internal/recovery", []string{"golang.org/x/text/language"}, "standard library only"},
		{"core on an adapter", "internal/recovery", []string{ours("internal/money")}, "standard library only"},
		{"adapter on the core", "internal/message", []string{ours("internal/recovery"), ours("internal/money"), ours("internal/message/words")}, ""},
		{"adapter on an adapter", "internal/message", []string{ours("internal/config")}, "no other adapter"},
		{"adapter on an adapter's part", "internal/config", []string{ours("internal/message/words")}, "no other adapter"},
		{"adapter on its client", "internal/taskqueue", []string{"cloud.google.com/go/cloudtasks/apiv2"}, ""},
		{"app on everything", "internal/app", []string{ours("internal/config"), ours("internal/firestoredb"), "google.golang.org/grpc"}, ""},
		{"helper on an adapter", "internal/money", []string{ours("internal/config")}, "the core only"},
		{"fakes on an adapter", "internal/recovery/recoverytest", []string{ours("internal/firestoredb")}, "the core only"},
		{"functions on app", "functions", []string{ours("internal/app"), framework + "/functions"}, ""},
		{"functions on a client", "functions", []string{"cloud.google.com/go/firestore"}, "client library"},
		{"configuration on a client", "internal/config", []string{"google.golang.org/api/option"}, "client library"},
		{"a name that only begins alike", "functions", []string{"github.com/sendgridish/x"}, ""},
		{"app on the framework", "internal/app", []string{framework + "/functions"}, "functions-framework-go"},
		{"console on the functions", "emulators/console", []string{ours("functions")}, "import functions"},
		{"local on everything", "emulators/local", []string{ours("functions"), ours("internal/app"), ours("emulators/clock"), framework + "/funcframework"}, ""},
		{"emulator on its own parts", "emulators/firestore", []string{ours("emulators/firestore/internal/lock"), "google.golang.org/grpc"}, ""},
		{"emulator on the core", "emulators/cloudtasks", []string{ours("internal/recovery")}, "nothing of internal"},
		{"terraform on an emulator", "terraform/deploy", []string{ours("emulators/firestore")}, "only tests and emulators"},
		{"functions on an emulator", "functions", []string{ours("emulators/clock")}, "only tests and emulators"},
		{"simulation on all of it", "internal/simulation", []string{ours("functions"), ours("internal/app"), ours("internal/callerauth"), ours("internal/recovery/recoverytest")}, ""},
		{"functions on the fakes", "functions", []string{ours("internal/recovery/recoverytest")}, "import the fakes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := made(tc.from)
			p.Imports = tc.imports
			expect(t, breaches([]pkg{p}), tc.want)
		})
	}
}

func TestRulesOfFiles(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, path string
		change     func(*pkg)
		want       string
	}{
		{"as it should be", "functions", func(*pkg) {}, ""},
		{"a folder", "functions/shared", func(*pkg) {}, "flat"},
		{"another name", "functions", func(p *pkg) { p.Name = "main" }, "called main"},
		{"outer tests", "functions", func(p *pkg) { p.XTestGoFiles = []string{"x_test.go"} }, "x_test.go"},
		{"a build tag", "functions", func(p *pkg) { p.IgnoredGoFiles = []string{"gen.go"} }, "gen.go"},
		{"embedded files", "functions", func(p *pkg) { p.EmbedPatterns = []string{"*.html"} }, "go:embed"},
		{"embedded files elsewhere", "internal/message", func(p *pkg) { p.EmbedPatterns = []string{"*.html"} }, ""},
		{"another module", "functions", func(p *pkg) { p.Module.Path = "example.com/x" }, "want " + module},
		{"an emulator's test on the core", "emulators/sendgrid", func(p *pkg) { p.XTestImports = []string{module + "/internal/recovery"} }, "nothing of internal"},
		{"an adapter's test on an emulator", "internal/sendgridmail", func(p *pkg) { p.TestImports = []string{module + "/emulators/sendgrid"} }, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := made(tc.path)
			tc.change(&p)
			expect(t, breaches([]pkg{p}), tc.want)
		})
	}
}

func made(path string) pkg {
	p := pkg{ImportPath: module + "/" + path, Name: path[strings.LastIndexByte(path, '/')+1:]}
	p.Module.Path = module
	return p
}

func expect(t *testing.T, got []string, want string) {
	t.Helper()
	switch {
	case want == "" && len(got) > 0:
		t.Errorf("got %q, want none", got)
	case want != "" && (len(got) != 1 || !strings.Contains(got[0], want)):
		t.Errorf("got %q, want one with %q", got, want)
	}
}
