package functions

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/comeback-checkout/comeback/internal/app"
)

// A storefront's request has the time that the app gives it, more or less than the
// usual, and a task has its own; both count from the request's arrival.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		callers time.Duration
		task    bool
		want    time.Duration
	}{
		{0, false, callerDeadline},
		{100 * time.Millisecond, false, 100 * time.Millisecond},
		{time.Minute, false, time.Minute},
		{time.Minute, true, callerDeadline},
	} {
		synctest.Test(t, func(t *testing.T) {
			began, got := time.Now(), time.Duration(0)
			e := endpoint{deadline: callerDeadline, task: tc.task, serve: func(ctx context.Context, _ *app.App, _ *request) (response, error) {
				deadline, _ := ctx.Deadline()
				got = deadline.Sub(began)
				return response{status: http.StatusOK}, nil
			}}
			get := func(context.Context) (*app.App, error) {
				<-time.After(time.Second) // a start takes time
				a := open().App
				a.CallerDeadline = tc.callers
				return a, nil
			}
			e.handler(get)(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil))
			if got != tc.want {
				t.Errorf("the app gives %v, a task %v: got %v, want %v", tc.callers, tc.task, got, tc.want)
			}
		})
	}
}
