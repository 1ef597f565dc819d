package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// sendgridServer is SendGrid's account API on loopback, with the answers that its
// specification gives.
type sendgridServer struct {
	*httptest.Server

	mu       sync.Mutex
	keys     map[string][]string // scopes by key
	domains  []sendgridDomain
	senders  []verifiedSender
	webhooks []webhook
	terse    bool     // the list of webhooks leaves their public keys out
	changes  []string // every call that is not a GET
}

const publicKey = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"

// newSendGrid has one key that may send, and one with full access called admin.
func newSendGrid(t *testing.T) *sendgridServer {
	t.Helper()
	s := &sendgridServer{keys: map[string][]string{
		"SG.send":  {"mail.send"},
		"SG.admin": {"mail.send", "whitelabel.read", "user.webhooks.event.settings.update"},
	}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v3/scopes", s.scopes)
	mux.HandleFunc("GET /v3/whitelabel/domains", s.reading(func() any { return s.domains }))
	mux.HandleFunc("GET /v3/verified_senders", s.reading(func() any { return map[string]any{"results": s.senders} }))
	mux.HandleFunc("GET /v3/user/webhooks/event/settings/all", s.reading(s.allWebhooks))
	mux.HandleFunc("GET /v3/user/webhooks/event/settings/signed/{id}", s.signed)
	mux.HandleFunc("POST /v3/user/webhooks/event/settings", s.create)
	mux.HandleFunc("PATCH /v3/user/webhooks/event/settings/{id}", s.update)
	mux.HandleFunc("PATCH /v3/user/webhooks/event/settings/signed/{id}", s.sign)
	s.Server = httptest.NewServer(s.locked(mux))
	t.Cleanup(s.Close)
	return s
}

func (s *sendgridServer) locked(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if r.Method != http.MethodGet {
			s.changes = append(s.changes, r.Method+" "+r.URL.Path)
		}
		if _, known := s.keys[key(r)]; !known {
			refuse(w, http.StatusUnauthorized, "The provided authorization grant is invalid, expired, or revoked")
			return
		}
		if r.URL.Path != "/v3/scopes" && len(s.keys[key(r)]) < 2 {
			refuse(w, http.StatusForbidden, "access forbidden")
			return
		}
		h.ServeHTTP(w, r)
	})
}

func key(r *http.Request) string { return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ") }

func refuse(w http.ResponseWriter, status int, message string) {
	answer(w, status, map[string]any{"errors": []map[string]any{{"field": nil, "message": message}}})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func (s *sendgridServer) scopes(w http.ResponseWriter, r *http.Request) {
	answer(w, http.StatusOK, map[string]any{"scopes": s.keys[key(r)]})
}

func (s *sendgridServer) reading(body func() any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, body()) }
}

// allWebhooks lists one empty object where there is none, as the specification shows.
func (s *sendgridServer) allWebhooks() any {
	list := []any{}
	for _, w := range s.webhooks {
		if s.terse {
			w.PublicKey = ""
		}
		list = append(list, w)
	}
	if len(list) == 0 {
		list = append(list, map[string]any{})
	}
	return map[string]any{"max_allowed": 5, "webhooks": list}
}

func (s *sendgridServer) create(w http.ResponseWriter, r *http.Request) {
	var hook webhook
	if json.NewDecoder(r.Body).Decode(&hook.webhookSettings) != nil || !strings.HasPrefix(hook.URL, "https://") {
		refuse(w, http.StatusBadRequest, "'"+hook.URL+"' is not a valid url")
		return
	}
	hook.ID = "77d4a5da-7015-11ed-a1eb-0242ac120002"
	s.webhooks = append(s.webhooks, hook)
	answer(w, http.StatusCreated, hook)
}

func (s *sendgridServer) find(w http.ResponseWriter, r *http.Request) *webhook {
	for i := range s.webhooks {
		if s.webhooks[i].ID == r.PathValue("id") {
			return &s.webhooks[i]
		}
	}
	refuse(w, http.StatusNotFound, "Invalid id provided.")
	return nil
}

func (s *sendgridServer) update(w http.ResponseWriter, r *http.Request) {
	if hook := s.find(w, r); hook != nil {
		_ = json.NewDecoder(r.Body).Decode(&hook.webhookSettings)
		answer(w, http.StatusOK, hook)
	}
}

func (s *sendgridServer) signed(w http.ResponseWriter, r *http.Request) {
	if hook := s.find(w, r); hook != nil {
		answer(w, http.StatusOK, map[string]string{"id": hook.ID, "public_key": hook.PublicKey})
	}
}

func (s *sendgridServer) sign(w http.ResponseWriter, r *http.Request) {
	var body struct{ Enabled bool }
	_ = json.NewDecoder(r.Body).Decode(&body)
	if hook := s.find(w, r); hook != nil {
		if hook.PublicKey = ""; body.Enabled {
			hook.PublicKey = publicKey
		}
		answer(w, http.StatusOK, map[string]string{"id": hook.ID, "public_key": hook.PublicKey})
	}
}
