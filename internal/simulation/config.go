package simulation

import (
	"strconv"
	"time"

	"github.com/comeback-checkout/comeback/internal/recovery"
)

// config is what the store's configuration says; the first holds from the start.
type config struct {
	store         string
	steps         []time.Duration
	window        bool
	maxLate       time.Duration
	resend        bool
	each          bool
	consent       recovery.Consent
	sameStep      time.Duration
	between       time.Duration
	afterOrder    time.Duration
	cap           int
	spread        time.Duration
	holdout       int
	activeFromDay int // 0: off
	shadow        bool
	recipients    int           // of tests
	attribution   time.Duration // the window of clicks
	anyMessage    bool
}

// defaults is what holds where nothing else is configured.
func defaults() config {
	return config{
		steps: []time.Duration{30 * time.Minute, day, 3 * day}, maxLate: 6 * time.Hour, consent: recovery.ConsentAny,
		sameStep: day, cap: 10, attribution: recovery.DefaultAttributionWindow,
	}
}

// config draws a configuration: mostly the defaults, with one or two other rules.
func (d *drawing) config() config {
	c := defaults()
	c.store = d.store
	switch d.IntN(8) {
	case 0:
		c.steps = []time.Duration{10 * time.Second, 10 * time.Minute, time.Hour}
	case 1:
		c.steps = []time.Duration{time.Hour, 2 * time.Hour}
	case 2:
		if d.chance(6) {
			c.steps = []time.Duration{30 * time.Minute, 33 * day} // beyond the queue's horizon
		}
	}
	if d.chance(2) {
		c.sameStep, c.cap = 0, 0
	}
	c.recipients = d.IntN(3)
	c.window = d.chance(6)
	c.each = d.chance(3)
	c.resend = d.chance(5)
	if d.chance(4) {
		c.maxLate = d.pick(time.Hour, 2*day)
	}
	switch d.IntN(16) {
	case 0:
		c.consent = recovery.ConsentOptIn
	case 1:
		c.consent = recovery.ConsentCustomers
	case 2:
		c.between = d.pick(time.Hour, day)
	case 3:
		c.afterOrder = 2 * day
	case 4:
		c.spread = time.Minute
	case 5:
		c.holdout = 40
	case 6:
		c.activeFromDay = 1 + d.IntN(3)
	case 7:
		c.shadow = d.chance(4)
	case 8:
		c.cap = 2
	case 9:
		c.attribution = d.pick(10*time.Minute, day)
	case 10:
		c.anyMessage = true
	}
	return c
}

// asStore is the store as configured.
func (c config) asStore(key []byte) *recovery.Store {
	s := &recovery.Store{
		ID: c.store, Name: "Shop", From: recovery.Address{Email: sender(c.store)}, Consent: c.consent, EachCheckout: c.each,
		Cooldown: recovery.Cooldown{BetweenMessages: c.between, AfterOrder: c.afterOrder, SameStep: c.sameStep},
		Cap:      recovery.Cap{Messages: c.cap, Per: 7 * day}, MaxLate: c.maxLate, Spread: c.spread, ResendUnknown: c.resend,
		Attribution: recovery.AttributionRule{Window: c.attribution, AnyMessage: c.anyMessage}, URL: shopURL(c.store), LinkHosts: linkHosts,
		HoldoutPercent: c.holdout, Retention: 90 * day, Shadow: c.shadow, IDKey: key,
	}
	s.TestRecipients = c.testers()
	for i, after := range c.steps {
		s.Steps = append(s.Steps, recovery.Step{After: after, Template: "t" + strconv.Itoa(i)})
	}
	if c.window {
		s.Window = &recovery.SendWindow{From: 8 * time.Hour, To: 21 * time.Hour}
	}
	if c.activeFromDay > 0 {
		s.ActiveFrom = begin.Add(time.Duration(c.activeFromDay) * day)
	}
	return s
}

// testers are to whom mails of tests go.
func (c config) testers() []string {
	return []string{"ann@example.org", "ben@example.org"}[:c.recipients]
}
