package cost

// Use is what Firestore bills for one piece of work, in documents.
type Use struct{ Reads, Writes float64 }

// Work is what the code uses for each kind of work. The shop gives cart_id with
// checkouts and orders, and every rule has its default.
type Work struct {
	Checkout Use // a new one
	Update   Use // news of a known one that restarts nothing, as shop systems send many
	Order    Use // of a known checkout, naming it, its cart and its address
	Mailed   Use // a run that mails: the claim's transaction, and the outcome's
	Ordered  Use // a run that finds that an order has ended its reminder
	Event    Use // SendGrid's event of a mail whose outcome is known
	Click    Use // a shopper whom a link leads back
	Sweep    Use // a sweep that finds nothing, without the callers' marks

	Documents      float64 // that a checkout makes: itself, its shopper, its cart
	OrderDocuments float64 // that an order makes
}

// work is counted on the wire by TestWork.
var work = Work{
	Checkout: Use{Writes: 3},
	Update:   Use{Reads: 1, Writes: 3},
	Order:    Use{Reads: 5, Writes: 4},
	Mailed:   Use{Reads: 5, Writes: 4},
	Ordered:  Use{Reads: 4},
	Event:    Use{Reads: 1, Writes: 1},
	Click:    Use{Reads: 4, Writes: 2},
	Sweep:    Use{Reads: 1},

	Documents:      3,
	OrderDocuments: 1,
}

// What was not measured on Google Cloud, but assumed.
var (
	// seconds that an instance is billed for one request that runs alone; Cloud Run
	// rounds up to 0.1 s. Handing a mail over waits for SendGrid.
	seconds = struct{ checkout, update, order, mailed, ordered, event, click, sweep float64 }{0.1, 0.1, 0.1, 0.2, 0.1, 0.1, 0.1, 0.1}

	documentSize = kib(2)  // a document with its index entries
	mailSize     = kib(10) // as handed to SendGrid; the golden mails have 8
	answerSize   = kib(1)
	logSize      = kib(2) // our line, and Cloud Run's own of the same request
)

const (
	cpus    = 1.0  // of an instance
	memory  = 0.25 // GiB of an instance
	callers = 3.0  // functions that leave a mark when they are called, of a store: Checkout, Order, SendGridEvents
	marks   = 5.0  // that a sweep looks for, of a store: those, Shopify's and WooCommerce's
	events  = 3.0  // that SendGrid posts for a mail: processed, delivered, and opened or so
	clicks  = 0.1  // of the mails that are followed back

	hours   = 730.0 // a month
	minutes = hours * 60
	days    = hours / 24

	kept    = (90 + 3 + 0.25) / days // months that a document stays: retention, last step, max_late
	history = 7 / days               // months that Firestore keeps a document's earlier versions
)

// kib gives GiB, the unit of the prices.
func kib(n float64) float64 { return n / (1 << 20) }
