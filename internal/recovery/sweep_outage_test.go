package recovery_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
	"github.com/comeback-checkout/comeback/internal/recovery/recoverytest"
)

// The cost of the worst day: 10,000 reminders are overdue, two of each checkout, and for
// 24 hours no task runs, while a sweep comes each minute. The sweep leaves a reminder for 1, 2, 4, 8 and
// 16 minutes, and then for 30 each time. So one that is first enqueued at minute 0 is
// enqueued again at 1, 3, 7, 15, 31, 61, 91, … up to minute 1,411 (31 + 30·46): 52
// times before minute 1,440, which is the last. Each time its checkout is read once, and
// written once, for both; a sweep adds one query that may find nothing, and one for each
// full page.
func TestDayLongOutage(t *testing.T) {
	t.Parallel()
	const checkouts, minutes, each = 5_000, 24 * 60, 52
	db, queue := newOutageDB(checkouts), &countingQueue{made: map[string]int{}}
	clock := recoverytest.NewClock(t0)
	s := &recovery.Service{
		DB: db, Queue: queue, Clock: clock, Stores: map[string]*recovery.Store{"default": testStore()},
		Together: oneByOne, // which counts the same, and is quicker
	}
	for minute := range minutes {
		clock.Set(t0.Add(time.Duration(minute) * time.Minute))
		if _, err := s.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	most := 0
	for _, n := range queue.made {
		most = max(most, n)
	}
	if len(queue.made) != checkouts || most != 2*each || queue.tasks != checkouts*2*each {
		t.Errorf("%d tasks for %d checkouts, up to %d for one; want %d for each of the two reminders of %d", queue.tasks, len(queue.made), most, each, checkouts)
	}
	if db.reads != checkouts*each || db.writes != checkouts*each {
		t.Errorf("%d documents read and %d written, want %d of both", db.reads, db.writes, checkouts*each)
	}
	if most := minutes + checkouts*each/100; db.queries > most {
		t.Errorf("%d queries, want at most %d", db.queries, most)
	}
}

// countingQueue takes tasks and runs none.
type countingQueue struct {
	made  map[string]int // by checkout
	tasks int
}

func (q *countingQueue) Create(_ context.Context, t recovery.Task) error {
	q.made[t.Checkout]++
	q.tasks++
	return nil
}

// outageDB has what the sweep of a large outage needs, without a copy of anything: an
// index by CheckAt, out of which a checkout goes when it is read, and into which it
// comes when it is written.
type outageDB struct {
	recovery.DB
	index                  map[time.Time][]*recovery.Checkout
	queries, reads, writes int
}

func newOutageDB(n int) *outageDB {
	db := &outageDB{index: map[time.Time][]*recovery.Checkout{}}
	for i := range n {
		db.keep(&recovery.Checkout{
			Store: "default", Key: fmt.Sprintf("%05d", i), T: t0.Add(-2 * day), Generation: 1, Status: recovery.StatusOpen,
			CheckAt: t0.Add(-time.Duration(i)),
			Reminders: map[recovery.ReminderID]recovery.Reminder{
				{Generation: 1}:          {Due: t0.Add(-day), State: recovery.Scheduled},
				{Generation: 1, Step: 1}: {Due: t0.Add(-half), State: recovery.Scheduled},
			},
		})
	}
	return db
}

func (d *outageDB) keep(c *recovery.Checkout) {
	at := c.CheckAt.Truncate(time.Minute)
	d.index[at] = append(d.index[at], c)
}

func (d *outageDB) ToCheck(_ context.Context, now time.Time, _ *recovery.Checkout, limit int) ([]*recovery.Checkout, error) {
	d.queries++
	var page []*recovery.Checkout
	for at, list := range d.index {
		if at.After(now) {
			continue
		}
		n := min(limit-len(page), len(list))
		page = append(page, list[:n]...)
		if d.index[at] = list[n:]; n == len(list) {
			delete(d.index, at)
		}
	}
	d.reads += len(page)
	return page, nil
}

func (d *outageDB) Commit(_ context.Context, _ string, ch recovery.Change) error {
	d.writes++
	d.keep(ch.Update[0])
	return nil
}
