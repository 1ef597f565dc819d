package sendgrid_test

import (
	"net/http"
	"os"
	"testing"
)

// Closing an httptest.Server closes the default transport's idle connections too, and
// with them requests that tests beside it are about to send: it must not reach them.
func TestMain(m *testing.M) {
	http.DefaultTransport = struct{ http.RoundTripper }{http.DefaultTransport}
	os.Exit(m.Run())
}
