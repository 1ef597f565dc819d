package functions

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What counts as a shopper's click.
func TestCounts(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		agent string
		want  bool
	}{
		{chrome, true},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1", true},
		{"Mozilla/5.0 (Linux; Android 9; CUBOT_X19) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36", true},
		{"Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", true},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 [FBAN/FBIOS;FBAV/440.0]", true},
		{"curl/8.5.0", true},
		{"Go-http-client/1.1", true},
		{"", false},
		{"  ", false},
		{"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", false},
		{"Mozilla/5.0 (compatible; bingbot/2.0)", false},
		{"Mozilla/5.0 (Windows NT 6.1) AppleWebKit/534+ (KHTML, like Gecko) BingPreview/1.0b", false},
		{"Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", false},
		{"facebookexternalhit/1.1", false},
		{"WhatsApp/2.23.20", false},
		{"TelegramBot (like TwitterBot)", false},
		{"Mozilla/5.0 (compatible; AhrefsBot/7.0)", false},
		{"Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", false},
		{"YahooMailProxy; https://help.yahoo.com/", false},
		{"Mozilla/5.0 HeadlessChrome/120.0", false},
		{"BarracudaCentral/1.0", false},
		{"Mozilla/5.0 (compatible; Google-Safety)", false},
		{"Mozilla/5.0 (compatible; Sophos Email Scanner)", false},
		{"Zscaler/1.0", false},
		{"MailScanner", false},
		{"ia_archiver", false},
		{"Mimecast Link Scanner", false},
		{"Proofpoint URL Defense", false},
		{"Baiduspider", false},
		{"some crawler", false},
		{"robot", false},
		{strings.Repeat("a", 1<<16) + "bot", false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/r/x", nil)
		r.Header.Set("User-Agent", tc.agent)
		if got := counts(r); got != tc.want {
			t.Errorf("%.80q: got %v, want %v", tc.agent, got, tc.want)
		}
	}
	for _, h := range []struct{ name, value string }{
		{"Purpose", "prefetch"},
		{"Sec-Purpose", "prefetch;prerender"},
		{"Sec-Purpose", "prefetch;anonymous-client-ip"},
		{"X-Purpose", "preview"},
		{"X-Moz", "prefetch"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/r/x", nil)
		r.Header.Set("User-Agent", chrome)
		r.Header.Set(h.name, h.value)
		if counts(r) {
			t.Errorf("%s: %s counts", h.name, h.value)
		}
	}
}
