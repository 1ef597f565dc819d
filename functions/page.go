package functions

import (
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/comeback-checkout/comeback/internal/app"
	"github.com/comeback-checkout/comeback/internal/page"
)

// readMethods are those that change nothing.
var readMethods = []string{http.MethodGet, http.MethodHead}

// cutToken takes the last segment off a path, wherever the function is mounted.
func cutToken(path string) (before, token string) {
	path = strings.TrimSuffix(path, "/")
	i := strings.LastIndexByte(path, '/')
	return path[:max(i, 0)], path[i+1:]
}

// show is the answer that shows a person a page.
func show(a *app.App, status int, p page.Page) (response, error) {
	html, header, err := a.Pages.Render(p)
	return response{status: status, header: header, page: html, outcome: string(p.Kind)}, err
}

// writePage answers a person, and returns the status.
func (e endpoint) writePage(w http.ResponseWriter, res response, err error) int {
	for name, values := range res.header {
		w.Header()[name] = values
	}
	if err != nil {
		re := e.statusOf(err)
		res.status = re.status
		if re.retryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(re.retryAfter.Seconds()))))
		}
	}
	w.WriteHeader(res.status)
	_, _ = w.Write(res.page) // the reader is gone: nobody is left to tell
	return res.status
}
