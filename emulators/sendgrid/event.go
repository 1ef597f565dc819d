package sendgrid

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"maps"
	"regexp"
	"slices"
	"time"
)

// Errors of Event, told apart by errors.Is.
var (
	ErrNoMessage    = errors.New("no such mail")
	ErrNoEvent      = errors.New("no such event")
	ErrNoEventsURL  = errors.New("no events URL is set, so events go nowhere")
	ErrNotDelivered = errors.New("the receiver did not take the event")
)

const agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

// kinds are the events that Event takes, with the fields that each adds.
var kinds = map[string]map[string]any{
	"processed":   {},
	"delivered":   {"response": "250 OK"},
	"deferred":    {"response": "400 try again later", "attempt": "1"},
	"open":        {"useragent": agent, "ip": "203.0.113.5", "sg_machine_open": false},
	"click":       {"useragent": agent, "ip": "203.0.113.5"},
	"bounce":      {"type": "bounce", "reason": "550 5.1.1 unknown user", "status": "5.1.1", "bounce_classification": "Invalid Address"},
	"blocked":     {"event": "bounce", "type": "blocked", "reason": "452 4.2.2 mailbox full", "status": "4.2.2"},
	"dropped":     {"reason": "Bounced Address", "status": "5.0.0"},
	"spamreport":  {},
	"unsubscribe": {},
}

// EventKinds are the events that Event takes, sorted. "blocked" is the service's
// bounce event of type blocked.
func EventKinds() []string { return slices.Sorted(maps.Keys(kinds)) }

// Event posts one event of the mail to the events URL, now. Fields in extra
// replace or add to the event's own (a click's url is the mail's first link if
// not given). It waits for the receiver; where that does not answer 2xx the event
// is tried again like any other, and the error is ErrNotDelivered. Else it may be
// ErrNoMessage, ErrNoEvent or ErrNoEventsURL.
func (s *Server) Event(id, kind string, extra map[string]any) error {
	r := s.box.find(id)
	switch {
	case r == nil:
		return fmt.Errorf("%w: %s", ErrNoMessage, id)
	case kinds[kind] == nil:
		return fmt.Errorf("%w: %q: want one of %v", ErrNoEvent, kind, EventKinds())
	case s.options.EventsURL == "":
		return ErrNoEventsURL
	}
	defer s.clock.Begin()()
	e := s.webhook.number(r.event(kind, s.clock.Now(), extra))
	if err := s.disk.Write(e.put()); err != nil {
		return fmt.Errorf("keeping the event: %w", err)
	}
	return s.deliver(&batch{events: []*event{e}, first: s.clock.Now()})
}

// event is the event's JSON object: the mail's custom arguments flattened into
// it, under the service's own fields.
func (r *record) event(kind string, at time.Time, extra map[string]any) []byte {
	e := map[string]any{}
	for k, v := range r.CustomArgs {
		e[k] = v
	}
	e["event"], e["email"], e["timestamp"] = kind, r.To, at.Unix()
	e["smtp-id"] = fmt.Sprintf("<%s@geopod-ismtpd-0>", r.EventID[:len(randomID())])
	e["sg_event_id"], e["sg_message_id"] = randomID(), r.EventID
	if len(r.Categories) > 0 {
		e["category"] = r.Categories
	}
	maps.Copy(e, kinds[kind])
	if kind == "click" {
		e["url"] = r.firstLink()
	}
	maps.Copy(e, extra)
	body, err := json.Marshal(e)
	if err != nil {
		panic(fmt.Sprintf("sendgrid: an event's extra fields: %v", err))
	}
	return body
}

var (
	htmlLink = regexp.MustCompile(`(?i)<a\s[^>]*?href\s*=\s*["']?(https?://[^"'\s>]+)`)
	textLink = regexp.MustCompile(`https?://[^\s<>"]+`)
)

func (r *record) firstLink() string {
	if found := htmlLink.FindStringSubmatch(r.HTML); found != nil {
		return html.UnescapeString(found[1])
	}
	return textLink.FindString(r.Text)
}
