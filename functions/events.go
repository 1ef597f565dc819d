package functions

import (
	"context"
	"net/http"
	"slices"

	"github.com/comeback-checkout/comeback/internal/app"
	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/sendgridmail"
)

// The headers of SendGrid's signature.
const (
	eventsSignature = "X-Twilio-Email-Event-Webhook-Signature"
	eventsTimestamp = "X-Twilio-Email-Event-Webhook-Timestamp"
)

// sendGridEvents is POST /webhooks/sendgrid: what became of the mails. Nothing of the
// body is looked at before its signature is verified. SendGrid repeats what is not
// answered 2xx, so what nobody can mend is counted and answered 200.
func sendGridEvents(ctx context.Context, a *app.App, r *request) (response, error) {
	body, err := r.raw()
	if err != nil {
		return response{}, err
	}
	stores, err := a.Events.Stores(r.Header.Get(eventsSignature), r.Header.Get(eventsTimestamp), body)
	if err != nil {
		return response{}, err
	}
	if len(stores) == 1 {
		r.store = stores[0]
	}
	events, ignored, err := sendgridmail.ParseEvents(body)
	if err != nil {
		return response{}, invalid("", "%s", err)
	}
	// A key speaks for its own stores only.
	all := len(events)
	events = slices.DeleteFunc(events, func(e recovery.Event) bool { return !slices.Contains(stores, e.Store) })
	ignored += all - len(events)
	var result recovery.EventsResult
	err = hearEach(ctx, a.Service, r.function, storesOf(events), func() (err error) {
		result, err = a.Service.RecordEvents(ctx, events)
		return err
	})
	if err != nil {
		return response{}, err
	}
	ignored += result.Ignored
	return response{
		status: http.StatusOK, body: eventsBody{Recorded: result.Recorded, Ignored: ignored}, outcome: "recorded",
		attrs: []any{"recorded", result.Recorded, "settled", result.Settled, "suppressed", result.Suppressed, "ignored", ignored},
	}, nil
}

// storesOf lists the stores that the events are of, sorted.
func storesOf(events []recovery.Event) []string {
	var stores []string
	for _, e := range events {
		stores = append(stores, e.Store)
	}
	slices.Sort(stores)
	return slices.Compact(stores)
}

// hearEach does the work and marks for each of the stores that the source was heard of.
func hearEach(ctx context.Context, s *recovery.Service, source string, stores []string, work func() error) error {
	if len(stores) == 0 {
		return work()
	}
	return s.Hear(ctx, recovery.Source{Store: stores[0], Name: source}, func() error {
		return hearEach(ctx, s, source, stores[1:], work)
	})
}

type eventsBody struct {
	Recorded int `json:"recorded"`
	Ignored  int `json:"ignored"`
}
