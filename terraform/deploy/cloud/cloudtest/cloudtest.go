// Package cloudtest is a server on loopback that answers the calls of package cloud
// as Google documents them: the same paths, bodies and errors, with state to set up
// and to look into, and failures on demand. What it does not know it refuses.
package cloudtest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/comeback-checkout/comeback/terraform/deploy/cloud"
)

// ProjectNumber is the number of every project.
const ProjectNumber = 123456789012

// Server is Google Cloud with one project, which begins empty: billing is on, every
// API enabled, no policy set. Its methods may be called while it serves.
type Server struct {
	// Project is the one project's ID; "" lets every ID mean it.
	Project string
	// Token is what callers have to bring; "" lets everybody in.
	Token string
	// OnAddVersion, if set, is told of each version that is added to a secret.
	OnAddVersion func(name string, value []byte)

	server *httptest.Server

	mu        sync.Mutex
	secrets   map[string][]version
	queues    map[string]string // state by full name
	databases map[string]bool
	disabled  map[string]bool
	noBilling bool
	deleting  bool
	policies  map[string]cloud.Policy
	iap       []string            // backends
	invokers  map[string][]string // by Cloud Run service
	faults    []fault
	calls     []string
}

// New starts a Server that is closed with the test.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{
		secrets: map[string][]version{}, queues: map[string]string{}, databases: map[string]bool{},
		disabled: map[string]bool{}, policies: map[string]cloud.Policy{}, invokers: map[string][]string{},
	}
	s.server = httptest.NewServer(s)
	t.Cleanup(s.server.Close)
	return s
}

// Options lead a cloud.Client here, without credentials.
func (s *Server) Options() cloud.Options {
	return cloud.Options{Endpoints: s.Endpoints(), HTTPClient: s.server.Client()}
}

// Endpoints are the server's base URLs by service.
func (s *Server) Endpoints() map[string]string {
	endpoints := map[string]string{}
	for _, r := range routes {
		endpoints[r.service] = s.server.URL + "/" + r.service + "/"
	}
	return endpoints
}

// Client is a cloud.Client of this server.
func (s *Server) Client(t testing.TB, project string) *cloud.Client {
	t.Helper()
	c, err := cloud.New(t.Context(), project, s.Options())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// fault makes calls fail.
type fault struct {
	service, path string // the path contains it
	err           apiError
	left          int
}

// Fail makes the next calls, so many, of a service fail that have part in their
// paths. An HTTP status of 0 breaks the connection instead.
func (s *Server) Fail(service, part string, times, status int, name, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, fault{service: service, path: part, left: times, err: apiError{code: status, status: name, message: message}})
}

// Calls lists every call so far as "METHOD service/path", in their order.
func (s *Server) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.calls...)
}

// route is one method of one service. The expression's groups are its arguments, of
// which the first is the project.
type route struct {
	service, method string
	path            *regexp.Regexp
	answer          func(s *Server, r *http.Request, args []string) (any, *apiError)
}

func at(service, method, path string, answer func(*Server, *http.Request, []string) (any, *apiError)) route {
	return route{service, method, regexp.MustCompile("^" + path + "$"), answer}
}

var routes = []route{
	at(cloud.SecretManager, "GET", `v1/projects/([^/]+)/secrets/(\w+)`, (*Server).getSecret),
	at(cloud.SecretManager, "GET", `v1/projects/([^/]+)/secrets/(\w+)/versions`, (*Server).listVersions),
	at(cloud.SecretManager, "POST", `v1/projects/([^/]+)/secrets/(\w+):addVersion`, (*Server).addVersion),
	at(cloud.SecretManager, "GET", `v1/projects/([^/]+)/secrets/(\w+)/versions/latest:access`, (*Server).accessVersion),
	at(cloud.Tasks, "GET", `v2/projects/([^/]+)/(locations/[^/]+/queues/[^/:]+)`, (*Server).getQueue),
	at(cloud.Tasks, "POST", `v2/projects/([^/]+)/(locations/[^/]+/queues/[^/:]+):(pause|resume)`, (*Server).turnQueue),
	at(cloud.Firestore, "GET", `v1/projects/([^/]+)/databases/([^/]+)`, (*Server).getDatabase),
	at(cloud.ResourceManager, "GET", `v1/projects/([^/:]+)`, (*Server).getProject),
	at(cloud.ResourceManager, "POST", `v1/projects/([^/:]+):getEffectiveOrgPolicy`, (*Server).getPolicy),
	at(cloud.Billing, "GET", `v1/projects/([^/]+)/billingInfo`, (*Server).getBilling),
	at(cloud.ServiceUsage, "GET", `v1/projects/([^/]+)/services`, (*Server).listServices),
	at(cloud.Compute, "GET", `compute/v1/projects/([^/]+)/global/backendServices`, (*Server).listBackends),
	at(cloud.Run, "GET", `v2/projects/([^/]+)/locations/([^/]+)/services/([^/:]+):getIamPolicy`, (*Server).getInvokers),
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/")
	s.calls = append(s.calls, r.Method+" "+path)
	service, path, _ := strings.Cut(path, "/")
	answer, err := s.route(service, path, r)
	write(w, answer, err)
}

func (s *Server) route(service, path string, r *http.Request) (any, *apiError) {
	if err := s.faulty(service, path); err != nil {
		return nil, err
	}
	if s.Token != "" && r.Header.Get("Authorization") != "Bearer "+s.Token {
		return nil, &apiError{code: http.StatusUnauthorized, status: "UNAUTHENTICATED", message: "Request had invalid authentication credentials."}
	}
	for _, route := range routes {
		args := route.path.FindStringSubmatch(path)
		if route.service != service || route.method != r.Method || args == nil {
			continue
		}
		if s.Project != "" && args[1] != s.Project {
			return nil, denied("The caller does not have permission")
		}
		if api := service + ".googleapis.com"; s.disabled[api] {
			return nil, serviceDisabled(api)
		}
		return route.answer(s, r, args[1:])
	}
	return nil, &apiError{code: http.StatusNotFound, status: "NOT_FOUND", message: fmt.Sprintf("cloudtest knows no %s %s/%s", r.Method, service, path)}
}

func (s *Server) faulty(service, path string) *apiError {
	for i := range s.faults {
		f := &s.faults[i]
		if f.left > 0 && f.service == service && strings.Contains(path, f.path) {
			f.left--
			return &f.err
		}
	}
	return nil
}
