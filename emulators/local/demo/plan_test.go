package demo

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var day = time.Date(2026, 11, 20, 17, 30, 0, 0, time.UTC)

const shop = "https://shop.example.com"

var unexported = cmp.AllowUnexported(act{}, checkout{}, order{}, item{}, country{})

func TestPlanIsAFunctionOfItsArguments(t *testing.T) {
	t.Parallel()
	first := plan(7, 200, day, shop)
	if diff := cmp.Diff(first, plan(7, 200, day, shop), unexported); diff != "" {
		t.Errorf("the same seed plays another day:\n%s", diff)
	}
	if cmp.Equal(first, plan(8, 200, day, shop), unexported) {
		t.Error("another seed plays the same day")
	}
	later := plan(7, 200, day.Add(time.Millisecond), shop)
	if len(later) != len(first) || later[0].checkout != nil && later[0].checkout.Email == first[0].checkout.Email {
		t.Error("a later start changes the day, or shares its shoppers")
	}
}

func TestPlanCounts(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 3, 10, 200, 1000} {
		r := rehearse(plan(1, n, day, shop))
		if len(r.checkouts) != n {
			t.Errorf("%d checkouts: got %d", n, len(r.checkouts))
		}
		if n < 200 {
			continue
		}
		ordered := 0
		for _, h := range r.checkouts {
			for _, o := range r.orders {
				if o.stops(h, h.generations[0].t) {
					ordered++
					break
				}
			}
		}
		if share := float64(ordered) / float64(n); share < 0.30 || share > 0.40 {
			t.Errorf("%d checkouts: %d are ordered, want about a third", n, ordered)
		}
	}
}

// rehearse records a plan as if a system had answered at once, with the default
// schedule.
func rehearse(acts []act) *record {
	r := newRecord()
	for _, a := range acts {
		switch {
		case a.order != nil:
			r.ordered(a.order, a.at, a.at)
		case a.starts:
			r.started(a.checkout, a.at, schedule(a.checkout.t()))
		}
	}
	return r
}

func schedule(t time.Time) (all []reminder) {
	for step, after := range []time.Duration{30 * time.Minute, 24 * time.Hour, 72 * time.Hour} {
		all = append(all, reminder{Step: step, DueAt: t.Add(after), State: "scheduled"})
	}
	return all
}

// What must not be decided by chance: whether an order or a reminder comes first.
func TestPlanKeepsOrdersFromReminders(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		r := rehearse(plan(seed, 200, day, shop))
		for _, h := range r.checkouts {
			for _, g := range h.generations {
				for _, o := range r.orders {
					for step, due := range g.due {
						if near := o.reported.Sub(due).Abs(); o.shopper == h.shopper && near < 2*settling {
							t.Errorf("seed %d: order %s comes %v from step %d of %s", seed, o.ID, near, step, h.id)
						}
					}
				}
			}
		}
	}
}

func TestPlanTakesFiveDays(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		acts := plan(seed, 200, day, shop)
		before := day
		for _, a := range acts {
			if a.at.Before(before) || a.at.After(day.Add(115*time.Hour)) {
				t.Errorf("seed %d: an act at %s after one at %s", seed, a.at, before)
			}
			before = a.at
			if a.checkout != nil && (a.checkout.t().After(a.at) || a.checkout.t().After(day.Add(45*time.Hour))) {
				t.Errorf("seed %d: at %s, %s is left at %s", seed, a.at, a.checkout.ID, a.checkout.t())
			}
		}
		if last := rehearse(acts).lastDue(); last.Add(afterLast).After(day.Add(wholePlay)) {
			t.Errorf("seed %d: the last reminder is due at %s, after the play's end", seed, last)
		}
	}
}

// The day has in it what a shop does wrong.
func TestPlanHasEveryTrouble(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	known, ordered := map[string]*checkout{}, map[string]bool{}
	for _, a := range plan(1, 200, day, shop) {
		if a.copies > 0 {
			seen["several equal calls at once"]++
		}
		if c := a.checkout; c != nil {
			troublesOfCheckout(seen, a, known[c.ID])
			if a.starts {
				known[c.ID] = c
			}
			continue
		}
		o := a.order
		for trouble, is := range map[string]bool{
			"an order before its checkout":         known[o.CheckoutID] == nil && o.CheckoutID != "",
			"an order twice":                       ordered[o.ID],
			"an order by e-mail, in capitals":      o.CheckoutID+o.CartID == "" && o.Email == strings.ToUpper(o.Email),
			"an order by cart only":                o.CheckoutID+o.Email == "" && o.CartID != "",
			"an order without an instant":          o.PlacedAt == nil,
			"an order told more than a minute ago": o.PlacedAt != nil && a.at.Sub(*o.PlacedAt) > time.Minute && !ordered[o.ID],
		} {
			if is {
				seen[trouble]++
			}
		}
		ordered[o.ID] = true
	}
	for _, trouble := range []string{
		"several equal calls at once", "an order before its checkout", "an order twice", "an order by e-mail, in capitals",
		"an order by cart only", "an order without an instant", "an order told more than a minute ago",
		"the same news again", "older news", "newer news", "newer news without abandoned_at", "a late report",
		"a checkout without a cart", "a checkout without a name",
	} {
		if seen[trouble] == 0 {
			t.Errorf("the day lacks %s", trouble)
		}
	}
}

func troublesOfCheckout(seen map[string]int, a act, before *checkout) {
	c := a.checkout
	for trouble, is := range map[string]bool{
		"the same news again":             before == c,
		"older news":                      before != nil && before != c && c.t().Before(before.t()),
		"newer news":                      before != nil && a.starts,
		"newer news without abandoned_at": before != nil && a.starts && c.AbandonedAt == nil,
		"a late report":                   before == nil && a.at.Sub(c.t()) > 20*time.Minute,
		"a checkout without a cart":       c.CartID == "",
		"a checkout without a name":       c.Customer == nil,
	} {
		if is {
			seen[trouble]++
		}
	}
	if a.starts && before != nil && !c.t().After(before.t()) {
		seen[fmt.Sprintf("a start of %s that is no news", c.ID)]++
	}
}

func TestTotals(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		minor, decimals int
		want            string
	}{{12890, 2, "128.90"}, {5, 2, "0.05"}, {170, 0, "170"}, {128900, 3, "128.900"}} {
		if got := amount(test.minor, test.decimals); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
	for _, a := range plan(1, 200, day, shop) {
		if c := a.checkout; c != nil {
			total := 0
			for _, it := range c.Items {
				total += it.minor * it.Quantity
			}
			if want := amount(total, c.country.decimals); c.Total != want || !strings.Contains(c.Items[0].Variant, c.article) {
				t.Errorf("%s: total %s, want %s; first item %q", c.ID, c.Total, want, c.Items[0].Variant)
			}
		}
	}
}
