package console

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// guard keeps strangers out: a console listens on loopback, but any web page
// that the developer visits can send requests there. A page whose name was bound
// anew to 127.0.0.1 (DNS rebinding) gives itself away by its Host; one that
// sends a form or a script's request, by its Origin.
func guard(next http.Handler) http.Handler {
	var origin http.CrossOriginProtection
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, &apiError{status: http.StatusForbidden, Code: "forbidden", Field: "Origin", Message: "only the console's own page may do this"})
	}))
	inner := origin.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopback(r.Host) {
			writeError(w, &apiError{status: http.StatusForbidden, Code: "forbidden", Field: "Host", Message: "the console answers loopback names only: call it by localhost or 127.0.0.1"})
			return
		}
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		inner.ServeHTTP(w, r)
	})
}

// loopback reports whether a Host header names this machine only.
func loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") { // RFC 6761: never anything else
		return true
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && addr.Unmap().IsLoopback()
}
