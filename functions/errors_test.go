package functions

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/callerauth"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Each kind of error has one status for callers and one for Cloud Tasks, however deep it
// is wrapped. What asks for patience says for how long.
func TestStatusOfErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err          error
		caller, task int
		retryAfter   time.Duration // of the 503s
	}{
		{recovery.ErrOverload, 503, 503, defaultRetryAfter},
		{&recovery.SendError{Kind: recovery.ErrOverload, RetryAfter: time.Minute}, 503, 503, time.Minute},
		{&recovery.SendError{Kind: recovery.ErrDeployment}, 500, 500, 0},
		{context.DeadlineExceeded, 503, 503, defaultRetryAfter},
		{context.Canceled, 503, 503, defaultRetryAfter},
		{errIncomplete, 503, 503, defaultRetryAfter},
		{recovery.ErrConflict, 503, 500, defaultRetryAfter},
		{recovery.ErrBusy, 409, 409, 0},
		{recovery.ErrEarly, 425, 425, 0},
		{recovery.ErrNoStore, 500, 500, 0},
		{callerauth.ErrUnauthorized, 401, 401, 0},
		{callerauth.ErrNoEventsKey, 503, 503, time.Hour},
		{invalid("email", "is missing"), 400, 400, 0},
		{fmt.Errorf("anything else"), 500, 500, 0},
	} {
		err := fmt.Errorf("one: %w", fmt.Errorf("two: %w", tc.err))
		for task, want := range map[bool]int{false: tc.caller, true: tc.task} {
			got := endpoint{task: task}.statusOf(err)
			if got.status != want {
				t.Errorf("%v, task %t: got %d, want %d", tc.err, task, got.status, want)
			}
			if want == http.StatusServiceUnavailable && got.retryAfter != tc.retryAfter {
				t.Errorf("%v, task %t: got Retry-After %v, want %v", tc.err, task, got.retryAfter, tc.retryAfter)
			}
		}
	}
}
