package functions

import (
	"net/http"
	"regexp"
	"strings"
)

// counts says whether the request is a shopper's click, and not that of a program which
// looks at the links in mails before a person does.
func counts(r *http.Request) bool {
	return r.Method == http.MethodGet && !prefetches(r.Header) && !isBot(r.UserAgent())
}

// prefetches recognizes a browser that fetches what may be wanted later, or shows a
// preview: Sec-Purpose is the header of the Fetch standard, the others are those of
// Chrome, Firefox and Safari before it.
func prefetches(h http.Header) bool {
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		value := strings.ToLower(h.Get(name))
		if strings.Contains(value, "prefetch") || strings.Contains(value, "preview") || strings.Contains(value, "prerender") {
			return true
		}
	}
	return false
}

// bots are words in the user agents of programs that follow links unasked.
//
// "bot", "crawl", "spider", "slurp" (Yahoo) and "preview" (Bing, Skype, iMessage) are in
// most of the lists omrilotan/isbot and monperrus/crawler-user-agents, as are the makers
// of previews that call themselves otherwise: Facebook, WhatsApp, Pinterest, Google's and
// Yahoo's image proxies. The rest are scanners of mail that say who they are: Barracuda,
// Mimecast, Proofpoint, Cisco and others; most do not, and look like a browser. HTTP libraries and
// curl are missing on purpose: scanners do not call themselves so, and who tries a link by
// hand wants to see it counted.
var bots = regexp.MustCompile(`bot[^a-z]|bot$|crawl|spider|slurp|preview|facebookexternalhit|facebookcatalog|whatsapp/|pinterest/|` +
	`googleimageproxy|yahoomailproxy|headlesschrome|phantomjs|` +
	`barracuda|mimecast|proofpoint|ciscosecureemail|ironport|linkscan|urlscan|url scan|mailscan|email scan|linkcheck|link-check|` +
	`virustotal|safebrowsing|safelinks|google-safety|google-inspection|googleother|feedfetcher|ia_archiver|lighthouse|` +
	`trend ?micro|sophos|fortimail|fortiguard|symantec|forcepoint|zscaler|vade ?secure|kaspersky|censys|zgrab|nessus|` +
	`embedly|iframely|vkshare|chatgpt-user|w3c_validator`)

// isBot says whether the user agent is a bot's. Scanners often send none at all, browsers
// always do.
func isBot(agent string) bool {
	agent = strings.ToLower(agent)
	return strings.TrimSpace(agent) == "" || bots.MatchString(strings.ReplaceAll(agent, "cubot", "")) // which is a make of telephones
}
