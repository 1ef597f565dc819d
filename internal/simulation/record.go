package simulation

import (
	"fmt"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// record is what can be seen of a history from outside: what was asked and answered,
// and what SendGrid received. The promises are checked on this and nothing else.
type record struct {
	requests   []*request
	dispatches []*dispatch
	attempts   []*attempt
	happenings []*happening
	followed   []*following
	last       map[string]checkoutAnswer // how each checkout stands in the end
	shopify    shopifyRecord
	woo        wooRecord
	readable   map[[2]string][]string // documents that hold what was to be erased, by store and address
	givenUp    map[reminderKey]bool   // mails that the sender gave up before SendGrid had a byte of them
	missing    map[string][]span      // when stores were not configured
	rows       []recovery.Message     // the list of messages, in the end
	purged     []time.Duration
	sweptLost  int // tasks of the sweep's own that were lost before they ran
	sweeps     int
	endless    bool

	hits       map[kind]int
	tainted    map[string]bool // checkouts that a fault may have delayed
	violations []Violation
}

func newRecord() record {
	return record{last: map[string]checkoutAnswer{}, missing: map[string][]span{}, readable: map[[2]string][]string{}, givenUp: map[reminderKey]bool{}, hits: map[kind]int{}, tainted: map[string]bool{}}
}

// Violation is a promise that was broken.
type Violation struct {
	Promise int
	What    string
}

func (v Violation) String() string { return fmt.Sprintf("promise %d: %s", v.Promise, v.What) }

func (r *record) violate(promise int, format string, args ...any) {
	r.violations = append(r.violations, Violation{promise, fmt.Sprintf(format, args...)})
}

// moment is an instant, and its place in the order of all that happened.
type moment struct {
	at  time.Duration
	seq int
}

func (m moment) before(o moment) bool { return m.seq < o.seq }

func (w *world) moment() moment {
	w.seq++
	return moment{w.now, w.seq}
}

// reminderKey names a reminder.
type reminderKey struct {
	checkout         string // its key
	generation, step int
}

func (k reminderKey) String() string {
	return fmt.Sprintf("%s…-%d-%d", k.checkout[:6], k.generation, k.step)
}

// request is one request of a storefront and its answer; status 0: none came.
type request struct {
	*op
	begun, ended moment
	clock        time.Duration // of the instance, when it began
	status       int
	body         []byte
	answer       checkoutAnswer // of the first request that told of its generation
}

// dispatch is one call of Remind; status 0: no answer came.
type dispatch struct {
	name         string
	key          reminderKey
	begun, ended moment
	clock        time.Duration // of the instance, when it began
	skew         time.Duration // of the instance
	status       int
	body         []byte
}

// attempt is one mail that reached SendGrid.
type attempt struct {
	reminderKey
	to, version string
	all         []string // to whom it went
	store, from string   // whose it is
	at          moment
	clock       time.Duration // of the instance
	dispatch    *dispatch
	verdict     verdict
}

// happening is an event of a mail, with the moments at which our answer took it.
type happening struct {
	store    string
	what, to string
	follows  recovery.Reason // to mail the address no more; "" if it changes nothing
	key      reminderKey
	told     []moment
	at       time.Duration // as SendGrid tells
}

// checkoutAnswer is what POST /checkout answers.
type checkoutAnswer struct {
	asked      moment
	Generation int    `json:"generation"`
	Status     string `json:"status"`
	Reminders  []struct {
		Step   int       `json:"step"`
		DueAt  time.Time `json:"due_at"`
		State  string    `json:"state"`
		Reason string    `json:"reason"`
	} `json:"reminders"`
}
