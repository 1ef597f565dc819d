package simulation

import (
	"net/http"
	"strconv"
	"time"

	"github.com/comeback-checkout/comeback/functions"
	"github.com/comeback-checkout/comeback/internal/app"
	"github.com/comeback-checkout/comeback/internal/callerauth"
	"github.com/comeback-checkout/comeback/internal/recovery"
)

// Runner runs histories, one after the other, in one goroutine at a time.
type Runner struct {
	hooks     Hooks
	instances [instances]*instance
	idle      []*thread
	signer    *signer
	keys      map[string]*callerauth.Keys // of storefronts, by the stores' IDs
}

// instance is one process of the deployment.
type instance struct {
	name    string
	skew    time.Duration
	app     *app.App
	handler http.Handler
	runs    []*run
}

// Hooks let a test put a fault of ours into what is otherwise the product.
type Hooks struct {
	DB      func(recovery.DB) recovery.DB
	Mailer  func(recovery.Mailer) recovery.Mailer
	Clock   func(recovery.Clock) recovery.Clock
	Store   func(*recovery.Store)
	Handler func(http.Handler) http.Handler
	Orders  func(recovery.OrderSource) recovery.OrderSource
	// TaskName names a task, and TaskExists is what comes of a name that is taken; nil:
	// as the product has it.
	TaskName   func(recovery.Task) string
	TaskExists error
}

// NewRunner makes a Runner; Close it when done.
func NewRunner(hooks Hooks) *Runner {
	r := &Runner{hooks: hooks, signer: theSigner(), keys: map[string]*callerauth.Keys{}}
	for i := range r.instances {
		a := &app.App{Log: silence, Links: theLinks, Pages: thePages()}
		h := functions.Handler(a)
		if hooks.Handler != nil {
			h = hooks.Handler(h)
		}
		r.instances[i] = &instance{name: "instance " + strconv.Itoa(i+1), app: a, handler: h}
	}
	return r
}

// Close ends the Runner's threads.
func (r *Runner) Close() {
	for _, t := range r.idle {
		t.stop()
	}
	r.idle = nil
}
