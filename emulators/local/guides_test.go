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

var typed = regexp.MustCompile(`(?m)^\$ (curl .*)$`)

// readme is what README has one type, as one snippet for a system at other addresses.
func readme(t *testing.T, w *world) snippet {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := strings.NewReplacer("http://127.0.0.1:8080", w.FunctionsURL, "http://127.0.0.1:8025", w.ConsoleURL, "curl -s ", "curl -sS --fail-with-body ")
	s := snippet{language: "sh", name: "readme"}
	for _, m := range typed.FindAllStringSubmatch(string(text), -1) {
		s.text += elsewhere.Replace(m[1]) + "\n"
	}
	return s
}

var example = regexp.MustCompile(`[a-z]+@example\.net`)

// shopper is the address in the snippet.
func (s snippet) shopper(t *testing.T) string {
	t.Helper()
	found := example.FindString(s.text)
	if found == "" {
		t.Fatalf("%s names no shopper", s)
	}
	return found
}

// lineWith is the line that has the text.
func (s snippet) lineWith(t *testing.T, text string) string {
	t.Helper()
	for line := range strings.Lines(s.text) {
		if strings.Contains(line, text) {
			return line
		}
	}
	t.Fatalf("%s has no line with %q", s, text)
	return ""
}

func (s snippet) String() string { return s.language + " " + s.name }

// tool names what runs the snippet, and the file that it stands in then.
func (s snippet) tool() (tool, file string) {
	how := map[string]struct{ file, tool string }{"sh": {"s.sh", "bash"}, "go": {"main.go", "go"}, "php": {"s.php", "php"}, "js": {"s.js", "node"}}[s.language]
	return how.tool, how.file
}

// missing says whether this machine cannot run the snippet.
func (s snippet) missing() bool {
	tool, _ := s.tool()
	_, err := exec.LookPath(tool)
	return err != nil
}

// program makes the snippet a command. Without the language on this machine there is none:
// CI installs PHP and Node beside what it has.
func (s snippet) program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	name, file := s.tool()
	tool, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not run: no %s on this machine", s, name)
	}
	dir := t.TempDir()
	file = filepath.Join(dir, file)
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
			w.wantMails(s.shopper(t))
			if out := w.run(order, address, "", args...); !strings.Contains(out, `"matched":["chk_`) {
				t.Errorf("the order was answered %s", out)
			}
			w.advance(80 * time.Hour)
			w.wantMails(s.shopper(t))
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
			shopper := named(t, list, "sh checkout").shopper(t)
			w.wantMails(shopper)
			if out := w.run(named(t, list, "sh order"), w.FunctionsURL, ""); !strings.Contains(out, `{"outcome":"recorded"}`) {
				t.Errorf("the order was answered %s", out)
			}
			w.wantMails(shopper)
		})
	}
}

// ahead starts a clock that is ahead of the machine's, as it is where time was advanced,
// and whose fraction of a second looks like the start of a year.
func ahead(o *Options) {
	o.Now = time.Date(2099, 11, 20, 17, 30, 0, 201_000_000, time.UTC)
}

// Whoever follows README's commands and then the guides, one after the other and on one
// system, gets a mail from each: they share no shopper, cart or order, whoever was erased
// is not in the next, and they go by the system's clock.
func TestGuidesOneAfterAnother(t *testing.T) {
	t.Parallel()
	config := named(t, guide(t, "shopify"), "yaml ").text + named(t, guide(t, "woocommerce"), "yaml ").lineWith(t, "woocommerce:")
	w := newWorld(t, withConfig(config), ahead)
	first := readme(t, w)
	w.run(first, w.FunctionsURL, "")
	want := []string{first.shopper(t)}
	w.wantMails(want...)
	for _, name := range []string{"backend", "shopify", "woocommerce"} {
		list := guide(t, name)
		for _, s := range list {
			if s.name == "privacy" {
				w.run(s, w.FunctionsURL, "")
			}
			if s.language == "go" || s.name != "checkout" && s.name != "client" || s.missing() {
				continue
			}
			want = append(want, s.shopper(t))
			order, args := s, []string{"order"}
			if s.name == "checkout" {
				order, args = named(t, list, "sh order"), nil
			}
			w.run(s, w.FunctionsURL, "")
			w.advance(31 * time.Minute)
			w.wantMails(want...)
			w.run(order, w.FunctionsURL, "", args...)
			w.advance(80 * time.Hour)
			w.wantMails(want...)
		}
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
