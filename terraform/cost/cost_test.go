package cost

import (
	"flag"
	"os"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the tables into docs/cost.md")

const page = "../../docs/cost.md"

// block is a table between its marks.
var block = regexp.MustCompile(`(?s)(<!-- cost: (\w+) -->\n)(.*?)(<!-- end -->)`)

// TestPage holds every figure of docs/cost.md to the formula:
// go test ./terraform/cost -update
func TestPage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	got := block.ReplaceAllStringFunc(string(text), func(s string) string {
		m := block.FindStringSubmatch(s)
		content, known := Tables()[m[2]]
		if !known {
			t.Errorf("there is no table %q", m[2])
			return s
		}
		seen[m[2]] = true
		return m[1] + content + m[4]
	})
	for name := range Tables() {
		if !seen[name] {
			t.Errorf("the page does not show the table %q", name)
		}
	}
	if amount := regexp.MustCompile(`\$[0-9][0-9.,]*`).FindString(block.ReplaceAllString(got, "")); amount != "" {
		t.Errorf("%s stands outside of the tables, where nothing keeps it true", amount)
	}
	if *update {
		if err := os.WriteFile(page, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(got, string(text)); diff != "" {
		t.Errorf("docs/cost.md is not what the formula gives (-formula +page); go test ./terraform/cost -update\n%s", diff)
	}
}

func TestDue(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		quantity  float64
		cost, due float64
	}{
		{"below the allowance", 10, 20, 0},
		{"above it", 110, 220, 20},
	} {
		l := Line{Quantity: tt.quantity, Price: Price{Dollars: 2, Free: 100}}
		if l.Cost() != tt.cost || l.Due() != tt.due {
			t.Errorf("%s: got %v, after the allowance %v, want %v and %v", tt.name, l.Cost(), l.Due(), tt.cost, tt.due)
		}
	}
}

// TestByHand compares the formula with sums that were worked out on paper: 1,000
// checkouts with three reminders each, none ordered, three events of each mail, and a click on each
// tenth.
func TestByHand(t *testing.T) {
	t.Parallel()
	l := Load{Checkouts: 1000, Steps: 3, Sharing: 1, Stores: 1}
	want := map[string]float64{
		"CPU":              1000 * (0.1 + 3*0.2 + 9*0.1 + 0.3*0.1) * 24e-6,
		"requests":         (4000 + 9000 + 300) * 0.4e-6,
		"Cloud Tasks":      6000 * 0.4e-6,
		"Firestore writes": (3000 + 12000 + 9000 + 600) * 0.9e-6,
		"Firestore reads":  (15000 + 9000 + 1200) * 0.3e-6,
		"Firestore expiry": 6000 * 0.1e-6,
	}
	for _, line := range l.Variable() {
		w, ok := want[line.Name]
		if diff := line.Cost() - w; ok && (diff > 1e-9 || diff < -1e-9) {
			t.Errorf("%s: got %v, want %v", line.Name, line.Cost(), w)
		}
	}
}

// The conditions that are counted are those of the alerts.
func TestConditions(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../alerts.tf")
	if err != nil {
		t.Fatal(err)
	}
	if got := len(regexp.MustCompile(`(?m)^ {8}"[^"]+" += `).FindAll(text, -1)); got != conditions {
		t.Errorf("got %d conditions, want %d", got, conditions)
	}
}

func TestDecimal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		x      float64
		places int
		want   string
	}{
		{0, 2, "0.00"}, {0.0297, 4, "0.0297"}, {999, 0, "999"}, {1000, 0, "1,000"}, {18889.5, 2, "18,889.50"}, {1e7, 0, "10,000,000"},
	} {
		if got := decimal(tt.x, tt.places); got != tt.want {
			t.Errorf("decimal(%v, %d): got %s, want %s", tt.x, tt.places, got, tt.want)
		}
	}
}
