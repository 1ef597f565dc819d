package cost

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Tables are the tables of docs/cost.md by name, as Markdown.
func Tables() map[string]string {
	return map[string]string{
		"prices":   priceTable(),
		"work":     workTable(),
		"thousand": thousandTable(),
		"month":    monthTable(),
		"constant": constantTable(),
		"free":     freeLine(),
	}
}

// table is rows of cells, the first of them the head; all columns but the first are
// figures if right says so.
func table(right bool, rows ...[]string) string {
	var b strings.Builder
	for i, row := range rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		if i > 0 {
			continue
		}
		rule := " ---: |"
		if !right {
			rule = " --- |"
		}
		fmt.Fprintf(&b, "| --- |%s\n", strings.Repeat(rule, len(row)-1))
	}
	return b.String()
}

func priceTable() string {
	rows := [][]string{{"what", "price", "free a month", "page"}}
	for _, p := range prices {
		name, free := p.Unit, "–"
		if p.Unchecked {
			name += " (?)"
		}
		if p.Free > 0 {
			free = count(p.Free)
		}
		rows = append(rows, []string{name, unitPrice(p.Dollars), free, p.Note})
	}
	return table(false, rows...)
}

func workTable() string {
	rows := [][]string{{"what", "documents read", "documents written", "seconds billed"}}
	for _, w := range []struct {
		name    string
		use     Use
		seconds float64
	}{
		{"a new checkout", work.Checkout, seconds.checkout},
		{"news of a known checkout", work.Update, seconds.update},
		{"an order of a known checkout", work.Order, seconds.order},
		{"a reminder that is mailed", work.Mailed, seconds.mailed},
		{"a reminder that finds the order", work.Ordered, seconds.ordered},
		{"an event of a mail", work.Event, seconds.event},
		{"a link that leads a shopper back", work.Click, seconds.click},
		{"a sweep that finds nothing", work.Sweep, seconds.sweep},
	} {
		rows = append(rows, []string{w.name, count(w.use.Reads), count(w.use.Writes), decimal(w.seconds, 1)})
	}
	return table(true, rows...)
}

// thousandTable is the bill of 1,000 checkouts with three reminders, without
// allowances.
func thousandTable() string {
	columns := []Load{
		{Checkouts: 1000, Steps: 3, Ordered: 0, Sharing: 1, Stores: 1},
		{Checkouts: 1000, Steps: 3, Ordered: 0, Sharing: 10, Stores: 1},
		{Checkouts: 1000, Steps: 3, Ordered: 0.3, Sharing: 1, Stores: 1},
		{Checkouts: 1000, Steps: 3, Ordered: 0.3, Sharing: 10, Stores: 1},
		{Checkouts: 1000, Steps: 3, Ordered: 0.3, Sharing: 10, Stores: 1, Updates: 4},
	}
	rows := [][]string{{"1,000 checkouts, 3 reminders each"}}
	for _, l := range columns {
		head := fmt.Sprintf("f = %v, s = %v", l.Ordered, l.Sharing)
		if l.Updates > 0 {
			head += fmt.Sprintf(", u = %v", l.Updates)
		}
		rows[0] = append(rows[0], head)
	}
	for i, line := range columns[0].Variable() {
		row := []string{line.Name}
		for _, l := range columns {
			row = append(row, dollars(l.Variable()[i].Cost(), 4))
		}
		rows = append(rows, row)
	}
	add := func(name string, places int, of func(Load) float64) {
		row := []string{name}
		for _, l := range columns {
			row = append(row, dollars(of(l), places))
		}
		rows = append(rows, row)
	}
	add("**Google Cloud**", 4, func(l Load) float64 { return total(l.Variable(), Line.Cost) })
	add("mail by SendGrid, Essentials", 2, func(l Load) float64 { return l.Mails() * mailEssentials.Dollars })
	add("mail by SendGrid, Pro", 2, func(l Load) float64 { return l.Mails() * mailPro.Dollars })
	return table(true, rows...)
}

// monthTable is the bill of months of three sizes.
func monthTable() string {
	columns := []float64{1000, 100_000, 10_000_000}
	loads := make([]Load, len(columns))
	rows := [][]string{{"checkouts a month"}, {"mails"}}
	for i, n := range columns {
		loads[i] = Load{Checkouts: n, Steps: 3, Ordered: 0.3, Sharing: 1, Stores: 1}
		rows[0] = append(rows[0], count(n))
		rows[1] = append(rows[1], count(loads[i].Mails()))
	}
	for i, line := range loads[0].All() {
		row := []string{line.Name}
		for _, l := range loads {
			row = append(row, dollars(l.All()[i].Due(), 2))
		}
		rows = append(rows, row)
	}
	add := func(name string, of func(Load) float64) {
		row := []string{name}
		for _, l := range loads {
			row = append(row, dollars(of(l), 2))
		}
		rows = append(rows, row)
	}
	add("**Google Cloud, after the allowances**", func(l Load) float64 { return total(l.All(), Line.Due) })
	add("Google Cloud, if no allowance is left", func(l Load) float64 { return total(l.All(), Line.Cost) })
	add("the same, with s = 10", func(l Load) float64 {
		l.Sharing = 10
		return total(l.All(), Line.Cost)
	})
	add("mail by SendGrid", mailBill)
	return table(true, rows...)
}

// mailBill is a month's plan with SendGrid: the smallest that has room, and beyond the
// published ones Pro's price for each mail.
func mailBill(l Load) float64 {
	switch mails := l.Mails(); {
	case mails <= 50e3:
		return mailEssentials.Dollars * 50e3
	case mails <= 100e3:
		return mailPro.Dollars * 100e3
	default:
		return mailPro.Dollars * mails
	}
}

// conditions are those of terraform/alerts.tf.
const conditions = 12

func constantTable() string {
	l := Load{Checkouts: math.Inf(1), Steps: 3, Stores: 1, Sharing: 1}
	rows := [][]string{{"with every deployment", "a month", "after the allowance"}}
	for _, line := range l.Constant() {
		rows = append(rows, []string{line.Name, dollars(line.Cost(), 2), dollars(line.Due(), 2)})
	}
	rows = append(
		rows,
		[]string{"**together**", dollars(total(l.Constant(), Line.Cost), 2), dollars(total(l.Constant(), Line.Due), 2)},
		[]string{"an idle instance of `min_instances` (?)", dollars(idleInstance.Dollars, 2), dollars(idleInstance.Dollars, 2)},
		[]string{"the load balancer of `domain`", dollars(loadBalancer.Dollars, 2), dollars(loadBalancer.Dollars, 2)},
		[]string{fmt.Sprintf("%d conditions of alert policies (?)", conditions), dollars(conditions*condition.Dollars, 2), dollars(conditions*condition.Dollars, 2)},
	)
	return table(true, rows...)
}

// freeLine says which allowance ends first.
func freeLine() string {
	l := Load{Checkouts: 1, Steps: 3, Ordered: 0.3, Sharing: 1, Stores: 1}
	constant := Load{Checkouts: math.Inf(1), Steps: 3, Stores: 1, Sharing: 1}.Constant()
	first, most := "", math.Inf(1)
	for _, line := range l.Variable() {
		left := line.Free
		for _, c := range constant {
			if c.Price == line.Price {
				left -= c.Quantity
			}
		}
		if line.Free > 0 && left/line.Quantity < most {
			first, most = line.Name, left/line.Quantity
		}
	}
	return fmt.Sprintf("Of the allowances, that of %s ends first: at about %s checkouts a month.\n", first, count(math.Floor(most/100)*100))
}

func total(lines []Line, of func(Line) float64) float64 {
	sum := 0.0
	for _, l := range lines {
		sum += of(l)
	}
	return sum
}

// dollars is an amount to so many places, with commas between thousands.
func dollars(x float64, places int) string { return "$" + decimal(x, places) }

func decimal(x float64, places int) string {
	whole, fraction, _ := strings.Cut(strconv.FormatFloat(x, 'f', places, 64), ".")
	if fraction != "" {
		fraction = "." + fraction
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return whole + fraction
}

func count(n float64) string { return decimal(n, 0) }

// unitPrice names a small price for a million units, so that it can be read.
func unitPrice(x float64) string {
	if x < 0.0001 {
		return dollars(x*1e6, 2) + " a million"
	}
	s := strconv.FormatFloat(x, 'g', 5, 64)
	if _, fraction, _ := strings.Cut(s, "."); len(fraction) == 1 {
		s += "0"
	}
	return "$" + s
}
