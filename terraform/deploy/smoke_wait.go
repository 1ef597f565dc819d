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

// smokeAnswer is what Checkout says of the test, each time it is posted.
type smokeAnswer struct {
	Reminders []struct {
		Step   int       `json:"step"`
		DueAt  time.Time `json:"due_at"`
		State  string    `json:"state"`
		Reason string    `json:"reason"`
	} `json:"reminders"`
}

// pollEach is the pause between two looks.
const pollEach = time.Second

// waitForMail posts the checkout until its first reminder has ended: posting it
// again changes nothing and tells how it stands.
func (s *smokeTest) waitForMail(ctx context.Context) error {
	until := s.now().Add(s.timeout)
	var last error // why it is not done yet
	told := false
	for {
		answer, err := s.post(ctx)
		var final *smokeRefusal
		switch {
		case errors.As(err, &final):
			return err
		case err != nil:
			last = err
		case len(answer.Reminders) == 0:
			return errors.New("the answer names no reminder: is this the address of Checkout?")
		default:
			first := answer.Reminders[0]
			if !told {
				told = true
				fmt.Fprintf(s.out, "its first reminder is due at %s\n", first.DueAt.Format("15:04:05 MST"))
			}
			if first.State != "scheduled" && first.State != "claimed" {
				return s.ended(ctx, first.State, first.Reason)
			}
			last = &stillOpen{first.State}
		}
		if s.now().After(until) {
			return s.tooLong(ctx, last)
		}
		if err := s.wait(ctx, pollEach); err != nil {
			return err
		}
	}
}

// ended reports how the first reminder ended.
func (s *smokeTest) ended(ctx context.Context, state, reason string) error {
	if state == "sent" {
		late := "the mail was handed to SendGrid"
		if c, err := s.documents.Checkout(ctx, s.store.ID, s.checkout.key); err == nil {
			first := c.Reminders[firstReminder]
			late += fmt.Sprintf(" %s after it was due", first.SentAt.Sub(first.DueAt).Round(time.Millisecond))
		}
		fmt.Fprintf(s.out, "%s; it is for %s\n", late, strings.Join(s.store.TestRecipients, ", "))
		return nil
	}
	text := state
	if reason != "" {
		text += " (" + reason + ")"
	}
	return fmt.Errorf("the mail did not go out: the reminder ended as %s%s.\n%s", text, s.lastError(ctx), s.adviceOn(state, reason))
}

// firstReminder is the first step of the only generation that a test has.
const firstReminder = "1-0"

// lastError is what SendGrid said when it last refused, if it did.
func (s *smokeTest) lastError(ctx context.Context) string {
	c, err := s.documents.Checkout(ctx, s.store.ID, s.checkout.key)
	if e := c.Reminders[firstReminder].LastError; err == nil && e != "" {
		return ": " + e
	}
	return ""
}

func (s *smokeTest) adviceOn(state, reason string) string {
	doctor := fmt.Sprintf("Run deploy doctor -project %s -config %s: it looks at SendGrid's key and the sender.", s.o.project, s.o.config)
	switch {
	case state == "failed":
		return "SendGrid refused it. " + doctor
	case state == "unknown":
		return "SendGrid may have taken it, and its answer was lost: look whether the mail came, and run this again. " + s.logs()
	case reason == "shadow":
		return "The deployed configuration mails no tests: it has other test_recipients, or shadow, than " + s.o.config + ". Apply it first."
	case reason == "inactive":
		return "The deployed active_from is later than the checkout. Apply " + s.o.config + " first."
	case reason == "superseded", reason == "stale":
		return "The deployed schedule is another one than " + s.o.config + " has, or the machine's clock is off. Apply first, and set the clock."
	}
	return s.logs()
}

func (s *smokeTest) logs() string {
	return fmt.Sprintf("Its log says more: gcloud functions logs read comeback-remind --gen2 --project=%s --region=…", s.o.project)
}

// stillOpen says that the checkout was taken, and its reminder has not ended.
type stillOpen struct{ state string }

func (e *stillOpen) Error() string { return "the reminder is still " + e.state }

func (s *smokeTest) tooLong(ctx context.Context, last error) error {
	var open *stillOpen
	if !errors.As(last, &open) {
		return fmt.Errorf("no mail within %s: %w", s.timeout, last)
	}
	return fmt.Errorf("no mail within %s: %w%s.\nIs the queue paused (deploy resume)? A wrong SendGrid key makes a reminder wait, too: run deploy doctor. %s",
		s.timeout, last, s.lastError(ctx), s.logs())
}

// smokeRefusal is an answer that would be the same again.
type smokeRefusal struct{ text string }

func (e *smokeRefusal) Error() string { return e.text }

// postTimeout is above the function's own deadline of 8 s, and a post is not cut
// short by an interrupt: one that still ran would bring the erased checkout back.
const postTimeout = 15 * time.Second

// post sends the checkout. A *smokeRefusal is final, any other error is not.
func (s *smokeTest) post(ctx context.Context) (a smokeAnswer, err error) {
	body, err := json.Marshal(s.checkout)
	if err != nil {
		return a, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), postTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return a, &smokeRefusal{fmt.Sprintf("-url %s: want Checkout's address", s.url)}
	}
	req.Header.Set("Authorization", "Bearer "+s.key)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return a, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	switch {
	case err != nil:
		return a, err
	case res.StatusCode/100 != 2:
		return a, refusal(res.StatusCode, text)
	case json.Unmarshal(text, &a) != nil:
		return a, &smokeRefusal{"the answer is not Checkout's: is this its address?"}
	}
	return a, nil
}

// refusal reads an answer that is no success: the function's own are JSON, and Cloud
// Run's are not.
func refusal(status int, text []byte) error {
	var body struct {
		Error struct {
			Message string `json:"message"`
			Field   string `json:"field"`
		} `json:"error"`
	}
	ours := json.Unmarshal(text, &body) == nil && body.Error.Message != ""
	says := fmt.Sprintf("Checkout answered %d %s", status, body.Error.Message)
	if !ours {
		says = fmt.Sprintf("the answer is %d, and not from the function itself", status)
	}
	switch {
	case status == http.StatusTooManyRequests || status >= 500:
		return errors.New(says)
	case !ours && (status == http.StatusUnauthorized || status == http.StatusForbidden): // a fresh grant takes a minute
		return errors.New(says + ": the function is not public. Is public = [] set, or does the organisation refuse allUsers? See deploy doctor")
	case status == http.StatusUnauthorized:
		return &smokeRefusal{says + ": the API key is not the deployed one. An instance reads secrets when it starts: deploy again after a change"}
	case status == http.StatusNotFound:
		return &smokeRefusal{says + ": is the address right, and the function deployed?"}
	}
	return &smokeRefusal{says}
}
