package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// sendgridHosts are SendGrid's addresses by region.
var sendgridHosts = map[string]string{
	"global": "https://api.sendgrid.com",
	"eu":     "https://api.eu.sendgrid.com",
}

// sendgridTimeout bounds each call.
const sendgridTimeout = 15 * time.Second

// sendgrid is an account at SendGrid, as one key sees it.
type sendgrid struct {
	host, key string
}

// sendgridError is an answer that is not a success.
type sendgridError struct {
	status  int
	message string
}

func (e *sendgridError) Error() string {
	return fmt.Sprintf("SendGrid answered %d: %s", e.status, e.message)
}

// refusedKey says whether SendGrid does not take the key, at all or for this.
func refusedKey(err error) bool {
	var e *sendgridError
	return errors.As(err, &e) && (e.status == http.StatusUnauthorized || e.status == http.StatusForbidden)
}

// call sends a request with a JSON body, if it is not nil, and reads a JSON answer.
// The key reaches no error.
func (s sendgrid) call(ctx context.Context, method, path string, body, into any) error {
	ctx, cancel := context.WithTimeout(ctx, sendgridTimeout)
	defer cancel()
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.host+path, content)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+s.key)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("SendGrid is not reached: %w", err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 4<<20))
	if err != nil {
		return fmt.Errorf("SendGrid's answer broke off: %w", err)
	}
	if res.StatusCode/100 != 2 {
		return &sendgridError{res.StatusCode, sendgridMessage(answer)}
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("SendGrid's answer to %s %s is not as documented: %w", method, path, err)
	}
	return nil
}

// sendgridMessage is what SendGrid says of an error.
func sendgridMessage(answer []byte) string {
	var body struct {
		Errors []struct {
			Message string `json:"message"`
		} `json:"errors"`
		Error string `json:"error"`
	}
	_ = json.Unmarshal(answer, &body) // else there is nothing to say
	var messages []string
	for _, e := range body.Errors {
		messages = append(messages, e.Message)
	}
	if body.Error != "" {
		messages = append(messages, body.Error)
	}
	if len(messages) == 0 {
		return "no reason given"
	}
	return strings.Join(messages, "; ")
}

// scopes are what the key may do.
func (s sendgrid) scopes(ctx context.Context) ([]string, error) {
	var answer struct {
		Scopes []string `json:"scopes"`
	}
	err := s.call(ctx, http.MethodGet, "/v3/scopes", nil, &answer)
	return answer.Scopes, err
}

// sendgridDomain is an authenticated domain; Valid once its DNS records were seen.
type sendgridDomain struct {
	Domain string `json:"domain"`
	Valid  bool   `json:"valid"`
}

func (s sendgrid) domains(ctx context.Context) (list []sendgridDomain, err error) {
	err = s.call(ctx, http.MethodGet, "/v3/whitelabel/domains?limit=500", nil, &list)
	return list, err
}

// verifiedSender is a single sender; Verified once its owner said yes.
type verifiedSender struct {
	Email    string `json:"from_email"`
	Verified bool   `json:"verified"`
}

func (s sendgrid) verifiedSenders(ctx context.Context) ([]verifiedSender, error) {
	var answer struct {
		Results []verifiedSender `json:"results"`
	}
	err := s.call(ctx, http.MethodGet, "/v3/verified_senders?limit=500", nil, &answer)
	return answer.Results, err
}
