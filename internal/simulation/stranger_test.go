package simulation

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Each deliberate bug that lets somebody in, leads a shopper away or tells who a shopper
// is, is found, within as many histories as any other.
func TestFindsBugsOfSecrecy(t *testing.T) {
	t.Parallel()
	for name, bug := range map[string]struct {
		hooks   Hooks
		promise int
		what    string
	}{
		"needs no key":                {Hooks{Handler: needsNoKey}, 8, "a stranger's POST"},
		"needs no token":              {Hooks{Handler: needsNoToken}, 8, "a stranger's POST /tasks/"},
		"believes any signature":      {Hooks{Handler: believesAnySignature}, 8, "a stranger's POST /webhooks/shopify"},
		"tells why it refuses":        {Hooks{Handler: tellsWhy}, 8, "was told an address"},
		"keeps what it refuses":       {Hooks{Handler: keepsRefused}, 8, "holds what a stranger told"},
		"leads shoppers away":         {Hooks{Handler: leadsAway}, 8, "leads to"},
		"names a task after somebody": {Hooks{TaskName: func(t recovery.Task) string { return t.Name() + "-ana@example.net" }}, 9, "a task is named"},
		"tells SendGrid who it is":    {Hooks{Mailer: func(m recovery.Mailer) recovery.Mailer { return tellsWho{m} }}, 9, "custom argument"},
		"puts an address in a link":   {Hooks{Mailer: func(m recovery.Mailer) recovery.Mailer { return linksWho{m} }}, 9, "hold an address"},
		"logs an address":             {Hooks{DB: func(db recovery.DB) recovery.DB { return failsLoudly{db} }}, 9, "the log holds an address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := NewRunner(bug.hooks)
			defer r.Close()
			for seed := uint64(0); seed < within; seed += 100 {
				h := r.Run(seed)
				found := func(v Violation) bool { return v.Promise == bug.promise && strings.Contains(v.What, bug.what) }
				if i := slices.IndexFunc(h.Violations, found); i >= 0 {
					t.Logf("found by history %d: %s", seed, h.Violations[i])
					return
				}
			}
			t.Errorf("not found within %d histories, want a breach of promise %d", within, bug.promise)
		})
	}
}

// needsNoKey lets who has no key be the first store.
func needsNoKey(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			r.Header.Set("Authorization", "Bearer "+apiKey(storeIDs[0]))
		}
		next.ServeHTTP(w, r)
	})
}

// needsNoToken lets whoever knows the address run tasks.
func needsNoToken(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/tasks/") {
			r.Header.Set("Authorization", theSigner().token)
		}
		next.ServeHTTP(w, r)
	})
}

// believesAnySignature takes each webhook for Shopify's own.
func believesAnySignature(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if r.Header.Get("X-Shopify-Topic") != "" {
			mac := hmac.New(sha256.New, []byte(shopifySecret))
			mac.Write(body)
			r.Header.Set("X-Shopify-Hmac-Sha256", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		}
		next.ServeHTTP(w, r)
	})
}

// tellsWhy repeats what it refuses.
func tellsWhy(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		before := &statusWriter{ResponseWriter: w}
		next.ServeHTTP(before, r)
		if before.status == http.StatusUnauthorized {
			_, _ = w.Write(body)
		}
	})
}

// keepsRefused does what it is told, and then says that it did not.
func keepsRefused(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" && r.URL.Path == "/checkout" {
			r.Header.Set("Authorization", "Bearer "+apiKey(storeIDs[0]))
			w = &statusWriter{ResponseWriter: w, always: http.StatusUnauthorized}
		}
		next.ServeHTTP(w, r)
	})
}

// leadsAway leads who follows a link to somebody else's shop.
func leadsAway(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&statusWriter{ResponseWriter: w, location: "https://default.example.com.evil.example/"}, r)
	})
}

// statusWriter notes the status, or replaces it, or where it leads.
type statusWriter struct {
	http.ResponseWriter
	status, always int
	location       string
}

// Unwrap is for http.ResponseController.
func (s *statusWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (s *statusWriter) WriteHeader(status int) {
	if s.status = status; s.always != 0 {
		status = s.always
	}
	if s.location != "" && status == http.StatusFound {
		s.Header().Set("Location", s.location)
	}
	s.ResponseWriter.WriteHeader(status)
}

// tellsWho names the shopper in what comes back in events.
type tellsWho struct{ recovery.Mailer }

func (m tellsWho) Send(ctx context.Context, mail recovery.Mail) (string, error) {
	mail.MessageID += "-" + mail.To[0].Email
	return m.Mailer.Send(ctx, mail)
}

// linksWho names the shopper in a link, where nobody sees it at once.
type linksWho struct{ recovery.Mailer }

func (m linksWho) Send(ctx context.Context, mail recovery.Mail) (string, error) {
	mail.Unsubscribe += base64.RawURLEncoding.EncodeToString([]byte(mail.To[0].Email))
	return m.Mailer.Send(ctx, mail)
}

// failsLoudly fails once in a while, and names whom it was about.
type failsLoudly struct{ recovery.DB }

func (f failsLoudly) UpdateCheckout(ctx context.Context, store, key string, need recovery.Need, decide func(recovery.Case) (recovery.Change, error)) error {
	email := ""
	err := f.DB.UpdateCheckout(ctx, store, key, need, func(k recovery.Case) (recovery.Change, error) {
		if k.Checkout != nil {
			email = k.Checkout.Email
		}
		return decide(k)
	})
	if err != nil {
		return fmt.Errorf("checkout of %s: %w", email, err)
	}
	return nil
}
