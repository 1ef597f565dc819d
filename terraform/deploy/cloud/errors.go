package cloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"google.golang.org/api/googleapi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The kinds of errors that a caller may want to tell apart.
var (
	ErrCredentials = errors.New("no usable Google Cloud credentials")
	ErrDisabled    = errors.New("the API is disabled")
	ErrDenied      = errors.New("permission denied")
	ErrNotFound    = errors.New("not found")
)

// login is how a person gets credentials.
const login = "run gcloud auth application-default login, or set GOOGLE_OAUTH_ACCESS_TOKEN"

// gcloudProject is the project of gcloud's own OAuth client, which calls are charged
// to if a person's credentials name no other.
const gcloudProject = "764086051850"

// explain says what was tried, what kind of error came of it and what to do.
func (c *Client) explain(what string, err error) error {
	if err == nil {
		return nil
	}
	var answer *googleapi.Error
	switch {
	case errors.Is(err, ErrCredentials):
		return fmt.Errorf("%s: %w", what, err)
	case errors.As(err, &answer):
		return fmt.Errorf("%s: %w", what, c.explainAnswer(answer))
	case lacksCredentials(err):
		return fmt.Errorf("%s: %w: %s (%s)", what, ErrCredentials, login, firstLine(err.Error()))
	case status.Code(err) == codes.PermissionDenied:
		return fmt.Errorf("%s: %w: %s", what, ErrDenied, status.Convert(err).Message())
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: no answer in %s: is the network there? (%w)", what, c.timeout, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

func (c *Client) explainAnswer(e *googleapi.Error) error {
	reason, metadata := errorInfo(e)
	switch {
	case e.Code == http.StatusUnauthorized:
		return fmt.Errorf("%w: they have run out or were revoked: %s", ErrCredentials, login)
	case e.Code == http.StatusNotFound:
		return fmt.Errorf("%w: %s", ErrNotFound, e.Message)
	case strings.Contains(e.Message, "requires a quota project") || strings.HasSuffix(metadata["consumer"], "/"+gcloudProject):
		return fmt.Errorf("%w: your credentials name no project to count calls against: run gcloud auth application-default set-quota-project %s", ErrDenied, c.project)
	case reason == "SERVICE_DISABLED":
		return fmt.Errorf("%w: run gcloud services enable %s --project %s and wait a minute", ErrDisabled, metadata["service"], c.project)
	case reason == "BILLING_DISABLED":
		return fmt.Errorf("%w: billing is off: link an account at https://console.cloud.google.com/billing/linkedaccount?project=%s", ErrDenied, c.project)
	case e.Code == http.StatusForbidden:
		return fmt.Errorf("%w: %s: ask an owner of project %s for the permission, and check that this is its ID", ErrDenied, e.Message, c.project)
	}
	return fmt.Errorf("google cloud answered %d: %s", e.Code, firstLine(e.Message))
}

// errorInfo finds the machine-readable reason among an answer's details.
func errorInfo(e *googleapi.Error) (reason string, metadata map[string]string) {
	metadata = map[string]string{}
	for _, detail := range e.Details {
		d, _ := detail.(map[string]any)
		if kind, _ := d["@type"].(string); !strings.HasSuffix(kind, "google.rpc.ErrorInfo") {
			continue
		}
		reason, _ = d["reason"].(string)
		pairs, _ := d["metadata"].(map[string]any)
		for k, v := range pairs {
			metadata[k], _ = v.(string)
		}
	}
	return reason, metadata
}

// lacksCredentials knows the client libraries' errors by their text: they have no
// type that one could ask for.
func lacksCredentials(err error) bool {
	for _, sign := range []string{"could not find default credentials", "invalid_grant", "invalid_rapt", "reauth related error", "cannot fetch token"} {
		if strings.Contains(err.Error(), sign) {
			return true
		}
	}
	return status.Code(err) == codes.Unauthenticated
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
