package demo

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"
)

// report prints what came of the play. It returns an error that wraps ErrBroken if a
// promise is.
func report(out io.Writer, r *record) error {
	r.printShop(out)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	r.printEnds(table)
	if err := table.Flush(); err != nil {
		return err
	}
	r.printLateness(out)
	return r.printPromises(out)
}

// printShop prints what the day was like.
func (r *record) printShop(out io.Writer) {
	shoppers, ordered, restarts := map[string]bool{}, 0, 0
	for _, h := range r.checkouts {
		shoppers[h.shopper] = true
		restarts += len(h.generations) - 1
		if slices.ContainsFunc(r.orders, func(o *purchase) bool { return o.stops(h, h.generations[0].t) }) {
			ordered++
		}
	}
	fmt.Fprintf(out, "%d checkouts by %d shoppers, %d of them stopped by an order, %d times the cart changed\n\n", len(r.checkouts), len(shoppers), ordered, restarts)
}

// printEnds prints a line for each way in which reminders ended, with a column for
// each step.
func (r *record) printEnds(w io.Writer) {
	offsets := r.offsets()
	fmt.Fprint(w, "reminders\t")
	for _, step := range r.steps() {
		fmt.Fprintf(w, "step %d, T+%s\t", step, span(offsets[step]))
	}
	fmt.Fprintln(w)
	ends := r.ends()
	for _, end := range ends.order() {
		fmt.Fprint(w, end, "\t")
		for _, step := range r.steps() {
			fmt.Fprintf(w, "%d\t", ends[end][step])
		}
		fmt.Fprintln(w)
	}
}

// tally counts reminders by end and step.
type tally map[string]map[int]int

func (t tally) add(end string, step int) {
	if t[end] == nil {
		t[end] = map[int]int{}
	}
	t[end][step]++
}

// order lists the ends: what was sent first, then the most frequent.
func (t tally) order() []string {
	total := func(end string) (n int) {
		for _, count := range t[end] {
			n += count
		}
		return n
	}
	var all []string
	for end := range t {
		all = append(all, end)
	}
	slices.SortFunc(all, func(a, b string) int {
		switch "sent" {
		case a:
			return -1
		case b:
			return 1
		}
		return cmp.Or(cmp.Compare(total(b), total(a)), cmp.Compare(a, b))
	})
	return all
}

func (r *record) ends() tally {
	t := tally{}
	for _, h := range r.checkouts {
		for i := range h.generations {
			for step := range h.generations[i].due {
				switch {
				case r.find(h, i+1, step) != nil:
					t.add("sent", step)
				case i < len(h.generations)-1:
					t.add("not sent, the cart changed", step)
				default:
					t.add(h.end[step].ended(), step)
				}
			}
		}
	}
	return t
}

// printLateness prints how long after their time mails went out.
func (r *record) printLateness(out io.Writer) {
	late := r.lateness()
	if len(late) == 0 {
		fmt.Fprintln(out, "\nno mail was sent")
		return
	}
	fmt.Fprintf(out, "\n%d mails; sent after they were due: p50 %s, at most %s\n",
		len(late), span(late[len(late)/2]), span(late[len(late)-1]))
}

// lateness lists, in rising order, how long after its due instant (or its report, if
// that came later) each mail went out.
func (r *record) lateness() (late []time.Duration) {
	for _, m := range r.mails {
		if g := m.began(); g != nil {
			late = append(late, m.sentAt.Sub(g.expected(m.step)))
		}
	}
	slices.Sort(late)
	return late
}

func (r *record) printPromises(out io.Writer) (err error) {
	fmt.Fprintln(out)
	for _, p := range promises {
		stories := p.broken(r)
		if len(stories) == 0 {
			fmt.Fprintf(out, "promise %d  %-40s ok\n", p.number, p.text)
			continue
		}
		fmt.Fprintf(out, "promise %d  %-40s BROKEN %s: %s\n", p.number, p.text, times(len(stories)), stories[0])
		if err == nil {
			err = fmt.Errorf("%w: promise %d, %s: %s", ErrBroken, p.number, p.text, stories[0])
		}
	}
	return err
}
