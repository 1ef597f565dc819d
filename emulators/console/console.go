// Package console is the window on the emulators: a page with the mailbox, the
// pending tasks, the virtual clock, faults and health, and the JSON API that
// tests and the page itself use. It answers loopback names only, and nothing it
// shows is fetched from outside.
package console

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/comeback-checkout/comeback/emulators/sendgrid"
)

// Clock is the virtual clock; *clock.Clock is one.
type Clock interface {
	Now() time.Time
	// Advance returns when everything due up to target has settled.
	Advance(ctx context.Context, target time.Time) error
}

// Mailbox is where mails end; *sendgrid.Server is one.
type Mailbox interface {
	Messages() []sendgrid.Message // oldest first
	Delete() error
	// Event sends one signed event; its errors are the package sendgrid's.
	Event(id, kind string, extra map[string]any) error
}

// Tasks are the queues.
type Tasks interface {
	Pending() []Task // by schedule time
	// Purge drops all pending tasks of all queues.
	Purge(ctx context.Context) error
}

// Task is one that waits for its time.
type Task struct {
	Name         string    `json:"name"`  // without project, location and queue
	Queue        string    `json:"queue"` // likewise
	ScheduleTime time.Time `json:"schedule_time"`
	Attempts     int       `json:"attempts"`
	URL          string    `json:"url"`
	Body         string    `json:"body"`
}

// Options are what a console shows. Clock is required; what is nil is answered
// 404 and left off the page.
type Options struct {
	Clock   Clock
	Mailbox Mailbox
	Tasks   Tasks
	// Dispatched counts the tasks dispatched so far.
	Dispatched func() uint64
	// Health is any JSON value.
	Health func(context.Context) (any, error)
	// Faults are the parts that can be made to fail, by target: "sendgrid",
	// "cloudtasks", "firestore".
	Faults map[string]Breakable
}

// Console is the page and the API.
type Console struct {
	o       Options
	handler http.Handler
	moving  sync.Mutex // held by the clock's one mover, so that two advances add up
	faults  faults
}

// New makes a console. It needs no closing.
func New(o Options) *Console {
	c := &Console{o: o}
	mux := http.NewServeMux()
	mux.Handle("/api/clock", api{http.MethodGet: c.clock, http.MethodPost: c.moveClock})
	mux.Handle("/api/health", api{http.MethodGet: c.health})
	mux.Handle("/api/messages", api{http.MethodGet: c.messages, http.MethodDelete: c.deleteMessages})
	mux.Handle("/api/messages/{id}/events", api{http.MethodPost: c.sendEvent})
	mux.Handle("/api/tasks", api{http.MethodGet: c.tasks})
	mux.Handle("/api/queues/purge", api{http.MethodPost: c.purge})
	mux.Handle("/api/faults", api{http.MethodGet: c.listFaults, http.MethodPost: c.setFault, http.MethodDelete: c.heal})
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		writeError(w, &apiError{status: http.StatusNotFound, Code: "not_found", Message: "the console has no " + r.URL.Path})
	})
	c.pages(mux)
	c.handler = guard(mux)
	return c
}

// ServeHTTP serves page and API.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.handler.ServeHTTP(w, r) }

// off answers for a part that this machine does not run.
func off(part string) error {
	return &apiError{status: http.StatusNotFound, Code: "off", Message: part + " is not run here, so there is nothing to show"}
}
