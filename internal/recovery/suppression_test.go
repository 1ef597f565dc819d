package recovery_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// What is lifted stays lifted, but not for what is told of the time after, nor for a wish
// of just now by a clock that is behind; and events of one post count each.
func TestSuppressionsDecide(t *testing.T) {
	t.Parallel()
	lifted := recovery.Suppressions{Lifted: map[recovery.Reason]time.Time{recovery.ReasonUnsubscribed: t0}}
	unsubscribed := func(at time.Duration, fresh bool) recovery.Suppression {
		return recovery.Suppression{Reason: recovery.ReasonUnsubscribed, At: t0.Add(at), Fresh: fresh}
	}
	for name, tc := range map[string]struct {
		told []recovery.Suppression
		want *recovery.Suppression
	}{
		"before":           {[]recovery.Suppression{unsubscribed(-time.Hour, false)}, nil},
		"after":            {[]recovery.Suppression{unsubscribed(time.Hour, false)}, &recovery.Suppression{Reason: recovery.ReasonUnsubscribed, At: t0.Add(time.Hour)}},
		"just now":         {[]recovery.Suppression{unsubscribed(-time.Second, true)}, &recovery.Suppression{Reason: recovery.ReasonUnsubscribed, At: t0.Add(us)}},
		"before and after": {[]recovery.Suppression{unsubscribed(-us, false), unsubscribed(us, false)}, &recovery.Suppression{Reason: recovery.ReasonUnsubscribed, At: t0.Add(us)}},
		"and a bounce":     {[]recovery.Suppression{unsubscribed(-us, false), {Reason: recovery.ReasonBounced, At: t0}}, &recovery.Suppression{Reason: recovery.ReasonBounced, At: t0}},
	} {
		all := lifted
		all.DecideAll(tc.told...)
		if diff := cmp.Diff(tc.want, all.Standing()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Each event decides on the reminders to come, by the address that it names. Promise 7.
func TestEventsSuppress(t *testing.T) {
	t.Parallel()
	dropped := func(reason recovery.Reason) recovery.Event {
		e := event(recovery.EventDropped, t0.Add(half))
		e.Reason = reason
		return e
	}
	stranger := event(recovery.EventUnsubscribed, t0.Add(half))
	stranger.Email = "somebody@example.net"
	nobody := event(recovery.EventBounced, t0.Add(half))
	nobody.Email = ""
	for _, tc := range []struct {
		name       string
		events     []recovery.Event
		want       string
		suppressed int
	}{
		{"bounced", []recovery.Event{event(recovery.EventBounced, t0.Add(half))}, "skipped bounced", 1},
		{"complained", []recovery.Event{event(recovery.EventComplained, t0.Add(half))}, "skipped complained", 1},
		{"unsubscribed", []recovery.Event{event(recovery.EventUnsubscribed, t0.Add(half))}, "skipped unsubscribed", 1},
		{"all three", []recovery.Event{event(recovery.EventBounced, t0), event(recovery.EventUnsubscribed, t0.Add(half)), event(recovery.EventComplained, t0)}, "skipped unsubscribed", 1},
		{"dropped since it bounced", []recovery.Event{dropped(recovery.ReasonBounced)}, "skipped bounced", 1},
		{"dropped since they complained", []recovery.Event{dropped(recovery.ReasonComplained)}, "skipped complained", 1},
		{"dropped for another reason", []recovery.Event{dropped("")}, "sent", 0},
		{"blocked, deferred", []recovery.Event{event(recovery.EventBlocked, t0.Add(half)), event(recovery.EventDeferred, t0.Add(half))}, "sent", 0},
		{"read", []recovery.Event{event(recovery.EventOpened, t0.Add(half)), event(recovery.EventClicked, t0.Add(half))}, "sent", 0},
		{"somebody else", []recovery.Event{stranger}, "sent", 1},
		{"nobody", []recovery.Event{nobody}, "sent", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, nil)
			s.store.Steps = s.store.Steps[:2]
			s.post(left("a"))
			s.until(half + time.Minute)
			s.wantResult("the events", s.tell(tc.events...), recovery.EventsResult{Recorded: len(tc.events), Suppressed: tc.suppressed})
			s.until(2 * day)
			s.wantReminders("a", 1, "sent", tc.want)
		})
	}
}

// The suppression does not wait for the checkout: it stands even where that is gone, and
// where the process dies in between.
func TestSuppressionComesFirst(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	key := recovery.ShopperKey(s.store.IDKey, "default", anAddress)
	s.db.FailNext(recovery.ErrOverload)
	if _, err := s.RecordEvents(t.Context(), []recovery.Event{event(recovery.EventBounced, t0)}); !errors.Is(err, recovery.ErrOverload) {
		t.Errorf("got %v, want ErrOverload", err)
	}
	if got := s.db.Suppression("default", key); got != nil {
		t.Errorf("got %+v, want nothing while the database is away", got)
	}
	s.wantResult("of no checkout", s.tell(event(recovery.EventBounced, t0)), recovery.EventsResult{Ignored: 1, Suppressed: 1})
	if got := s.db.Suppression("default", key); got == nil || got.Reason != recovery.ReasonBounced {
		t.Errorf("got %+v, want bounced", got)
	}
}
