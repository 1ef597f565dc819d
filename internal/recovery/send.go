package recovery

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// send hands a claimed reminder to the mail service, once, and records what became
// of it (promise 2).
func (s *Service) send(ctx context.Context, a *attempt) error {
	c, id := a.checkout, a.task.Reminder
	links := s.links(a.st, c, id)
	content, err := s.Renderer.Render(a.st, c, id.Step, c.Reminders[id], links)
	if err != nil {
		err = fmt.Errorf("render: %w", err)
		recorded := s.recordInto(ctx, a, outcome{err: &SendError{Kind: ErrDeployment, Detail: "the template cannot be rendered"}})
		return errors.Join(err, recorded)
	}
	m := Mail{
		Store: a.st.ID, MessageID: MessageID(c.Store, c.Key, id), From: a.st.From, ReplyTo: a.st.ReplyTo,
		To: recipients(a.st, c), Unsubscribe: links.Unsubscribe, Content: content,
	}
	sendCtx, cancel := context.WithTimeout(ctx, s.Deadlines.Send)
	defer cancel()
	provider, err := s.Mailer.Send(sendCtx, m)
	out := outcome{provider: provider, at: s.now(), subject: content.Subject}
	if err != nil && (!errors.As(err, &out.err) || out.err.Kind == nil) {
		out.err = &SendError{Kind: ErrUnknown, Detail: err.Error()} // an adapter that does not say: the safe reading
	}
	a.Mail = out.mail()
	if err := s.recordInto(ctx, a, out); err != nil {
		return fmt.Errorf("record outcome: %w", err)
	}
	return out.answer()
}

// links are those of c's reminder. The way back holds for as long as the checkout is kept
// after a mail of now.
func (s *Service) links(st *Store, c *Checkout, id ReminderID) Links {
	if s.Linker == nil {
		return Links{Recover: c.RecoverURL}
	}
	return s.Linker.Links(st, c, id, s.now().Add(st.Retention))
}

// recordInto records the outcome, and notes what the run came to by it.
func (s *Service) recordInto(ctx context.Context, a *attempt, out outcome) error {
	r, err := s.record(ctx, a, out)
	a.State, a.Reason = r.State, r.Reason
	return err
}

// recipients are the shopper, or, for a test checkout, the store's own people.
func recipients(st *Store, c *Checkout) []Address {
	if !c.Test {
		return []Address{{Name: c.Customer.Name(), Email: c.Email}}
	}
	var list []Address
	for _, email := range st.TestRecipients {
		list = append(list, Address{Email: email})
	}
	return list
}

// Name is the customer's full name, as far as it is known.
func (c Customer) Name() string {
	if c.FirstName == "" || c.LastName == "" {
		return c.FirstName + c.LastName
	}
	return c.FirstName + " " + c.LastName
}

// outcome is what the mail service made of a message: an ID, or err; or that it was
// never asked.
type outcome struct {
	unsent            bool
	provider, subject string
	at                time.Time
	err               *SendError
}

// answer is what the task's run returns: nil where trying again cannot help.
func (o outcome) answer() error {
	if o.err == nil || errors.Is(o.err, ErrRejected) || errors.Is(o.err, ErrUnknown) {
		return nil
	}
	return o.err
}

// recordTries bounds the tries to record an outcome, and recordPause is the longest
// pause between two, by our clock.
const (
	recordTries = 8
	recordPause = time.Second
)

// record writes the outcome, where the entry still holds this run's attempt, and
// returns the reminder as recorded; an empty one where nothing was. It goes on for
// as long as its deadline allows: what is not recorded ends as unknown.
func (s *Service) record(ctx context.Context, a *attempt, out outcome) (Reminder, error) {
	// The mail is out: a caller that hangs up must not keep us from writing it down.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.Deadlines.Outcome)
	defer cancel()
	var written Reminder
	pause := recordPause / 16
	for try := 1; ; try++ {
		err := s.recordOnce(ctx, a, out, &written)
		switch {
		case err == nil:
			return written, nil
		case ctx.Err() != nil, try == recordTries, s.Clock.Wait(ctx, s.now().Add(pause)) != nil:
			return Reminder{}, err
		}
		pause = min(2*pause, recordPause)
	}
}

// recordOnce tries to write the outcome. What it would write is in written then, and
// stays there: a later try that finds its attempt gone finds its own work done.
func (s *Service) recordOnce(ctx context.Context, a *attempt, out outcome, written *Reminder) error {
	need := CheckoutOnly
	if (out.err != nil || out.unsent) && a.st.countsMessages() {
		need = WholeCase // a message that did not go out does not count
	}
	for {
		recorded, moved := false, false
		err := s.DB.UpdateCheckout(ctx, a.checkout.Store, a.checkout.Key, need, func(k Case) (ch Change, _ error) {
			// Since it was claimed it may have become somebody else's: whether anything may
			// be kept of whom the mail went to has to be asked for.
			if moved = need.Other == "" && k.movedFrom(a.checkout.ShopperKey); !moved {
				ch, recorded = out.decide(a, k, written, s.now())
			}
			return ch, nil
		})
		switch {
		case recorded: // read inside the transaction, so it is there
			return nil
		case !moved || err != nil:
			return err
		}
		need.Other = a.checkout.ShopperKey
	}
}

// movedFrom says whether the checkout is another shopper's than this one's by now.
func (k Case) movedFrom(shopper string) bool {
	return k.Checkout != nil && k.Checkout.Status != StatusErased && k.Checkout.ShopperKey != shopper
}

// decide is what the outcome of a's attempt changes, and notes it in written. It says
// whether there is nothing to record, or no more.
func (o outcome) decide(a *attempt, k Case, written *Reminder, now time.Time) (ch Change, recorded bool) {
	if k.Checkout == nil || k.Checkout.Status == StatusErased {
		*written = Reminder{}
		return Change{}, true
	}
	id := a.task.Reminder
	r := k.Checkout.Reminders[id]
	// Unknown: the claim ran out meanwhile. Sent: an event came before us, or it is
	// our own work, whose answer was lost.
	mine := r.Attempt == string(a.mine) && (r.State == Claimed || r.State == Unknown || r.State == Sent)
	own := r.State == Sent && written.State == Sent && written.SentAt.Equal(r.SentAt)
	switch {
	case !mine || own:
		return Change{}, true
	case r.State == Sent:
		ch = o.addTo(a.st, a.checkout, id, r, now)
	default:
		ch = o.change(a.st, k, a.checkout, id, now)
	}
	*written = k.Checkout.Reminders[id]
	return withoutTrace(k, id, ch), false
}

// withoutTrace is ch, or what is left of it where nothing may be kept of whom the message
// went to: its row goes, and the reminder keeps later ones from being written.
func withoutTrace(k Case, id ReminderID, ch Change) Change {
	r := k.Checkout.Reminders[id]
	switch {
	case ch.Message == nil:
	case r.Erased:
		ch.Message = nil
	case k.Other.Erased():
		r.Erased = true
		k.Checkout.Reminders[id] = r
		ch.DeleteMessages, ch.Message = append(ch.DeleteMessages, ch.Message.Key()), nil
		ch.Update = []*Checkout{k.Checkout}
	}
	return ch
}

// change is what the outcome writes; sentTo is the checkout as it was claimed.
func (o outcome) change(st *Store, k Case, sentTo *Checkout, id ReminderID, now time.Time) Change {
	c := k.Checkout
	r := c.Reminders[id]
	ch := Change{}
	switch {
	case o.unsent:
		r.release(now)
	case o.err == nil:
		r.State, r.Message, r.SentAt = Sent, o.provider, o.at
		if c.LastSent == nil {
			c.LastSent = map[int]time.Time{}
		}
		c.LastSent[id.Step] = o.at
		ch.Message = o.message(st, sentTo, id, r, now)
	case errors.Is(o.err, ErrUnknown):
		r.State, r.LastError = Unknown, o.err.Detail
		ch.Message = o.message(st, sentTo, id, r, now)
	case errors.Is(o.err, ErrRejected) && r.Resent: // the attempt before may have been accepted
		r.State, r.LastError = Unknown, o.err.Detail
	case errors.Is(o.err, ErrRejected):
		r.State, r.Reason, r.LastError = Failed, ReasonRejected, o.err.Detail
	default: // nothing was sent
		r.LastError = o.err.Error()
		r.release(now)
	}
	if r.State == Scheduled || r.State == Failed {
		ch.Marks = unmarked(st, k, sentTo, id, now)
	}
	c.Reminders[id] = r
	settle(st, c, now)
	ch.Update = []*Checkout{c}
	return ch
}

// addTo is what the outcome adds to a message of which an event has told that it was
// sent: that is not taken back, whatever became of this run's own attempt.
func (o outcome) addTo(st *Store, sentTo *Checkout, id ReminderID, r Reminder, now time.Time) Change {
	if o.subject == "" {
		return Change{}
	}
	row := o.message(st, sentTo, id, r, now)
	if o.err == nil {
		row.Provider = o.provider
	}
	return Change{Message: row}
}

// release gives a claim back, of which nothing was sent. Where an earlier attempt's
// outcome is unknown it is unknown again, and may be tried again later.
func (r *Reminder) release(now time.Time) {
	if r.Resent {
		r.State, r.Attempt, r.Resent, r.ClaimedUntil = Unknown, "", false, now
		return
	}
	r.State, r.Attempt, r.ClaimedUntil, r.Look = Scheduled, "", time.Time{}, now.Add(lookAgainAfter)
}

// unmarked takes a message that did not go out back from those that count for its
// shopper; nil where there is nothing to take back.
func unmarked(st *Store, k Case, sentTo *Checkout, id ReminderID, now time.Time) *Marks {
	if !st.countsMessages() || sentTo.Test || k.Checkout.ShopperKey != sentTo.ShopperKey {
		return nil
	}
	rest := unmark(k.Shopper.Messages, MessageMark{Checkout: sentTo.Key, Reminder: id})
	return &Marks{Shopper: sentTo.ShopperKey, Messages: rest, ExpiresAt: now.Add(st.Retention)}
}

// message is the row of the message after the outcome.
func (o outcome) message(st *Store, sentTo *Checkout, id ReminderID, r Reminder, now time.Time) *Message {
	row := newRow(st, sentTo, id, r, now)
	row.Subject = o.subject
	if row.SentAt.IsZero() { // of unknown outcome
		row.SentAt = o.at
	}
	return row
}

// newRow is the row of a message that went to c's shopper, as far as c and the
// reminder tell.
func newRow(st *Store, c *Checkout, id ReminderID, r Reminder, now time.Time) *Message {
	return &Message{
		Store: st.ID, Checkout: c.Key, Reminder: id, CheckoutID: c.ID, Shopper: c.ShopperKey, Email: c.Email,
		Total: c.Total, Template: r.Template, Test: c.Test,
		State: r.State, Provider: r.Message, SentAt: r.SentAt, ExpiresAt: expiry(st, c, now, r.Due),
	}
}
