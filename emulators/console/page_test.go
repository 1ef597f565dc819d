package console_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/emulators/console"
)

func (w *world) page(t *testing.T, path string) (*http.Response, string) {
	t.Helper()
	resp, body := w.call(t, http.MethodGet, path, "")
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: got %d %s", path, resp.StatusCode, body)
	}
	return resp, body
}

func TestPageShowsWhatThereIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, body := w.page(t, "/")
	for _, want := range []string{"No mail yet", "Nothing is pending", "All parts work", "real time", "overdue", "&lt;fine&gt;", `{&#34;runs&#34;:3}`, "sendgrid: accept_then_drop"} {
		if !strings.Contains(body, want) {
			t.Errorf("the empty page lacks %q", want)
		}
	}
	first := w.send(t, "ana@example.net", "First", "<p>A</p>")
	second := w.send(t, "ben@example.net", `<script>alert("2")</script>`, "<p>B</p>")
	now := w.clock.Now()
	w.queue.put(
		console.Task{Name: "k1-1-0", Queue: "reminders", ScheduleTime: now.Add(-time.Minute)},
		console.Task{Name: "k2-1-0", Queue: "reminders", ScheduleTime: now.Add(90*time.Minute + 10*time.Second), Attempts: 3},
	)
	w.want(t, http.StatusOK, "POST", "/api/faults", `{"target":"sendgrid","mode":"slow"}`, new(any))
	_, body = w.page(t, "/")
	for _, want := range []string{
		"ana@example.net", "ben@example.net", "&lt;script&gt;", `src="/messages/` + second + `/html"`, "The text part",
		"k1-1-0", "1 min ago", "k2-1-0", "in 1 h 30 min", "tried 3×", "data-set=\"" + now.Add(90*time.Minute+10*time.Second).Format(time.RFC3339Nano), "slow, rate 1, 1s",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(body, `<script>alert`) {
		t.Error("a mail's subject is not escaped")
	}
	if strings.Index(body, second) > strings.Index(body, first) {
		t.Error("want the newest mail first")
	}
	_, body = w.page(t, "/messages/"+first)
	if !strings.Contains(body, `src="/messages/`+first+`/html"`) {
		t.Error("the mail's page does not show it")
	}
	if resp, body := w.call(t, http.MethodGet, "/messages/nobody", ""); resp.StatusCode != http.StatusNotFound || !strings.Contains(body, "no such mail") {
		t.Errorf("got %d, want 404 with the page", resp.StatusCode)
	}
}

func TestPageLoadsNothingFromOutside(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.send(t, "ana@example.net", "First", `<p>A</p>`)
	resp, body := w.page(t, "/")
	if policy := resp.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'; script-src 'self'; style-src 'self';") || strings.Contains(policy, "unsafe") {
		t.Errorf("got policy %q", policy)
	}
	loads := regexp.MustCompile(`<(?:script|link|img|iframe)[^>]*(?:src|href)="([^"]*)"`).FindAllStringSubmatch(body, -1)
	if len(loads) < 4 {
		t.Errorf("found %v, want icon, style, script and frame", loads)
	}
	for _, load := range loads {
		if !strings.HasPrefix(load[1], "/") && !strings.HasPrefix(load[1], "data:") {
			t.Errorf("the page loads %s", load[1])
		}
	}
	for path, kind := range map[string]string{"/console.css": "text/css", "/console.js": "text/javascript"} {
		resp, body := w.page(t, path)
		if got := resp.Header.Get("Content-Type"); !strings.HasPrefix(got, kind) || strings.Contains(body, "http://") || strings.Contains(body, "https://") {
			t.Errorf("%s: got %s, want %s that names no host", path, got, kind)
		}
	}
}

func TestMailIsCaged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.send(t, "ana@example.net", "First", `<html><head lang="en"><title>x</title></head><body><img alt="" src="https://cdn.example.com/a.png"><script>alert(1)</script></body></html>`)
	resp, body := w.page(t, "/messages/"+id+"/html")
	policy := resp.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "sandbox allow-popups allow-popups-to-escape-sandbox", "form-action 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("got policy %q, want %s", policy, want)
		}
	}
	if strings.Contains(policy, "http") || strings.Contains(policy, "allow-scripts") {
		t.Errorf("got policy %q, want nothing fetched and nothing run", policy)
	}
	if !strings.Contains(body, `<head lang="en"><base target="_blank"><title>`) {
		t.Errorf("got %s, want links that open outside the frame", body)
	}
	resp, _ = w.page(t, "/messages/"+id+"/html?pictures")
	if policy := resp.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "img-src data: http: https:") {
		t.Errorf("got policy %q, want pictures", policy)
	}
	_, body = w.page(t, "/messages/"+id)
	if frame := regexp.MustCompile(`<iframe[^>]*>`).FindString(body); !strings.Contains(frame, `sandbox="allow-popups allow-popups-to-escape-sandbox"`) {
		t.Errorf("got %s, want a sandboxed frame", frame)
	}
	if !strings.Contains(body, "Show them") {
		t.Error("want the page to offer the pictures")
	}
	if resp, _ := w.call(t, http.MethodGet, "/messages/nobody/html", ""); resp.StatusCode != http.StatusNotFound {
		t.Errorf("got %d, want 404", resp.StatusCode)
	}
}

func TestLongMailbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var ids []string
	for i := range 105 {
		ids = append(ids, w.send(t, fmt.Sprintf("s%d@example.net", i), "A", "<p>"))
	}
	shown := func(path string) int {
		_, body := w.page(t, path)
		return strings.Count(body, `<span class="to">`)
	}
	for path, want := range map[string]int{"/": 100, "/?page=2": 5, "/?page=99": 5, "/?page=x": 100, "/messages/" + ids[0]: 5, "/messages/" + ids[104]: 100} {
		if got := shown(path); got != want {
			t.Errorf("%s: got %d mails, want %d", path, got, want)
		}
	}
	if _, body := w.page(t, "/"); !strings.Contains(body, `href="/?page=2">Older`) {
		t.Error("want the way to older mails")
	}
}
