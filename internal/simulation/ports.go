package simulation

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Limits of one call, beyond which its caller has given up: the shortest deadline
// that the core gives such a call, or in between, where no standstill ends.
const (
	databaseLimit = 8 * time.Second
	mailLimit     = 10 * time.Second
	createLimit   = 3 * time.Second
)

// class is a kind of call, which some of the faults hit.
type class int

const (
	callNone class = iota
	callDatabase
	callCreate
	callMail
	callAnswer
	callDispatch
	callEvent
	callSweep
)

var classes = map[kind]class{
	loseAnswer: callAnswer, dbAborted: callDatabase, dbContended: callDatabase, dbUnavailable: callDatabase, dbTimeout: callDatabase, dbLost: callDatabase,
	createAway: callCreate, createLost: callCreate, taskVanishes: callCreate, dispatchTwice: callDispatch, sweepTwice: callSweep,
	mail429: callMail, mail503: callMail, mail500Before: callMail, mail500After: callMail, mailTimeout: callMail,
	mailLost: callMail, mailUnconnected: callMail, mail401: callMail, mail400: callMail,
	eventMissing: callEvent, eventTwice: callEvent, eventLate: callEvent,
}

// take is the fault that hits the next call of the class, "" for none.
func (w *world) take(c class) fault {
	list := w.armed[c]
	if len(list) == 0 {
		return fault{}
	}
	f := list[0]
	if list[0].n--; list[0].n <= 0 {
		w.armed[c] = list[1:]
	}
	w.hit(f.kind)
	return f
}

// hit counts a fault that took effect, and the checkout that it may have delayed.
func (w *world) hit(k kind) {
	w.record.hits[k]++
	if w.run != nil {
		w.taint(w.run.checkout)
	}
	w.tell("fault: %s", k)
}

// taint notes that what becomes of a checkout need not be punctual any more.
func (w *world) taint(checkout string) {
	if checkout != "" {
		w.record.tainted[checkout] = true
	}
}

// isAway says whether the outage lasts, and counts it if so.
func (w *world) isAway(k kind) bool {
	if w.away[k] <= w.now {
		return false
	}
	w.hit(k)
	return true
}

// lateFor says whether a call that began at entry has outlived its caller's patience.
func (w *world) lateFor(entry, limit time.Duration) bool { return w.now-entry > limit }

// database is the fake database with its faults.
type database struct{ w *world }

func unavailable(k kind) error { return fmt.Errorf("%w: %s", recovery.ErrOverload, k) }

// call runs one call of the database. Where the database ABORTs it, again says whether
// the client starts it anew by itself.
func (d database) call(again bool, work func() error, decided ...func()) error {
	w, entry := d.w, d.w.now
	w.boundary()
	switch {
	case w.lateFor(entry, databaseLimit):
		return unavailable(dbTimeout)
	case w.isAway(dbAway):
		return unavailable(dbAway)
	}
	f := w.take(callDatabase)
	if slices.Contains([]kind{dbAborted, dbContended, dbTimeout}, f.kind) { // nothing of what was decided may count
		for _, decide := range decided {
			decide()
		}
	}
	switch {
	case f.kind == dbUnavailable, f.kind == dbTimeout:
		return unavailable(f.kind)
	case f.kind == dbContended, f.kind == dbAborted && !again:
		return fmt.Errorf("%w: %s", recovery.ErrConflict, f.kind)
	}
	err := work()
	w.boundary()
	if err == nil && (f.kind == dbLost || w.lateFor(entry, databaseLimit)) {
		return unavailable(dbLost)
	}
	return err
}

// Commit implements recovery.DB.
func (d database) Commit(ctx context.Context, store string, ch recovery.Change) error {
	return d.call(false, func() error {
		err := d.w.db.Commit(ctx, store, ch)
		if err == nil {
			d.w.note(ch)
		}
		return err
	})
}

// UpdateCheckout implements recovery.DB. An ABORTED transaction starts anew.
func (d database) UpdateCheckout(ctx context.Context, store, key string, need recovery.Need, decide func(recovery.Case) (recovery.Change, error)) error {
	return d.call(true, func() error {
		var last recovery.Change
		err := d.w.db.UpdateCheckout(ctx, store, key, need, func(k recovery.Case) (ch recovery.Change, err error) {
			last, err = decide(k)
			return last, err
		})
		if err == nil {
			d.w.note(last)
		}
		return err
	}, func() {
		_ = d.w.db.UpdateCheckout(ctx, store, key, need, func(k recovery.Case) (recovery.Change, error) {
			_, _ = decide(k)
			return recovery.Change{}, context.Canceled
		})
	})
}

// Suppress implements recovery.DB.
func (d database) Suppress(ctx context.Context, store, shopper string, told ...recovery.Suppression) error {
	return d.call(true, func() error { return d.w.db.Suppress(ctx, store, shopper, told...) })
}

// Lift implements recovery.DB.
func (d database) Lift(ctx context.Context, store, shopper string, reason recovery.Reason, at time.Time) (lifted bool, err error) {
	err = d.call(true, func() (err error) {
		lifted, err = d.w.db.Lift(ctx, store, shopper, reason, at)
		return err
	})
	return lifted, err
}

// Personal implements recovery.DB.
func (d database) Personal(ctx context.Context, store, shopper string) (p recovery.Personal, err error) {
	err = d.call(false, func() (err error) {
		p, err = d.w.db.Personal(ctx, store, shopper)
		return err
	})
	return p, err
}

// ShoppersOfCustomer implements recovery.DB.
func (d database) ShoppersOfCustomer(ctx context.Context, store, customer string) (keys []string, err error) {
	err = d.call(true, func() (err error) {
		keys, err = d.w.db.ShoppersOfCustomer(ctx, store, customer)
		return err
	})
	return keys, err
}

// DeletePage implements recovery.DB.
func (d database) DeletePage(ctx context.Context, store string, limit int) (n int, err error) {
	err = d.call(true, func() (err error) {
		n, err = d.w.db.DeletePage(ctx, store, limit)
		return err
	})
	return n, err
}

// FindForOrder implements recovery.DB.
func (d database) FindForOrder(ctx context.Context, q recovery.OrderQuery) (k recovery.OrderCase, err error) {
	err = d.call(true, func() error {
		k, err = d.w.db.FindForOrder(ctx, q)
		return err
	})
	return k, err
}

// ToCheck implements recovery.DB.
func (d database) ToCheck(ctx context.Context, now time.Time, after *recovery.Checkout, limit int) (list []*recovery.Checkout, err error) {
	err = d.call(true, func() error {
		list, err = d.w.db.ToCheck(ctx, now, after, limit)
		return err
	})
	return list, err
}

// LastHeard implements recovery.DB; nobody leaves marks here.
func (d database) LastHeard(context.Context, []recovery.Source) (map[recovery.Source]time.Time, error) {
	return nil, nil
}

// note remembers when the sweep is to look at what was written.
func (w *world) note(ch recovery.Change) {
	if ch.Create != nil {
		w.checks[ch.Create.Key] = ch.Create.CheckAt
		w.planLook(ch.Create)
	}
	for _, c := range ch.Update {
		w.checks[c.Key] = c.CheckAt
		w.planLook(c)
	}
}

// oneLine renders each mail as the version of the checkout's items, and the way back.
type oneLine struct{}

// Render implements recovery.Renderer.
func (oneLine) Render(_ *recovery.Store, c *recovery.Checkout, _ int, _ recovery.Reminder, links recovery.Links) (recovery.Content, error) {
	return recovery.Content{Subject: c.Items[0].ID, Text: links.Recover}, nil
}
