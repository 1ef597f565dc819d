package contract

import (
	"fmt"
	"slices"
	"testing"

	"github.com/comeback-checkout/comeback/emulators/firestore"
)

var away = firestore.Fault{Mode: "unavailable"}

// play provokes all answers that can be, and returns them.
func play(t *testing.T) []exchange {
	t.Helper()
	s := newSystem(t)
	for _, part := range []func(){s.storefront, s.leaving, s.runs, s.platforms, s.refusals, s.strays, s.outages} {
		part()
	}
	return s.recorder.all()
}

func TestContract(t *testing.T) {
	t.Parallel()
	text := readFile(t)
	d, err := parse(text)
	if err != nil {
		t.Fatal(err)
	}
	exchanges := play(t)
	for _, fault := range d.faults(exchanges) {
		t.Error(fault)
	}
	mutate(t, text, exchanges)
}

// faults lists all in which the document and the functions differ.
func (d *document) faults(exchanges []exchange) []string {
	return slices.Concat(d.routes(), d.unseen(exchanges), d.checkAll(exchanges))
}

// checkAll lists where any of the exchanges differs, each once.
func (d *document) checkAll(exchanges []exchange) []string {
	var list []string
	for _, e := range exchanges {
		for _, fault := range d.check(e) {
			path, _ := d.operation(e.request)
			list = append(list, fmt.Sprintf("%s %s (%s): %d: %s", e.request.Method, path, e.request.URL.Path, e.status, fault))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
