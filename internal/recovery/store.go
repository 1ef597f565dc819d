package recovery

import (
	"slices"
	"strings"
	"time"
)

// Store is one shop and its rules, as configured.
type Store struct {
	ID   string
	Name string
	// URL is the shop's address; CartURL is where a mail leads when the checkout
	// brought no address of its own.
	URL, CartURL string
	// LinkHosts are the hosts that links may lead to: exact, or "*.example.com".
	LinkHosts     []string
	Platform      Platform // the shop system that it is on; "" for none that reports
	From          Address
	ReplyTo       string // "" means none
	PostalAddress string
	Locale        string // BCP 47
	TimeZone      *time.Location
	Steps         []Step // by rising After
	Window        *SendWindow
	Consent       Consent
	// EachCheckout lets every open checkout of a shopper speak, not the newest only.
	EachCheckout bool
	Cooldown     Cooldown
	Cap          Cap
	Attribution  AttributionRule
	// MaxLate is how late a reminder may still be mailed.
	MaxLate time.Duration
	// Spread delays each checkout's reminders by up to this much, by its hash.
	Spread time.Duration
	// ResendUnknown accepts one more try where an outcome stayed unknown.
	ResendUnknown bool
	// ActiveFrom is the activation: checkouts abandoned before it are not mailed.
	ActiveFrom     time.Time
	HoldoutPercent int // of shoppers, 0 to 100
	Retention      time.Duration
	Shadow         bool
	TestRecipients []string
	// IDKey keys the hashes of addresses, so that no word list reverses them.
	IDKey []byte
}

// Address is an e-mail address with the name shown beside it.
type Address struct{ Name, Email string }

// Step is one configured reminder.
type Step struct {
	After    time.Duration // since T
	Template string
	Coupon   string // a fixed code, "" for none
}

// SendWindow is the part of the day, in local time since midnight, in which mail
// may go out. Where To is before From it runs over midnight.
type SendWindow struct{ From, To time.Duration }

// Consent says who may be mailed.
type Consent string

// The modes of consent.
const (
	ConsentAny       Consent = "any"       // everybody who has not withdrawn
	ConsentOptIn     Consent = "opt_in"    // only who accepted marketing
	ConsentCustomers Consent = "customers" // that, or who has an order on record
)

// Cooldown keeps messages apart; zero durations are off.
type Cooldown struct {
	BetweenMessages time.Duration // for other checkouts or generations of the shopper
	AfterOrder      time.Duration // since the shopper's last order
	SameStep        time.Duration // the same step of an earlier generation
}

// AttributionRule says which orders a store attributes to its reminders.
type AttributionRule struct {
	Window     time.Duration // since the click or the message
	AnyMessage bool          // without a click, the last message counts
}

// DefaultAttributionWindow is the one of a store that configures none.
const DefaultAttributionWindow = 5 * 24 * time.Hour

// Cap bounds the messages that one shopper gets in a period; Messages 0 is off.
type Cap struct {
	Messages int
	Per      time.Duration
}

// countsMessages says whether the rules need the shopper's recent messages.
func (s *Store) countsMessages() bool { return s.Cap.Messages > 0 || s.Cooldown.BetweenMessages > 0 }

// DefaultMaxLate holds for a store that the configuration no longer knows.
const DefaultMaxLate = 6 * time.Hour

// DefaultRetention is how long documents are kept after their last use.
const DefaultRetention = 90 * 24 * time.Hour

// DefaultSteps are the reminders of a store that configures none.
func DefaultSteps() []Step {
	return slices.Clone([]Step{
		{After: 30 * time.Minute, Template: "first"},
		{After: 24 * time.Hour, Template: "second"},
		{After: 72 * time.Hour, Template: "last"},
	})
}

// HostAllowed says whether host is one of hosts, each exact or "*." before a domain
// whose subdomains count.
func HostAllowed(hosts []string, host string) bool {
	host = strings.ToLower(host)
	return slices.ContainsFunc(hosts, func(h string) bool {
		h = strings.ToLower(h)
		if parent, ok := strings.CutPrefix(h, "*"); ok {
			return len(host) > len(parent) && strings.HasSuffix(host, parent) && isASCII(host)
		}
		return h == host
	})
}

// isASCII keeps out look-alikes of the dot, which some clients turn into one, or
// into a slash.
func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 127 })
}
