package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/config"
)

// snippet is a fenced block of a guide, "```sh checkout": a language, and a name if it is
// a program.
type snippet struct{ language, name, text string }

var fence = regexp.MustCompile("(?ms)^```([a-z]*) ?([a-z]*)\n(.*?)^```$")

func guide(t *testing.T, name string) (list []snippet) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "guides", name+".md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range fence.FindAllStringSubmatch(string(text), -1) {
		list = append(list, snippet{m[1], m[2], m[3]})
	}
	return list
}

func (s snippet) String() string { return s.language + " " + s.name }

// program makes the snippet a command. Without the language on this machine there is none:
// CI installs PHP and Node beside what it has.
func (s snippet) program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	how := map[string]struct{ file, tool string }{"sh": {"s.sh", "bash"}, "go": {"main.go", "go"}, "php": {"s.php", "php"}, "js": {"s.js", "node"}}[s.language]
	tool, err := exec.LookPath(how.tool)
	if err != nil {
		t.Skipf("%s is not run: no %s on this machine", s, how.tool)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, how.file)
	if err := os.WriteFile(file, []byte(s.text), 0o600); err != nil {
		t.Fatal(err)
	}
	command := []string{tool, file}
	switch s.language {
	case "sh":
		command = []string{tool, "-euo", "pipefail", file}
	case "go":
		command = []string{filepath.Join(dir, "program")}
		if out, err := exec.CommandContext(t.Context(), tool, "build", "-o", command[0], file).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", s, err, out)
		}
	}
	cmd := exec.CommandContext(t.Context(), command[0], append(command[1:], args...)...)
	cmd.Dir = dir
	return cmd
}

// run runs the snippet against the system and returns what it wrote.
func (w *world) run(s snippet, address, input string, args ...string) string {
	t := w.t.(*testing.T)
	t.Helper()
	cmd := s.program(t, args...)
	cmd.Env = append(os.Environ(), "COMEBACK_URL="+address, "COMEBACK_CONSOLE="+w.ConsoleURL, "COMEBACK_API_KEY=local", "WEBHOOK_SECRET="+config.LocalShopifySecret, "no_proxy=*")
	cmd.Stdin = strings.NewReader(input)
	var failure bytes.Buffer
	cmd.Stderr = &failure
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", s, err, out, failure.String())
	}
	return string(out)
}

// shaky passes calls on to the system, but for the first, for which there is no answer
// but 503.
func shaky(t *testing.T, to string) string {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	var calls atomic.Int32
	proxy := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 1 {
			rw.Header().Set("Retry-After", "0")
			rw.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		proxy.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// The guide for a backend of its own: each client's checkout is mailed once, though it was
// refused at first, and not after its order.
func TestBackendGuide(t *testing.T) {
	t.Parallel()
	list := guide(t, "backend")
	for _, s := range list {
		if s.name != "client" && s.name != "checkout" {
			continue
		}
		t.Run(s.language, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			order, address, args := s, shaky(t, w.FunctionsURL), []string{"order"}
			if s.name == "checkout" { // a person repeats it by hand
				order, address, args = named(t, list, "sh order"), w.FunctionsURL, nil
			}
			if out := w.run(s, address, ""); !strings.Contains(out, `"scheduled"`) {
				t.Errorf("the checkout was answered %s", out)
			}
			w.advance(31 * time.Minute)
			w.wantMails("ana@example.net")
			if out := w.run(order, address, "", args...); !strings.Contains(out, `"chk_1042"`) {
				t.Errorf("the order was answered %s", out)
			}
			w.advance(80 * time.Hour)
			w.wantMails("ana@example.net")
		})
	}
	t.Run("privacy", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.run(named(t, list, "sh checkout"), w.FunctionsURL, "")
		w.run(named(t, list, "sh privacy"), w.FunctionsURL, "")
		w.advance(80 * time.Hour)
		w.wantMails()
	})
	wantNames(t, list, "sh checkout", "sh order", "go client", "php client", "js client", "sh privacy")
}

// The guides of the shop systems: their configuration and their signed webhooks.
func TestShopGuides(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"shopify":     {"yaml ", "sh checkout", "sh order", "go sign", "php sign", "js sign"},
		"woocommerce": {"yaml ", "sh checkout", "sh order"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list := guide(t, name)
			wantNames(t, list, want...)
			w := newWorld(t, withConfig(named(t, list, "yaml ").text))
			if out := w.run(named(t, list, "sh checkout"), w.FunctionsURL, ""); !strings.Contains(out, `{"outcome":"created"}`) {
				t.Errorf("the checkout was answered %s", out)
			}
			w.wantMails("ana@example.net")
			if out := w.run(named(t, list, "sh order"), w.FunctionsURL, ""); !strings.Contains(out, `{"outcome":"recorded"}`) {
				t.Errorf("the order was answered %s", out)
			}
			w.wantMails("ana@example.net")
		})
	}
}

// The signatures in other languages are those that Comeback takes.
func TestGuideSignatures(t *testing.T) {
	t.Parallel()
	for _, s := range guide(t, "shopify") {
		if s.name != "sign" {
			continue
		}
		t.Run(s.language, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, withConfig(named(t, guide(t, "shopify"), "yaml ").text))
			body := `{"token":"t","email":"ana@example.net","line_items":[{"title":"Tä"}]}`
			signature := strings.TrimSpace(w.run(s, w.FunctionsURL, body))
			w.post(http.StatusOK, "/webhooks/shopify", body, "Authorization", "", "X-Shopify-Topic", "checkouts/create",
				"X-Shopify-Shop-Domain", "northwind.myshopify.com", "X-Shopify-Hmac-Sha256", signature)
		})
	}
}

func named(t *testing.T, list []snippet, name string) snippet {
	t.Helper()
	for _, s := range list {
		if s.String() == name {
			return s
		}
	}
	t.Fatalf("the guide has no snippet %q", name)
	return snippet{}
}

// wantNames wants the guide to have these snippets and no others: one more is not run yet.
func wantNames(t *testing.T, list []snippet, want ...string) {
	t.Helper()
	var got []string
	for _, s := range list {
		got = append(got, s.String())
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the guide has %q, the test runs %q", got, want)
	}
}
