package contract

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi/datamodel/high/base"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
	"github.com/pb33f/libopenapi/orderedmap"
)

// TestExamples holds every example of a request and of an answer to its schema, wants one
// of each that is JSON, and finds one that is none.
func TestExamples(t *testing.T) {
	t.Parallel()
	text := readFile(t)
	for _, tc := range []struct {
		name, where string
		change      func(map[string]any, string)
		want        int // examples that are none
	}{
		{"as it is", "info title", func(map[string]any, string) {}, 0},
		{"a shared example", "components examples ScheduledCheckout value status", set("shut"), 1},
		{"an example of a request", "paths /api/order post requestBody content application/json examples whole value email_id", set(7), 1},
		{"an example of every refusal", "components responses Unauthorized content application/json examples error value", set(map[string]any{}), 11},
		{"no example", "paths /privacy/erase post responses 200 content application/json examples", drop, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d, err := parse(changed(t, text, tc.where, tc.change))
			if err != nil {
				t.Fatal(err)
			}
			examples, faults := d.examples()
			if len(faults) != tc.want || examples < 100 {
				t.Errorf("of %d examples these are none, want %d:\n%s", examples, tc.want, strings.Join(faults, "\n"))
			}
		})
	}
}

// examples counts the examples of requests and answers, and lists what is wrong with them.
func (d *document) examples() (count int, list []string) {
	each := func(where string, content *orderedmap.Map[string, *v3.MediaType]) {
		for kind, media := range content.FromOldest() {
			if media.Examples.Len() == 0 && kind == "application/json" {
				list = append(list, where+": no example")
			}
			for name, example := range media.Examples.FromOldest() {
				count++
				if err := d.example(media.Schema.Schema(), example); err != nil {
					list = append(list, fmt.Sprintf("%s: example %s: %v", where, name, err))
				}
			}
		}
	}
	d.operations(func(method, path string, o *v3.Operation) {
		if o.RequestBody != nil {
			each(method+" "+path, o.RequestBody.Content)
		}
		for status, said := range o.Responses.Codes.FromOldest() {
			each(method+" "+path+" "+status, said.Content)
		}
	})
	return count, list
}

// example holds one to its schema.
func (d *document) example(s *base.Schema, example *base.Example) error {
	var value any
	if err := example.Value.Decode(&value); err != nil {
		return fmt.Errorf("read it: %w", err)
	}
	return d.fits(s, value)
}

// valid holds a value to the component of this name.
func (d *document) valid(name string, value any) error {
	return d.fits(d.model.Components.Schemas.GetOrZero(name).Schema(), value)
}

func (d *document) fits(s *base.Schema, value any) error {
	ok, errs := d.schemas.ValidateSchemaObjectWithVersion(s, value, 3.1)
	if ok {
		return nil
	}
	return errors.New(strings.Join(tell("example", errs), "; "))
}

// answersOfPage are those that docs/api.md shows, in its order.
var answersOfPage = []string{"Checkout", "Order", "Recorded", "Webhook", "Webhook", "Erased", "Error"}

// TestExamplesOfPage holds what docs/api.md shows of answers to the same schemas.
func TestExamplesOfPage(t *testing.T) {
	t.Parallel()
	d, err := parse(readFile(t))
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	var shown []any
	for _, code := range regexp.MustCompile("(?s)```json\n(.*?)```|`(\\{[^`]*)`").FindAllSubmatch(page, -1) {
		if value := parsed(append(code[1], code[2]...)); value != nil { // else a list of fields
			shown = append(shown, value)
		}
	}
	if len(shown) != len(answersOfPage) {
		t.Fatalf("the page shows %d answers, want %d: %v", len(shown), len(answersOfPage), shown)
	}
	for i, value := range shown {
		if err := d.valid(answersOfPage[i], value); err != nil {
			t.Errorf("%v: %v", value, err)
		}
	}
}
