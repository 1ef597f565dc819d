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

// eventsAtOnce is how many messages or shoppers are written side by side: SendGrid posts
// up to 768 kB, some 2,000 events, and each takes a transaction or two of the seconds
// that the request has.
const eventsAtOnce = 64

// RecordEvents records what the mail service tells: reminders of which the outcome was
// not known are sent, the first instant of each kind is kept on the message, and
// bounces, complaints and withdrawals suppress the shopper.
//
// No event is remembered by its ID. A state that is settled stays, an instant takes
// the least, a suppression the strongest: the same events, again or in another order,
// leave what they left.
//
// The suppressions come first: should the time not suffice, shoppers are left alone at
// least. Where it does not, the mail service sends all of it again, and each time another
// part comes first.
func (s *Service) RecordEvents(ctx context.Context, events []Event) (EventsResult, error) {
	var result EventsResult
	var messages []*messageEvents
	for _, m := range byMessage(events) {
		if m.store = s.Stores[m.storeID]; m.store == nil {
			result.Ignored += len(m.events)
			continue
		}
		m.date(s.now())
		messages = append(messages, m)
	}
	messages = s.turned(messages)
	suppressed, err := s.suppressAll(ctx, messages)
	result.Suppressed = suppressed
	if errors.Is(err, ErrOverload) {
		return result, err
	}
	work := make([]func() error, len(messages))
	for i, m := range messages {
		work[i] = func() error { return s.settleMessage(ctx, m) }
	}
	err = errors.Join(err, s.inParts(work))
	for _, m := range messages {
		result.count(m)
	}
	return result, err
}

// turned begins the list elsewhere each second, in the same order.
func (s *Service) turned(list []*messageEvents) []*messageEvents {
	if len(list) <= eventsAtOnce {
		return list
	}
	at := int(s.now().Unix() % int64(len(list)))
	return slices.Concat(list[at:], list[:at])
}

// inParts does work side by side, eventsAtOnce at a time, until a part meets a service
// that is overloaded. What fails otherwise keeps nothing from the rest.
func (s *Service) inParts(work []func() error) error {
	var errs []error
	for part := range slices.Chunk(work, eventsAtOnce) {
		failed := make([]error, len(part))
		list := make([]func(), len(part))
		for i, f := range part {
			list[i] = func() { failed[i] = f() }
		}
		s.together(list...)
		errs = append(errs, failed...)
		if err := errors.Join(errs...); errors.Is(err, ErrOverload) {
			return err
		}
	}
	return errors.Join(errs...)
}

func (r *EventsResult) count(m *messageEvents) {
	if !m.known {
		r.Ignored += len(m.events)
		return
	}
	r.Recorded += len(m.events)
	if m.settled {
		r.Settled++
	}
}

// messageEvents are the events of one message.
type messageEvents struct {
	storeID, checkout string
	id                ReminderID
	events            []Event
	store             *Store

	known, settled bool // what became of them
}

// date gives events without an instant, or ahead of us, ours: it is the later one.
func (m *messageEvents) date(now time.Time) {
	for i, e := range m.events {
		if m.events[i].At = Instant(e.At); e.At.Year() <= 1 || e.At.After(now) {
			m.events[i].At = now
		}
	}
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
			m = &messageEvents{storeID: e.Store, checkout: e.Checkout, id: e.Reminder}
			known[k] = m
			list = append(list, m)
		}
		m.events = append(m.events, e)
	}
	return list
}
