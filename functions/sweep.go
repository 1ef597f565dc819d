package functions

import (
	"context"
	"net/http"

	"github.com/comeback-checkout/comeback/internal/app"
)

// sweep is POST /tasks/sweep: it enqueues what should have run and did not, and then
// logs for how long each caller has been silent. One that ran out of time has done its
// work: the next minute's goes on.
func sweep(ctx context.Context, a *app.App, r *request) (response, error) {
	if err := a.CheckScheduler(ctx, r.auth); err != nil {
		return response{}, err
	}
	result, err := a.Service.Sweep(ctx)
	logSilences(ctx, a)
	body := sweepBody{result.Checkouts, result.Enqueued, result.Pages, result.More, result.Oldest.Milliseconds()}
	return response{
		status: http.StatusOK, body: body, outcome: "swept",
		attrs: []any{"checkouts", body.Checkouts, "enqueued", body.Enqueued, "pages", body.Pages, "more", body.More, "lag_ms", body.LagMS},
	}, err
}

type sweepBody struct {
	Checkouts int   `json:"checkouts"`
	Enqueued  int   `json:"enqueued"`
	Pages     int   `json:"pages"`
	More      bool  `json:"more"`
	LagMS     int64 `json:"lag_ms"`
}

// logSilences writes a line for each caller that was ever heard of: an alert is made
// of them, and one on missing requests could not tell a quiet shop from a broken one.
func logSilences(ctx context.Context, a *app.App) {
	silences, err := a.Service.Silences(ctx, sources())
	if err != nil {
		a.Log.WarnContext(ctx, "silence of callers not measured", "error", err)
	}
	for _, s := range silences {
		a.Log.InfoContext(ctx, "heard", "store", s.Store, "source", s.Name, "silent_ms", s.For.Milliseconds())
	}
}
