package cloudtasks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// attempt is one dispatch of a task, as it was when it started.
type attempt struct {
	task       *task
	request    *cloudtaskspb.HttpRequest // never changed once the task is made
	deadline   time.Duration
	header     http.Header
	scheduled  time.Time
	dispatched time.Time
}

// start begins an attempt at the task; with the fault "duplicate" it is made
// twice at once. The server's lock is held.
func (s *Server) start(t *task, now time.Time) {
	a := &attempt{
		task:       t,
		request:    t.pb.GetHttpRequest(),
		deadline:   t.pb.DispatchDeadline.AsDuration(),
		header:     t.header(),
		scheduled:  t.due(),
		dispatched: now,
	}
	t.pb.DispatchCount++
	if t.pb.FirstAttempt == nil {
		t.pb.FirstAttempt = &cloudtaskspb.Attempt{DispatchTime: timestamppb.New(now)}
	}
	t.pb.LastAttempt = &cloudtaskspb.Attempt{
		ScheduleTime: t.pb.ScheduleTime,
		DispatchTime: timestamppb.New(now),
	}
	for range s.faults.dispatches() {
		t.running++
		t.queue.running++
		s.dispatched++
		end := s.clock.Begin()
		s.work.Go(func() {
			defer end()
			s.run(a)
		})
	}
}

// header is what the service adds to a task's request.
func (t *task) header() http.Header {
	h := http.Header{}
	h.Set("User-Agent", userAgent)
	h.Set("X-CloudTasks-QueueName", shortName(t.queue.pb.Name))
	h.Set("X-CloudTasks-TaskName", t.id())
	h.Set("X-CloudTasks-TaskRetryCount", strconv.Itoa(int(t.pb.DispatchCount)))
	h.Set("X-CloudTasks-TaskExecutionCount", strconv.FormatUint(t.executions, 10))
	due := t.pb.ScheduleTime
	h.Set("X-CloudTasks-TaskETA", fmt.Sprintf("%d.%06d", due.Seconds, due.Nanos/1000))
	if t.previous != 0 {
		h.Set("X-CloudTasks-TaskPreviousResponse", strconv.FormatUint(t.previous, 10))
		h.Set("X-CloudTasks-TaskRetryReason", "") // sent, but empty
	}
	return h
}

// run makes the attempt and notes what became of it. An attempt that Close broke
// off is none: it is made again after a restart.
func (s *Server) run(a *attempt) {
	o := s.call(a)
	if s.stopping.Err() != nil {
		return
	}
	t := a.task
	s.mu.Lock()
	t.running--
	s.settle(a, o)
	s.mu.Unlock()
	if err := s.save(t); err != nil {
		s.log.Error("an attempt's outcome is not kept", "task", t.id(), "error", err)
	}
	s.mu.Lock()
	t.queue.running--
	t.queue.enqueue(t)
	s.mu.Unlock()
}

// newTransport keeps a connection for each dispatch that a queue may have in
// flight, since opening one costs more than a quick handler's answer.
func newTransport() *http.Transport {
	return &http.Transport{
		MaxIdleConnsPerHost: maxConcurrency,
		IdleConnTimeout:     time.Minute,
		DisableCompression:  true,
	}
}

// call sends the request. It goes round http.Client, so that redirects are not
// followed: the service takes them for failures.
func (s *Server) call(a *attempt) outcome {
	ctx, cancel := context.WithTimeout(s.stopping, a.deadline)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, a.request.HttpMethod.String(), a.request.Url, bytes.NewReader(a.request.Body))
	if err != nil {
		return unreachable
	}
	if err := s.setHeader(r.Header, a); err != nil {
		s.log.Error("no token for a task", "task", a.task.id(), "error", err)
		return unreachable
	}
	answer, err := s.http.RoundTrip(r)
	if err == nil {
		_, err = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return timedOut
	case err != nil:
		return unreachable
	}
	return outcome{
		status:     answer.StatusCode,
		answered:   true,
		retryAfter: retryAfter(answer.Header.Get("Retry-After"), s.clock.Now()),
	}
}

// setHeader sets the task's own headers, without those that are the service's
// ("ignored or replaced", says its documentation), then the service's.
func (s *Server) setHeader(h http.Header, a *attempt) error {
	for name, value := range a.request.Headers {
		name = http.CanonicalHeaderKey(name)
		switch {
		case name == "Host", name == "Content-Length",
			strings.HasPrefix(name, "X-Google-"),
			strings.HasPrefix(name, "X-Appengine-"),
			strings.HasPrefix(name, "X-Cloudtasks-"):
		default:
			h.Set(name, value)
		}
	}
	for name, values := range a.header {
		h[name] = values
	}
	if oidc := a.request.GetOidcToken(); oidc != nil {
		audience := oidc.Audience
		if audience == "" {
			audience = a.request.Url
		}
		token, err := s.Token(oidc.ServiceAccountEmail, audience)
		if err != nil {
			return err
		}
		h.Set("Authorization", "Bearer "+token)
	}
	return nil
}

// retryAfter reads the header, in seconds or as a date; 0 if it says nothing.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(value); err == nil && seconds > 0 {
		return min(time.Duration(seconds), time.Duration(retention/time.Second)) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}
