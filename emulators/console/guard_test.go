package console_test

import (
	"net/http"
	"testing"
)

func TestStrangersAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own := w.URL
	tests := []struct {
		name, method, path string
		header             []string
		want               int
	}{
		{"localhost", "GET", "/api/clock", []string{"Host", "localhost:8025"}, 200},
		{"a name below localhost", "GET", "/api/clock", []string{"Host", "console.localhost"}, 200},
		{"IPv4", "GET", "/api/clock", []string{"Host", "127.0.0.2"}, 200},
		{"IPv6", "GET", "/api/clock", []string{"Host", "[::1]:8025"}, 200},
		{"another name", "GET", "/api/messages", []string{"Host", "evil.example.com:8025"}, 403},
		{"a name that begins like ours", "GET", "/", []string{"Host", "localhost.example.com"}, 403},
		{"another address", "GET", "/", []string{"Host", "192.168.1.7:8025"}, 403},
		{"a number for a name", "GET", "/", []string{"Host", "127.0.0.1.example.com"}, 403},
		{"own origin", "DELETE", "/api/faults", []string{"Origin", own}, 204},
		{"no origin", "DELETE", "/api/faults", nil, 204},
		{"another origin", "DELETE", "/api/messages", []string{"Origin", "https://evil.example.com"}, 403},
		{"another port", "POST", "/api/queues/purge", []string{"Origin", "http://127.0.0.1:1"}, 403},
		{"a sandboxed frame", "POST", "/api/queues/purge", []string{"Origin", "null"}, 403},
		{"another site", "POST", "/api/queues/purge", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"reading from elsewhere", "GET", "/api/clock", []string{"Origin", "https://evil.example.com"}, 200}, // no CORS header: its page cannot see it
	}
	for _, test := range tests {
		resp, body := w.call(t, test.method, test.path, "", test.header...)
		if resp.StatusCode != test.want {
			t.Errorf("%s: got %d %.100s, want %d", test.name, resp.StatusCode, body, test.want)
		}
		if resp.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: the answer is open to other origins", test.name)
		}
	}
	if resp, _ := w.call(t, http.MethodGet, "/", ""); resp.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Error("the page has no X-Content-Type-Options")
	}
}
