package cloudtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/comeback-checkout/comeback/terraform/deploy/cloud"
)

// APIs are those that a project may have enabled.
var APIs = []string{
	"artifactregistry.googleapis.com", "cloudbilling.googleapis.com", "cloudbuild.googleapis.com", "cloudfunctions.googleapis.com",
	"cloudresourcemanager.googleapis.com", "cloudscheduler.googleapis.com", "cloudtasks.googleapis.com", "compute.googleapis.com",
	"firestore.googleapis.com", "iam.googleapis.com", "logging.googleapis.com", "monitoring.googleapis.com", "run.googleapis.com",
	"secretmanager.googleapis.com", "serviceusage.googleapis.com", "storage.googleapis.com",
}

// Disable disables APIs: their calls fail as Google's do.
func (s *Server) Disable(apis ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, api := range apis {
		s.disabled[api] = true
	}
}

// StopBilling takes the billing account away.
func (s *Server) StopBilling() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noBilling = true
}

// Delete marks the project for deletion.
func (s *Server) Delete() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deleting = true
}

// SetPolicy sets the organisation policy on a constraint.
func (s *Server) SetPolicy(constraint string, p cloud.Policy) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.policies[constraint] = p
}

// PutDatabase makes a Firestore database.
func (s *Server) PutDatabase(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.databases[name] = true
}

// PutBackend makes a backend of the load balancer with the Identity-Aware Proxy in
// front, before a Cloud Run service of the same name with the given invokers.
func (s *Server) PutBackend(name string, invokers ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.iap = append(s.iap, name)
	s.invokers[name] = invokers
}

func (s *Server) getProject(_ *http.Request, args []string) (any, *apiError) {
	state := "ACTIVE"
	if s.deleting {
		state = "DELETE_REQUESTED"
	}
	return object{"projectId": args[0], "projectNumber": strconv.Itoa(ProjectNumber), "lifecycleState": state}, nil
}

func (s *Server) getPolicy(r *http.Request, _ []string) (any, *apiError) {
	var body struct{ Constraint string }
	if json.NewDecoder(r.Body).Decode(&body) != nil || body.Constraint == "" {
		return nil, invalid("Request contains an invalid argument.")
	}
	list := object{}
	switch p, ok := s.policies[body.Constraint]; {
	case !ok, p.AllowAll:
		list["allValues"] = "ALLOW"
	case p.DenyAll:
		list["allValues"] = "DENY"
	default:
		list["allowedValues"], list["deniedValues"] = p.Allowed, p.Denied
	}
	return object{"constraint": body.Constraint, "listPolicy": list}, nil
}

func (s *Server) getBilling(_ *http.Request, args []string) (any, *apiError) {
	name := fmt.Sprintf("projects/%s/billingInfo", args[0])
	if s.noBilling {
		return object{"name": name, "projectId": args[0], "billingAccountName": ""}, nil
	}
	return object{"name": name, "projectId": args[0], "billingAccountName": "billingAccounts/012345-567890-ABCDEF", "billingEnabled": true}, nil
}

// listServices gives two pages, so that a caller who reads one only is found out.
func (s *Server) listServices(r *http.Request, _ []string) (any, *apiError) {
	if f := r.FormValue("filter"); f != "state:ENABLED" {
		return nil, invalid("cloudtest knows the filter state:ENABLED only")
	}
	var list []object
	for _, api := range APIs {
		if !s.disabled[api] {
			list = append(list, object{
				"name": fmt.Sprintf("projects/%d/services/%s", ProjectNumber, api), "state": "ENABLED", "config": object{"name": api},
			})
		}
	}
	half := len(list) / 2
	if r.FormValue("pageToken") == "" {
		return object{"services": list[:half], "nextPageToken": "second"}, nil
	}
	return object{"services": list[half:]}, nil
}

func (s *Server) getDatabase(_ *http.Request, args []string) (any, *apiError) {
	if !s.databases[args[1]] {
		return nil, notFound("Project '%s' or database '%s' does not exist.", args[0], args[1])
	}
	return object{"name": fmt.Sprintf("projects/%s/databases/%s", args[0], args[1]), "type": "FIRESTORE_NATIVE"}, nil
}

func (s *Server) listBackends(_ *http.Request, _ []string) (any, *apiError) {
	items := []object{{"name": "somebody-elses", "iap": object{"enabled": false}}}
	for _, name := range s.iap {
		items = append(items, object{"name": name, "iap": object{"enabled": true}})
	}
	return object{"kind": "compute#backendServiceList", "items": items}, nil
}

func (s *Server) getInvokers(_ *http.Request, args []string) (any, *apiError) {
	members, ok := s.invokers[args[2]]
	if !ok {
		return nil, notFound("Resource '%s' of kind 'SERVICE' in region '%s' in project '%s' does not exist.", args[2], args[1], args[0])
	}
	bindings := []object{{"role": "roles/run.developer", "members": []string{"user:someone@example.com"}}}
	if len(members) > 0 {
		bindings = append(bindings, object{"role": "roles/run.invoker", "members": slices.Clone(members)})
	}
	return object{"version": 1, "etag": "BwYn", "bindings": bindings}, nil
}
