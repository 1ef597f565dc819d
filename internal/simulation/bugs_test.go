package simulation

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// within is how many histories a bug may survive.
const within = 5000

// Each deliberate bug breaks the promises that it should, within so many histories.
func TestFindsBugs(t *testing.T) {
	t.Parallel()
	for name, bug := range map[string]struct {
		hooks Hooks
		want  []int // promises, one of which is broken
	}{
		"mails before it claims":                      {Hooks{DB: func(db recovery.DB) recovery.DB { return &claimsLater{DB: db} }}, []int{2}},
		"does not look for the order again":           {Hooks{DB: func(db recovery.DB) recovery.DB { return forgetsOrders{db} }}, []int{1}},
		"leaves the generation out of a name":         {Hooks{TaskName: withoutGeneration}, []int{4}},
		"takes ALREADY_EXISTS for an error":           {Hooks{TaskExists: errors.New("requested entity already exists")}, []int{4}},
		"mails again when unknown":                    {Hooks{Mailer: func(m recovery.Mailer) recovery.Mailer { return mailsAgain{m} }}, []int{2}},
		"resends before events can tell":              {Hooks{DB: func(db recovery.DB) recovery.DB { return resendsAtOnce{db} }}, []int{2}},
		"takes a test for a shopper":                  {Hooks{DB: func(db recovery.DB) recovery.DB { return forgetsTests{db} }}, []int{7}},
		"takes all shoppers to be where the store is": {Hooks{DB: func(db recovery.DB) recovery.DB { return forgetsZones{db} }}, []int{3, 5}},
		"takes one store for another":                 {Hooks{Store: func(s *recovery.Store) { s.ID = storeIDs[0] }}, []int{1, 2, 4, 6, 7, 9}},
		"loses rows of the list":                      {Hooks{DB: func(db recovery.DB) recovery.DB { return losesRows{db} }}, []int{4}},
		"takes blocked for bounced":                   {Hooks{Handler: blockedIsBounced}, []int{7}},
		"acknowledges before it commits":              {Hooks{DB: func(db recovery.DB) recovery.DB { return acknowledges{db} }}, []int{4, 6}},
		"uses a name of the sweep again":              {Hooks{TaskName: withoutCount}, []int{4}},
		"does not wait":                               {Hooks{Clock: func(c recovery.Clock) recovery.Clock { return hasty{c} }}, []int{3}},
		"mails however late":                          {Hooks{Store: func(s *recovery.Store) { s.MaxLate = 30 * day }}, []int{5}},
		"takes older news for newer":                  {Hooks{DB: func(db recovery.DB) recovery.DB { return forgetsNews{db} }}, []int{6}},
		"forgets what suppresses":                     {Hooks{DB: func(db recovery.DB) recovery.DB { return suppressesNobody{db} }}, []int{7}},
		"ignores one click":                           {Hooks{Handler: ignoresOneClick}, []int{7}},
		"lets a complaint go with an undo":            {Hooks{DB: func(db recovery.DB) recovery.DB { return forgives{db} }}, []int{7}},
		"attributes outside the window":               {Hooks{Store: func(s *recovery.Store) { s.Attribution.Window = 90 * day }}, []int{7}},
		"takes a link for another":                    {Hooks{Handler: takesAnyLink}, []int{9}},
		"leaves a row when it erases":                 {Hooks{DB: func(db recovery.DB) recovery.DB { return leavesRows{db} }}, []int{9}},
		"counts a refund again":                       {Hooks{DB: func(db recovery.DB) recovery.DB { return refundsAgain{db} }}, []int{7}},
		"forgets a withdrawal":                        {Hooks{DB: func(db recovery.DB) recovery.DB { return forgetsWithdrawals{db} }}, []int{7}},
		"panics":                                      {Hooks{Mailer: func(recovery.Mailer) recovery.Mailer { return nil }}, []int{4}},
		"answers with a status that stops retries":    {Hooks{Handler: stopsRetries}, []int{4}},
		"tries for ever":                              {Hooks{DB: func(db recovery.DB) recovery.DB { return triesForEver{db} }}, []int{4}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := NewRunner(bug.hooks)
			defer r.Close()
			for seed := range uint64(within) {
				h := r.Run(seed)
				if i := slices.IndexFunc(h.Violations, func(v Violation) bool { return slices.Contains(bug.want, v.Promise) }); i >= 0 {
					t.Logf("found by history %d: %s", seed, h.Violations[i])
					return
				}
			}
			t.Errorf("not found within %d histories, want a breach of promise %v", within, bug.want)
		})
	}
}

// claimsLater tells that a claim is made, and makes it only with the next call: after
// the mail.
type claimsLater struct {
	recovery.DB
	later func()
}

var errNotYet = errors.New("not yet")

func (c *claimsLater) UpdateCheckout(ctx context.Context, store, key string, need recovery.Need, decide func(recovery.Case) (recovery.Change, error)) error {
	if c.later != nil {
		later := c.later
		c.later = nil
		later()
	}
	err := c.DB.UpdateCheckout(ctx, store, key, need, func(k recovery.Case) (recovery.Change, error) {
		ch, err := decide(k)
		if err == nil && claims(ch) {
			return recovery.Change{}, errNotYet
		}
		return ch, err
	})
	if errors.Is(err, errNotYet) {
		c.later = func() { _ = c.DB.UpdateCheckout(ctx, store, key, need, decide) }
		return nil
	}
	return err
}

func claims(ch recovery.Change) bool {
	for _, c := range ch.Update {
		for _, r := range c.Reminders {
			if r.State == recovery.Claimed {
				return true
			}
		}
	}
	return false
}

// forgetsOrders hides what a run is to recheck.
type forgetsOrders struct{ recovery.DB }

func (f forgetsOrders) UpdateCheckout(ctx context.Context, store, key string, need recovery.Need, decide func(recovery.Case) (recovery.Change, error)) error {
	return f.DB.UpdateCheckout(ctx, store, key, need, func(k recovery.Case) (recovery.Change, error) {
		if need == recovery.WholeCase {
			k.Shopper.LastOrder, k.Cart = k.Shopper.NewestT.AddDate(-1, 0, 0), recovery.Cart{}
		}
		return decide(k)
	})
}

// withoutGeneration names the tasks of all generations alike.
func withoutGeneration(t recovery.Task) string {
	return strings.Join([]string{t.Checkout, strconv.Itoa(t.Reminder.Step), t.Suffix}, "-")
}

// withoutCount names all tasks of the sweep for one reminder alike.
func withoutCount(t recovery.Task) string {
	if strings.HasPrefix(t.Suffix, "s") {
		t.Suffix = "s"
	}
	return t.Name()
}

// mailsAgain takes an unknown outcome for a refusal.
type mailsAgain struct{ recovery.Mailer }

func (m mailsAgain) Send(ctx context.Context, mail recovery.Mail) (string, error) {
	id, err := m.Mailer.Send(ctx, mail)
	var se *recovery.SendError
	if errors.As(err, &se) && se.Kind == recovery.ErrUnknown {
		return "", &recovery.SendError{Kind: recovery.ErrOverload, Detail: se.Detail}
	}
	return id, err
}

// acknowledges does not wait for a commit's answer.
type acknowledges struct{ recovery.DB }

func (a acknowledges) Commit(ctx context.Context, store string, ch recovery.Change) error {
	if err := a.DB.Commit(ctx, store, ch); !errors.Is(err, recovery.ErrOverload) {
		return err
	}
	return nil
}

// stopsRetries tells Cloud Tasks that all is done.
func stopsRetries(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/tasks/remind" {
			w = alwaysOK{w}
		}
		next.ServeHTTP(w, r)
	})
}

// triesForEver does not let go of a transaction that fails.
type triesForEver struct{ recovery.DB }

func (t triesForEver) UpdateCheckout(ctx context.Context, store, key string, need recovery.Need, decide func(recovery.Case) (recovery.Change, error)) error {
	for {
		err := t.DB.UpdateCheckout(ctx, store, key, need, decide)
		if !errors.Is(err, recovery.ErrOverload) {
			return err
		}
	}
}

type alwaysOK struct{ http.ResponseWriter }

func (w alwaysOK) WriteHeader(int) { w.ResponseWriter.WriteHeader(http.StatusOK) }

// hasty does not wait for what is due in a moment: its clock says that it is time.
type hasty struct{ recovery.Clock }

func (h hasty) Now() time.Time { return h.Clock.Now().Add(4 * time.Second) }

// forgetsNews does not know how old the news is that it has.
type forgetsNews struct{ recovery.DB }

func (f forgetsNews) UpdateCheckout(ctx context.Context, store, key string, need recovery.Need, decide func(recovery.Case) (recovery.Change, error)) error {
	return f.DB.UpdateCheckout(ctx, store, key, need, func(k recovery.Case) (recovery.Change, error) {
		if need == recovery.CheckoutOnly && k.Checkout != nil {
			k.Checkout.News = time.Time{}
		}
		return decide(k)
	})
}

// suppressesNobody loses what it is to remember.
type suppressesNobody struct{ recovery.DB }

func (suppressesNobody) Suppress(context.Context, string, string, ...recovery.Suppression) error {
	return nil
}

// resendsAtOnce takes the time out of what waits for events.
type resendsAtOnce struct{ recovery.DB }

func (h resendsAtOnce) UpdateCheckout(ctx context.Context, store, key string, need recovery.Need, decide func(recovery.Case) (recovery.Change, error)) error {
	return h.DB.UpdateCheckout(ctx, store, key, need, func(k recovery.Case) (recovery.Change, error) {
		ch, err := decide(k)
		for _, c := range ch.Update {
			for id, r := range c.Reminders {
				if r.State == recovery.Unknown && !r.Resent {
					r.ClaimedUntil = r.ClaimedUntil.Add(-time.Hour)
					c.Reminders[id] = r
					c.CheckAt = c.CheckAt.Add(-9 * time.Minute)
				}
			}
		}
		return ch, err
	})
}

// forgetsTests does not know a test when it mails.
type forgetsTests struct{ recovery.DB }

func (f forgetsTests) UpdateCheckout(ctx context.Context, store, key string, need recovery.Need, decide func(recovery.Case) (recovery.Change, error)) error {
	return f.DB.UpdateCheckout(ctx, store, key, need, func(k recovery.Case) (recovery.Change, error) {
		if k.Checkout != nil && need == recovery.WholeCase {
			k.Checkout.Test = false
		}
		return decide(k)
	})
}

// forgetsZones does not know where a shopper is.
type forgetsZones struct{ recovery.DB }

func (f forgetsZones) UpdateCheckout(ctx context.Context, store, key string, need recovery.Need, decide func(recovery.Case) (recovery.Change, error)) error {
	return f.DB.UpdateCheckout(ctx, store, key, need, func(k recovery.Case) (recovery.Change, error) {
		if k.Checkout != nil {
			k.Checkout.TimeZone = ""
		}
		return decide(k)
	})
}

// losesRows writes nothing into the list of messages.
type losesRows struct{ recovery.DB }

func (l losesRows) UpdateCheckout(ctx context.Context, store, key string, need recovery.Need, decide func(recovery.Case) (recovery.Change, error)) error {
	return l.DB.UpdateCheckout(ctx, store, key, need, func(k recovery.Case) (recovery.Change, error) {
		ch, err := decide(k)
		ch.Message = nil
		return ch, err
	})
}

// blockedIsBounced does not look at the type of a bounce.
func blockedIsBounced(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/webhooks/sendgrid" {
			body, _ := io.ReadAll(r.Body)
			body = bytes.Replace(body, []byte(`"blocked"`), []byte(`"bounce"`), 1)
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		}
		next.ServeHTTP(w, r)
	})
}

// forgetsWithdrawals does not keep that a shopper accepts marketing no more.
type forgetsWithdrawals struct{ recovery.DB }

func (f forgetsWithdrawals) Commit(ctx context.Context, store string, ch recovery.Change) error {
	return f.DB.Commit(ctx, store, withoutRefusals(ch))
}

func (f forgetsWithdrawals) UpdateCheckout(ctx context.Context, store, key string, need recovery.Need, decide func(recovery.Case) (recovery.Change, error)) error {
	return f.DB.UpdateCheckout(ctx, store, key, need, func(k recovery.Case) (recovery.Change, error) {
		ch, err := decide(k)
		return withoutRefusals(ch), err
	})
}

func withoutRefusals(ch recovery.Change) recovery.Change {
	ch.Shoppers = slices.Clone(ch.Shoppers)
	for i := range ch.Shoppers {
		ch.Shoppers[i].ConsentRefused = time.Time{}
	}
	return ch
}

// ignoresOneClick answers a mail program's request to unsubscribe, and does nothing.
func ignoresOneClick(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if strings.HasPrefix(r.URL.Path, "/u/") && bytes.Contains(body, []byte("One-Click")) {
			w.WriteHeader(http.StatusOK)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		h.ServeHTTP(w, r)
	})
}

// takesAnyLink takes whatever follows /u/.
func takesAnyLink(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/u/") {
			w = alwaysOK{w}
		}
		h.ServeHTTP(w, r)
	})
}

// forgives lifts every decision with one.
type forgives struct{ recovery.DB }

func (f forgives) Lift(ctx context.Context, store, shopper string, reason recovery.Reason, at time.Time) (bool, error) {
	if _, err := f.DB.Lift(ctx, store, shopper, recovery.ReasonComplained, at); err != nil {
		return false, err
	}
	return f.DB.Lift(ctx, store, shopper, reason, at)
}

// leavesRows does not delete messages, and does not find them again.
type leavesRows struct{ recovery.DB }

func (l leavesRows) Commit(ctx context.Context, store string, ch recovery.Change) error {
	ch.DeleteMessages = nil
	return l.DB.Commit(ctx, store, ch)
}

func (l leavesRows) Personal(ctx context.Context, store, shopper string) (recovery.Personal, error) {
	p, err := l.DB.Personal(ctx, store, shopper)
	p.Messages = nil
	return p, err
}

// refundsAgain counts each refund as another one.
type refundsAgain struct{ recovery.DB }

func (r refundsAgain) Commit(ctx context.Context, store string, ch recovery.Change) error {
	if o := ch.Order; o != nil {
		refunds := map[string]recovery.Refund{}
		for id, refund := range o.Refunds {
			refunds[id+"'"] = refund
		}
		copied := *o
		copied.Refunds, ch.Order = refunds, &copied
	}
	return r.DB.Commit(ctx, store, ch)
}
