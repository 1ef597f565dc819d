package console

import (
	"errors"
	"net/http"

	"github.com/comeback-checkout/comeback/emulators/sendgrid"
)

func (c *Console) messages(*http.Request) (any, error) {
	if c.o.Mailbox == nil {
		return nil, off("the SendGrid emulator")
	}
	all := c.o.Mailbox.Messages()
	if all == nil {
		all = []sendgrid.Message{} // [] and not null
	}
	return all, nil
}

func (c *Console) deleteMessages(*http.Request) (any, error) {
	if c.o.Mailbox == nil {
		return nil, off("the SendGrid emulator")
	}
	return nil, c.o.Mailbox.Delete()
}

type eventAnswer struct {
	Event     string `json:"event"`
	Delivered bool   `json:"delivered"`         // the receiver answered 2xx
	Message   string `json:"message,omitempty"` // why not
}

// sendEvent is {"event":"click"}; further fields replace or add to the event's own.
func (c *Console) sendEvent(r *http.Request) (any, error) {
	if c.o.Mailbox == nil {
		return nil, off("the SendGrid emulator")
	}
	var extra map[string]any
	if err := decode(r, &extra); err != nil {
		return nil, err
	}
	kind, _ := extra["event"].(string)
	delete(extra, "event") // "blocked" is an event of another name
	err := c.o.Mailbox.Event(r.PathValue("id"), kind, extra)
	switch {
	case errors.Is(err, sendgrid.ErrNoMessage):
		return nil, &apiError{status: http.StatusNotFound, Code: "not_found", Message: err.Error()}
	case errors.Is(err, sendgrid.ErrNoEvent):
		return nil, invalid("event", err.Error())
	case errors.Is(err, sendgrid.ErrNoEventsURL):
		return nil, &apiError{status: http.StatusConflict, Code: "off", Message: err.Error()}
	case errors.Is(err, sendgrid.ErrNotDelivered):
		return eventAnswer{Event: kind, Message: err.Error()}, nil
	case err != nil:
		return nil, err
	}
	return eventAnswer{Event: kind, Delivered: true}, nil
}
