package contract

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/pb33f/libopenapi-validator/paths"
)

// unlisted checks the answer to a request that the document has no operation for, of which
// it says in words: 405 with Allow where it has the path, else 404, both as JSON.
func (d *document) unlisted(e exchange) []string {
	item, _, _ := paths.FindPath(e.request, d.model, d.options)
	want, allow := http.StatusNotFound, ""
	if item != nil {
		var methods []string
		for method := range item.GetOperations().KeysFromOldest() {
			methods = append(methods, strings.ToUpper(method))
		}
		want, allow = http.StatusMethodNotAllowed, strings.Join(slices.Sorted(slices.Values(methods)), ", ")
	}
	var list []string
	if e.status != want {
		list = append(list, fmt.Sprintf("answer: want %d, since the document has no such operation", want))
	}
	got := strings.Split(e.header.Get("Allow"), ", ")
	slices.Sort(got)
	if got := strings.Join(got, ", "); got != allow {
		list = append(list, fmt.Sprintf("answer: got Allow: %q, want %q", got, allow))
	}
	if kind := e.header.Get("Content-Type"); kind != "application/json; charset=utf-8" {
		list = append(list, "answer: got "+kind+", want JSON")
	}
	for name := range e.header {
		if !slices.Contains(append(transport, "Cache-Control", "X-Content-Type-Options"), name) {
			list = append(list, "answer: the header "+name+", of which the document knows nothing")
		}
	}
	if e.request.Method == http.MethodHead {
		return list
	}
	if err := d.valid("Error", parsed(e.received)); err != nil {
		list = append(list, "answer: "+err.Error())
	}
	return list
}

// strays plays what no function answers.
func (s *system) strays() {
	s.t.Helper()
	for _, path := range []string{"/", "/favicon.ico", "/checkouts", "/privacy"} {
		s.send(http.StatusNotFound, http.MethodGet, s.url+path, "", browser)
	}
	for _, c := range s.calls() {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
			s.send(http.StatusMethodNotAllowed, method, s.url+c.path, "", c.proof)
		}
	}
	s.send(http.StatusMethodNotAllowed, http.MethodPost, s.url+"/r/token", "", browser)
	s.send(http.StatusMethodNotAllowed, http.MethodPatch, s.url+"/u/token", "", browser)
}
