package functions

import (
	"context"
	"errors"
	"net/http"

	"github.com/comeback-checkout/comeback/internal/app"
	"github.com/comeback-checkout/comeback/internal/taskqueue"
)

// remind is POST /tasks/remind: one run of one reminder.
func remind(ctx context.Context, a *app.App, r *request) (response, error) {
	if err := a.CheckTask(ctx, r.auth); err != nil {
		return response{}, err
	}
	body, err := r.body()
	if err != nil {
		return response{}, err
	}
	task, err := taskqueue.Parse(body, r.Header)
	if errors.Is(err, taskqueue.ErrVersion) {
		return response{}, err // it waits for its release
	}
	if err != nil { // trying again cannot help
		a.Log.ErrorContext(ctx, "task dropped: its body cannot be read", "error", err)
		return response{status: http.StatusOK, body: outcomeBody{Outcome: "dropped"}, outcome: "dropped"}, nil
	}
	v, err := a.Service.Remind(ctx, task)
	res := response{
		status: http.StatusOK, body: outcomeBody{Outcome: string(v.Do), Reason: string(v.Reason)}, outcome: string(v.Do),
		attrs: []any{"checkout", task.Checkout, "reminder", task.Reminder.String()},
	}
	if v.Reason != "" {
		res.attrs = append(res.attrs, "reason", string(v.Reason))
	}
	return res, err
}

// sweep is POST /tasks/sweep: it enqueues what should have run and did not.
func sweep(ctx context.Context, a *app.App, r *request) (response, error) {
	if err := a.CheckScheduler(ctx, r.auth); err != nil {
		return response{}, err
	}
	result, err := a.Service.Sweep(ctx)
	return response{
		status: http.StatusOK, body: sweepBody{result.Checkouts, result.Enqueued}, outcome: "swept",
		attrs: []any{"checkouts", result.Checkouts, "enqueued", result.Enqueued, "lag_ms", result.Oldest.Milliseconds()},
	}, err
}

type outcomeBody struct {
	Outcome string `json:"outcome"`
	Reason  string `json:"reason,omitempty"`
}

type sweepBody struct {
	Checkouts int `json:"checkouts"`
	Enqueued  int `json:"enqueued"`
}
