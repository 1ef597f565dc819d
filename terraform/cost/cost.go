// Package cost estimates what a deployment costs in a month: what the code uses,
// times the list prices. docs/cost.md shows its figures; a test keeps the two the same,
// and another one holds what the code is said to use to what it uses on the wire.
package cost

// Load is a month's load, and how it meets the instances.
type Load struct {
	Checkouts float64
	Steps     float64 // reminders of a checkout
	Ordered   float64 // share of checkouts with an order before their first reminder
	Sharing   float64 // how many requests run on an instance while one runs
	Stores    float64
	Updates   float64 // further calls about a checkout: 0 for a storefront that reports once
}

// Line is one line of a bill.
type Line struct {
	Name     string
	Quantity float64 // in the price's unit, a month
	Price
}

// Cost is the line's price without an allowance.
func (l Line) Cost() float64 { return l.Quantity * l.Dollars }

// Due is what is left of it after the month's allowance.
func (l Line) Due() float64 { return max(0, l.Quantity-l.Free) * l.Dollars }

// runs counts the runs of reminders: those that mail, and those that find an order.
func (l Load) runs() (mailed, ordered float64) {
	all := l.Checkouts * l.Steps
	return all * (1 - l.Ordered), all * l.Ordered
}

// Mails counts what is handed to SendGrid.
func (l Load) Mails() float64 {
	mailed, _ := l.runs()
	return mailed
}

// Events counts the posts of SendGrid's events.
func (l Load) Events() float64 { return l.Mails() * events }

// Clicks counts the links that lead a shopper back.
func (l Load) Clicks() float64 { return l.Mails() * clicks }

// calls counts what the shop tells.
func (l Load) calls() float64 { return l.Checkouts * (1 + l.Updates + l.Ordered) }

// requests counts what the functions answer but for the sweep.
func (l Load) requests() float64 { return l.calls() + l.Checkouts*l.Steps + l.Events() + l.Clicks() }

// seconds are the billed seconds of an instance.
func (l Load) seconds() float64 {
	mailed, ordered := l.runs()
	return (l.Checkouts*(seconds.checkout+l.Updates*seconds.update+l.Ordered*seconds.order) +
		mailed*seconds.mailed + ordered*seconds.ordered + l.Events()*seconds.event + l.Clicks()*seconds.click) / l.Sharing
}

// documents counts the documents that are made, and one day expire.
func (l Load) documents() float64 {
	return l.Checkouts * (work.Documents + l.Ordered*work.OrderDocuments + l.Steps*(1-l.Ordered))
}

func (l Load) reads() float64  { return l.sum(func(u Use) float64 { return u.Reads }) }
func (l Load) writes() float64 { return l.sum(func(u Use) float64 { return u.Writes }) }

func (l Load) sum(of func(Use) float64) float64 {
	mailed, ordered := l.runs()
	return l.Checkouts*(of(work.Checkout)+l.Updates*of(work.Update)+l.Ordered*of(work.Order)) +
		mailed*of(work.Mailed) + ordered*of(work.Ordered) + l.Events()*of(work.Event) + l.Clicks()*of(work.Click)
}

// Variable are the lines that grow with the checkouts.
func (l Load) Variable() []Line {
	s := l.seconds()
	return []Line{
		{"CPU", s * cpus, cpuSecond},
		{"memory", s * memory, gibSecond},
		{"requests", l.requests(), request},
		{"Cloud Tasks", (2 + l.Updates) * l.Checkouts * l.Steps, taskOperation},
		{"Firestore writes", l.writes(), documentWrite},
		{"Firestore reads", l.reads(), documentRead},
		{"Firestore expiry", l.documents(), documentDelete},
		{"Firestore storage", l.storage(), storedGiB},
		{"Firestore history", l.writes() * documentSize * history, historyGiB},
		{"transfer out", l.Mails()*mailSize + (l.calls()+l.Clicks())*answerSize, transferGiB},
		{"logs", l.requests() * logSize, logGiB},
	}
}

// storage is what is kept in GiB once as much expires as is made.
func (l Load) storage() float64 { return l.documents() * documentSize * kept }

// Constant are the lines that come with a deployment, whatever it does: the sweep of
// each minute, and what watches the callers.
func (l Load) Constant() []Line {
	left := min(l.calls()+l.Events(), minutes*callers*l.Stores)
	return []Line{
		{"the sweep's CPU", minutes * seconds.sweep * cpus, cpuSecond},
		{"the sweep's memory", minutes * seconds.sweep * memory, gibSecond},
		{"the sweep's requests", minutes, request},
		{"the sweep's reads", minutes * (work.Sweep.Reads + marks*l.Stores), documentRead},
		{"the callers' marks", left, documentWrite},
		{"the sweep's logs", minutes * logSize, logGiB},
		{"Cloud Scheduler", 1, schedulerJob},
		{"secrets", 5, secretVersion},
	}
}

// All are all the lines, those that share an allowance added up.
func (l Load) All() []Line {
	var list []Line
	at := map[Price]int{}
	for _, line := range append(l.Variable(), l.Constant()...) {
		if i, ok := at[line.Price]; ok {
			list[i].Quantity += line.Quantity
			continue
		}
		at[line.Price] = len(list)
		list = append(list, line)
	}
	return list
}
