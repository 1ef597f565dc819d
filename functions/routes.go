package functions

import (
	"net/http"
	"strings"
)

// Route is one way to call a function: a method and a local path, in which {token} stands
// for a link's token.
type Route struct{ Function, Method, Path string }

// Routes lists every route of every function, but for its name as a path.
func Routes() []Route {
	var routes []Route
	for _, e := range endpoints() {
		methods := e.methods
		if methods == nil {
			methods = []string{http.MethodPost}
		}
		for _, path := range e.paths {
			if strings.HasPrefix(path, "/"+e.name) {
				continue
			}
			if e.token {
				path += "/{token}"
			}
			for _, method := range methods {
				routes = append(routes, Route{e.name, method, path})
			}
		}
	}
	return routes
}
