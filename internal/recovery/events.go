package recovery

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Event is what the mail service tells of one of our messages, after the fact.
// Events come late, several times and in any order.
type Event struct {
	Store, Checkout string // the checkout's key
	Reminder        ReminderID
	Kind            EventKind
	At              time.Time // zero if not told: now
	Email           string    // whom it was sent to
	Provider        string    // the mail service's ID of the message
	// Reason is the standing decision for which a message was dropped; "" if it was
	// dropped for another.
	Reason Reason
}

// EventKind says what became of a message.
type EventKind string

// The kinds of events. Each proves that the mail service accepted the message.
const (
	EventProcessed    EventKind = "processed"
	EventDeferred     EventKind = "deferred"  // not taken yet: it is tried again
	EventDelivered    EventKind = "delivered" // by the recipient's server
	EventOpened       EventKind = "opened"
	EventClicked      EventKind = "clicked"
	EventBounced      EventKind = "bounced" // refused for good: there is no such mailbox
	EventBlocked      EventKind = "blocked" // refused this time
	EventDropped      EventKind = "dropped" // not even tried
	EventComplained   EventKind = "complained"
	EventUnsubscribed EventKind = "unsubscribed"
)

// suppresses is the reason for which the shopper is not mailed any more after e; ""
// if it changes nothing.
func (e Event) suppresses() Reason {
	switch e.Kind {
	case EventBounced:
		return ReasonBounced
	case EventComplained:
		return ReasonComplained
	case EventUnsubscribed:
		return ReasonUnsubscribed
	case EventDropped:
		return e.Reason
	}
	return ""
}

// MessageID is what travels in a mail's custom arguments and comes back in its events.
func MessageID(store, checkout string, id ReminderID) string {
	return store + "." + checkout + "-" + id.String()
}

var messageForm = regexp.MustCompile(`^([a-z2-7]{26})-([1-9][0-9]{0,8})-(0|[1-9][0-9]{0,2})$`)

// ParseMessageID reads what MessageID wrote, and nothing else: what others call a
// message ID must not name a document.
func ParseMessageID(s string) (store, checkout string, id ReminderID, err error) {
	dot := strings.LastIndexByte(s, '.')
	parts := messageForm.FindStringSubmatch(s[dot+1:])
	if dot < 1 || parts == nil {
		return "", "", id, fmt.Errorf("message ID of %d bytes: want {store}.{checkout}-{generation}-{step}", len(s))
	}
	id.Generation, _ = strconv.Atoi(parts[2]) // digits only, and few
	id.Step, _ = strconv.Atoi(parts[3])
	return s[:dot], parts[1], id, nil
}

// EventsResult counts what events did.
type EventsResult struct {
	Recorded   int // events of messages that we know
	Ignored    int // events of others, and of what was erased or has expired
	Settled    int // reminders that are sent, as nobody knew before
	Suppressed int // shoppers who are not mailed any more, or were not before
}

func (r *EventsResult) add(o EventsResult) {
	r.Recorded += o.Recorded
	r.Ignored += o.Ignored
	r.Settled += o.Settled
	r.Suppressed += o.Suppressed
}

// messagesAtOnce is how many messages' events are recorded side by side.
const messagesAtOnce = 16

// RecordEvents records what the mail service tells: reminders of which the outcome was
// not known are sent, the first instant of each kind is kept on the message, and
// bounces, complaints and withdrawals suppress the shopper.
//
// No event is remembered by its ID. A state that is settled stays, an instant takes
// the least, a suppression the strongest: the same events, again or in another order,
// leave what they left.
func (s *Service) RecordEvents(ctx context.Context, events []Event) (EventsResult, error) {
	var result EventsResult
	var errs []error
	for chunk := range slices.Chunk(byMessage(events), messagesAtOnce) {
		results, failed := make([]EventsResult, len(chunk)), make([]error, len(chunk))
		work := make([]func(), len(chunk))
		for i, m := range chunk {
			work[i] = func() { results[i], failed[i] = s.recordMessage(ctx, m) }
		}
		s.together(work...)
		for _, r := range results {
			result.add(r)
		}
		errs = append(errs, failed...)
		if err := errors.Join(errs...); errors.Is(err, ErrOverload) { // they all come again
			return result, err
		}
	}
	return result, errors.Join(errs...)
}

// messageEvents are the events of one message.
type messageEvents struct {
	store, checkout string
	id              ReminderID
	events          []Event
}

// byMessage groups events, in the order in which each message first appears.
func byMessage(events []Event) []*messageEvents {
	type key struct {
		store, checkout string
		id              ReminderID
	}
	known := map[key]*messageEvents{}
	var list []*messageEvents
	for _, e := range events {
		k := key{e.Store, e.Checkout, e.Reminder}
		m := known[k]
		if m == nil {
			m = &messageEvents{store: e.Store, checkout: e.Checkout, id: e.Reminder}
			known[k] = m
			list = append(list, m)
		}
		m.events = append(m.events, e)
	}
	return list
}

// recordMessage records the events of one message. The suppression comes first: if
// the process dies in between, the shopper is left alone at least.
func (s *Service) recordMessage(ctx context.Context, m *messageEvents) (EventsResult, error) {
	st, now := s.Stores[m.store], s.now()
	if st == nil {
		return EventsResult{Ignored: len(m.events)}, nil
	}
	for i, e := range m.events { // our clock is the later one
		if m.events[i].At = Instant(e.At); e.At.Year() <= 1 || e.At.After(now) {
			m.events[i].At = now
		}
	}
	var result EventsResult
	for _, one := range m.suppressions(st) {
		if err := s.DB.Suppress(ctx, m.store, one.shopper, one.Suppression); err != nil {
			return result, fmt.Errorf("suppress shopper %s: %w", one.shopper, err)
		}
		result.Suppressed++
	}
	known, settled, err := s.settleMessage(ctx, st, m)
	switch {
	case err != nil:
		return result, fmt.Errorf("record events of message %s-%s: %w", m.checkout, m.id, err)
	case !known:
		result.Ignored = len(m.events)
	default:
		result.Recorded = len(m.events)
	}
	if settled {
		result.Settled = 1
	}
	return result, nil
}
