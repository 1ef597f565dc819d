package functions

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/comeback-checkout/comeback/internal/app"
	"github.com/comeback-checkout/comeback/internal/recovery"
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
	r.store = task.Store
	run, err := a.Service.Remind(ctx, task)
	return reminded(task, run), err
}

// reminded is the answer to a run, also to one that ended with an error.
func reminded(task recovery.Task, run recovery.Run) response {
	res := response{
		status: http.StatusOK, body: outcomeBody{Outcome: string(run.Do), Reason: string(run.Reason)}, outcome: string(run.Do),
		attrs: []any{"checkout", task.Checkout, "reminder", task.Reminder.String()},
	}
	add := func(key, value string) {
		if value != "" {
			res.attrs = append(res.attrs, key, value)
		}
	}
	add("state", string(run.State))
	add("reason", string(run.Reason))
	if run.Do == recovery.Send || run.Do == recovery.Skip || run.Do == recovery.Fail {
		res.attrs = append(res.attrs, "late_ms", run.Late.Milliseconds())
	}
	add("mail", string(run.Mail))
	switch { // answered 200, since trying again cannot help, but for a person to see
	case run.State == recovery.Failed, run.Mail == recovery.MailRejected:
		res.level = slog.LevelError
	case run.State == recovery.Unknown, run.Mail == recovery.MailUnknown:
		res.level = slog.LevelWarn
	}
	return res
}

type outcomeBody struct {
	Outcome string `json:"outcome"`
	Reason  string `json:"reason,omitempty"`
}
