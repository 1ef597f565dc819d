package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// tries is how often a storefront's call is made before the play gives up. Each
// pause is twice the one before.
const (
	tries      = 6
	firstPause = 100 * time.Millisecond
)

// api calls the functions, as a storefront does, and the console.
type api struct {
	functions, console, key string
	client                  *http.Client
}

func newAPI(o Options) *api {
	// One advance of the clock may run thousands of reminders.
	return &api{functions: o.Functions, console: o.Console, key: o.APIKey, client: &http.Client{Timeout: 10 * time.Minute}}
}

// reminder is one of an answer's.
type reminder struct {
	Step   int       `json:"step"`
	DueAt  time.Time `json:"due_at"`
	State  string    `json:"state"`
	Reason string    `json:"reason"` // "" for null
}

// answer is what POST /checkout tells.
type answer struct {
	Generation int        `json:"generation"`
	Status     string     `json:"status"`
	Reminders  []reminder `json:"reminders"`
}

func (a *api) checkout(ctx context.Context, c *checkout) (got answer, err error) {
	return got, a.storefront(ctx, "/checkout", c, &got)
}

func (a *api) order(ctx context.Context, o *order) error {
	return a.storefront(ctx, "/order", o, nil)
}

// storefront posts, and posts again where that is safe and needed: after no answer,
// 429 and 5xx (promise 6). Where nobody listens there is no use in it.
func (a *api) storefront(ctx context.Context, path string, body, into any) (err error) {
	pause := firstPause
	for try := 1; ; try++ {
		err = a.call(ctx, http.MethodPost, a.functions+path, body, into)
		var refused *refusal
		final := errors.As(err, &refused) && refused.status < 500 && refused.status != http.StatusTooManyRequests
		if err == nil || final || try == tries || errors.Is(err, syscall.ECONNREFUSED) {
			return err
		}
		select {
		case <-time.After(pause):
			pause *= 2
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (a *api) clock(ctx context.Context) (time.Time, error) {
	var got struct{ Now time.Time }
	err := a.call(ctx, http.MethodGet, a.console+"/api/clock", nil, &got)
	return got.Now, err
}

// setClock returns when all that was due by then has settled.
func (a *api) setClock(ctx context.Context, to time.Time) error {
	return a.call(ctx, http.MethodPost, a.console+"/api/clock", map[string]time.Time{"set": to}, nil)
}

// message is one of the mailbox's.
type message struct {
	To         string            `json:"to"`
	Text       string            `json:"text"`
	CustomArgs map[string]string `json:"custom_args"`
	SentAt     time.Time         `json:"sent_at"`
}

func (a *api) messages(ctx context.Context) (all []message, err error) {
	return all, a.call(ctx, http.MethodGet, a.console+"/api/messages", nil, &all)
}

// pending counts the tasks that wait.
func (a *api) pending(ctx context.Context) (int, error) {
	var all []struct{}
	err := a.call(ctx, http.MethodGet, a.console+"/api/tasks", nil, &all)
	return len(all), err
}

// faults says whether a part is told to fail.
func (a *api) faults(ctx context.Context) (bool, error) {
	var all []struct{}
	err := a.call(ctx, http.MethodGet, a.console+"/api/faults", nil, &all)
	return len(all) > 0, err
}

// refusal is an answer other than 2xx.
type refusal struct {
	status int
	text   string
}

func (r *refusal) Error() string {
	hint := ""
	switch r.status {
	case http.StatusUnauthorized, http.StatusForbidden:
		hint = ": the API key is the one that make run prints"
	case http.StatusNotFound:
		hint = ": is this Comeback's address?"
	}
	return strings.TrimSpace(fmt.Sprintf("answered %d %s", r.status, r.text)) + hint
}

// call makes one request; body and into are JSON, or nil.
func (a *api) call(ctx context.Context, method, url string, body, into any) error {
	var send bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&send).Encode(body); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, url, &send)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if strings.HasPrefix(url, a.functions+"/") {
		req.Header.Set("Authorization", "Bearer "+a.key)
	}
	resp, err := a.client.Do(req)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("nothing answers at %s: start the system with make run: %w", url, err)
	}
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, url, err)
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %w", method, url, &refusal{resp.StatusCode, shorten(got)})
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(got, into); err != nil {
		return fmt.Errorf("%s %s: answered %s: %w", method, url, shorten(got), err)
	}
	return nil
}

func shorten(body []byte) string {
	body = bytes.TrimSpace(body)
	if len(body) > 300 {
		return string(body[:300]) + "…"
	}
	return string(body)
}
