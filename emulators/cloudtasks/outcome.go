package cloudtasks

import (
	"fmt"
	"net/http"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// outcome is what an attempt led to.
type outcome struct {
	status     int  // of the answer, or what the service tells the next attempt in its place
	answered   bool // the handler did answer
	retryAfter time.Duration
}

var (
	timedOut    = outcome{status: http.StatusGatewayTimeout}
	unreachable = outcome{status: http.StatusServiceUnavailable}
)

// settle notes the outcome on the task and, unless it is done or given up, when
// it is tried next. The server's lock is held.
func (s *Server) settle(a *attempt, o outcome) {
	t, now := a.task, s.clock.Now()
	overload := o.answered && (o.status == http.StatusTooManyRequests || o.status == http.StatusServiceUnavailable)
	if overload {
		t.queue.throttle.overloaded(now, o.retryAfter)
	}
	if t.gone {
		return
	}
	if o.status >= 200 && o.status < 300 {
		s.bury(t)
		return
	}
	t.note(a, o, now)
	if t.exhausted(now) {
		s.log.Warn("a task is given up", "task", t.id(), "attempts", t.pb.DispatchCount, "status", o.status)
		s.bury(t)
		return
	}
	wait := backoff(t.retry(), int(t.pb.DispatchCount))
	if overload {
		wait = max(wait, o.retryAfter)
	}
	t.pb.ScheduleTime = timestamppb.New(now.Add(wait))
}

// note keeps what the next attempt's headers and GetTask tell of this one.
func (t *task) note(a *attempt, o outcome, now time.Time) {
	t.previous = uint64(o.status)
	if o.status < 500 {
		t.executions++
	}
	if o.answered {
		t.pb.ResponseCount++
	}
	code := codeOf(o.status)
	t.pb.LastAttempt = &cloudtaskspb.Attempt{
		ScheduleTime: timestamppb.New(a.scheduled),
		DispatchTime: timestamppb.New(a.dispatched),
		ResponseTime: timestamppb.New(now),
		ResponseStatus: &rpcstatus.Status{
			Code:    int32(code),
			Message: fmt.Sprintf("%s(%d): HTTP status code %d", code, code, o.status),
		},
	}
}

// exhausted reports whether the task is not tried again: the attempts and the
// time that its configuration grants are both used up, where it limits both; the
// one that it limits, else; and at 31 days of age in any case.
func (t *task) exhausted(now time.Time) bool {
	c := t.retry()
	spent := now.Sub(t.pb.FirstAttempt.DispatchTime.AsTime())
	attempts, duration := c.MaxAttempts, c.MaxRetryDuration.AsDuration()
	outOfAttempts, outOfTime := t.pb.DispatchCount >= attempts, spent >= duration
	switch {
	case now.Sub(t.pb.CreateTime.AsTime()) >= retention:
		return true
	case attempts < 0 && duration == 0:
		return false
	case attempts < 0:
		return outOfTime
	case duration == 0:
		return outOfAttempts
	}
	return outOfAttempts && outOfTime
}

// backoff is the wait after that many attempts: it doubles max_doublings times,
// then grows by the same amount each time, and stays at max_backoff in the end
// (10, 20, 40, 80, 160, 240, 300, 300 … s for 10 s, 300 s and 3 doublings).
func backoff(c *cloudtaskspb.RetryConfig, attempts int) time.Duration {
	wait, most := c.MinBackoff.AsDuration(), c.MaxBackoff.AsDuration()
	doublings := min(attempts-1, int(c.MaxDoublings))
	for range doublings {
		if wait >= most {
			return most
		}
		wait *= 2
	}
	for range attempts - 1 - doublings {
		if wait >= most {
			return most
		}
		wait += c.MinBackoff.AsDuration() << doublings
	}
	return min(wait, most)
}

// codeOf is the RPC code for a status, as google.rpc.Code maps them.
func codeOf(status int) codes.Code {
	switch status {
	case http.StatusBadRequest:
		return codes.InvalidArgument
	case http.StatusUnauthorized:
		return codes.Unauthenticated
	case http.StatusForbidden:
		return codes.PermissionDenied
	case http.StatusNotFound:
		return codes.NotFound
	case http.StatusConflict:
		return codes.Aborted
	case http.StatusTooManyRequests:
		return codes.ResourceExhausted
	case http.StatusInternalServerError:
		return codes.Internal
	case http.StatusNotImplemented:
		return codes.Unimplemented
	case http.StatusServiceUnavailable:
		return codes.Unavailable
	case http.StatusGatewayTimeout:
		return codes.DeadlineExceeded
	}
	return codes.Unknown
}
