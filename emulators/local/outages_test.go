package main

import (
	"context"
	"sync"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// hopeless are faults that keep a call from its answer until its deadline, each with a
// deadline that is short enough for tests, in real time. All but the last do nothing, so
// that no length of it changes what the call comes to. SendGrid's other faults answer, or
// cut the connection, at once.
var hopeless = map[string]time.Duration{
	"cloudtasks unavailable":     100 * time.Millisecond,
	"cloudtasks timeout":         100 * time.Millisecond,
	"firestore unavailable":      100 * time.Millisecond,
	"firestore timeout":          100 * time.Millisecond,
	"sendgrid timeout":           100 * time.Millisecond,
	"firestore accept_then_drop": time.Second, // a test has to look whether it was done
}

// outages shorten the calls to a service while a fault makes them hopeless. Every other
// call has all the time that a busy machine needs.
type outages struct {
	mu    sync.Mutex
	limit map[string]time.Duration // by target
}

// shortenOutages goes between the service and what it calls.
func shortenOutages(s *recovery.Service) {
	o := &outages{limit: map[string]time.Duration{}}
	s.DB, s.Queue, s.Mailer = shortDB{s.DB, o}, shortQueue{s.Queue, o}, shortMailer{s.Mailer, o}
}

// shorten shortens the calls to the target, if the fault befalls each and is hopeless. A
// system in another process keeps its own limits.
func (w *world) shorten(target, mode string, rate float64) {
	if w.App == nil {
		return
	}
	o := w.App.Service.Queue.(shortQueue).outages
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.limit, target)
	if d, ok := hopeless[target+" "+mode]; ok && rate == 1 {
		o.limit[target] = d
	}
}

func (o *outages) within(ctx context.Context, target string) (context.Context, context.CancelFunc) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if d, ok := o.limit[target]; ok {
		return context.WithTimeout(ctx, d)
	}
	return ctx, func() {}
}

type shortQueue struct {
	recovery.Queue
	outages *outages
}

func (q shortQueue) Create(ctx context.Context, t recovery.Task) error {
	ctx, cancel := q.outages.within(ctx, "cloudtasks")
	defer cancel()
	return q.Queue.Create(ctx, t)
}

type shortMailer struct {
	recovery.Mailer
	outages *outages
}

func (m shortMailer) Send(ctx context.Context, mail recovery.Mail) (string, error) {
	ctx, cancel := m.outages.within(ctx, "sendgrid")
	defer cancel()
	return m.Mailer.Send(ctx, mail)
}

type shortDB struct {
	recovery.DB
	outages *outages
}

func (d shortDB) Commit(ctx context.Context, store string, ch recovery.Change) error {
	ctx, cancel := d.outages.within(ctx, "firestore")
	defer cancel()
	return d.DB.Commit(ctx, store, ch)
}

func (d shortDB) UpdateCheckout(ctx context.Context, store, key string, need recovery.Need, decide func(recovery.Case) (recovery.Change, error)) error {
	ctx, cancel := d.outages.within(ctx, "firestore")
	defer cancel()
	return d.DB.UpdateCheckout(ctx, store, key, need, decide)
}

func (d shortDB) Suppress(ctx context.Context, store, shopper string, all ...recovery.Suppression) error {
	ctx, cancel := d.outages.within(ctx, "firestore")
	defer cancel()
	return d.DB.Suppress(ctx, store, shopper, all...)
}

func (d shortDB) FindForOrder(ctx context.Context, q recovery.OrderQuery) (recovery.OrderCase, error) {
	ctx, cancel := d.outages.within(ctx, "firestore")
	defer cancel()
	return d.DB.FindForOrder(ctx, q)
}

func (d shortDB) ToCheck(ctx context.Context, now time.Time, after *recovery.Checkout, limit int) ([]*recovery.Checkout, error) {
	ctx, cancel := d.outages.within(ctx, "firestore")
	defer cancel()
	return d.DB.ToCheck(ctx, now, after, limit)
}

func (d shortDB) LastHeard(ctx context.Context, sources []recovery.Source) (map[recovery.Source]time.Time, error) {
	ctx, cancel := d.outages.within(ctx, "firestore")
	defer cancel()
	return d.DB.LastHeard(ctx, sources)
}
