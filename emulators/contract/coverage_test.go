package contract

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pb33f/libopenapi/datamodel/high/base"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"

	"github.com/comeback-checkout/comeback/functions"
)

// unprovoked are answers that the document lists and this test does not bring about, with
// the reason.
var unprovoked = map[string]string{
	"GET /r/{token} 500": "only where the deployment's configuration is at fault; shoppers are led on without Firestore",
	"GET /u/{token} 500": "only where the deployment's configuration is at fault; the page needs nothing else",
}

// operations calls f for each operation of the document.
func (d *document) operations(f func(method, path string, o *v3.Operation)) {
	for path, item := range d.model.Paths.PathItems.FromOldest() {
		for method, o := range item.GetOperations().FromOldest() {
			f(strings.ToUpper(method), path, o)
		}
	}
}

// routes lists where the document and the functions know different endpoints.
func (d *document) routes() []string {
	told, there := map[string]bool{}, map[string]bool{}
	d.operations(func(method, path string, o *v3.Operation) {
		told[strings.Join(append(o.Tags, method, path), " ")] = true
	})
	for _, r := range functions.Routes() {
		there[r.Function+" "+r.Method+" "+r.Path] = true
	}
	var list []string
	for name := range there {
		if !told[name] {
			list = append(list, name+": the document lacks it")
		}
	}
	for name := range told {
		if !there[name] {
			list = append(list, name+": no function answers it")
		}
	}
	return slices.Sorted(slices.Values(list))
}

// unseen lists the documented answers, and the fields in them, that no exchange has shown
// and no reason excuses.
func (d *document) unseen(exchanges []exchange) []string {
	seen, fields := map[string]bool{}, map[string]bool{}
	for _, e := range exchanges {
		path, o := d.operation(e.request)
		if o == nil {
			continue
		}
		seen[fmt.Sprintf("%s %s %d", e.request.Method, path, e.status)] = true
		if s := answerSchema(o.Responses.Codes.GetOrZero(fmt.Sprint(e.status))); s != nil {
			mark(fields, s, "", parsed(e.received))
		}
	}
	var list []string
	d.operations(func(method, path string, o *v3.Operation) {
		for status, said := range o.Responses.Codes.FromOldest() {
			name := method + " " + path + " " + status
			if seen[name] == (unprovoked[name] != "") {
				list = append(list, fmt.Sprintf("%s: seen: %v, and its excuse is %q", name, seen[name], unprovoked[name]))
			}
			if s := answerSchema(said); s != nil {
				list = append(list, missing(fields, s, "", map[string]bool{})...)
			}
		}
	})
	return slices.Compact(slices.Sorted(slices.Values(list)))
}

func answerSchema(said *v3.Response) *base.SchemaProxy {
	if said == nil || said.Content == nil {
		return nil
	}
	media := said.Content.GetOrZero("application/json")
	if media == nil {
		return nil
	}
	return media.Schema
}

// mark notes which of a schema's fields the value has. A field is known by the component
// that it is in, wherever that is used.
func mark(fields map[string]bool, p *base.SchemaProxy, where string, value any) {
	where, s := cmp.Or(p.GetReference(), where), p.Schema()
	switch value := value.(type) {
	case map[string]any:
		if s.Properties == nil {
			return
		}
		for name, v := range value {
			if below := s.Properties.GetOrZero(name); below != nil {
				fields[where+"."+name] = true
				mark(fields, below, where+"."+name, v)
			}
		}
	case []any:
		for _, v := range value {
			mark(fields, s.Items.A, where+"[]", v)
		}
	}
}

// missing lists the schema's fields that are not marked.
func missing(fields map[string]bool, p *base.SchemaProxy, where string, been map[string]bool) []string {
	where, s := cmp.Or(p.GetReference(), where), p.Schema()
	if been[where] {
		return nil
	}
	been[where] = true
	var list []string
	if s.Properties != nil {
		for name, below := range s.Properties.FromOldest() {
			if !fields[where+"."+name] {
				list = append(list, where+"."+name+": no answer had this field")
			}
			list = append(list, missing(fields, below, where+"."+name, been)...)
		}
	}
	if s.Items != nil && s.Items.IsA() {
		list = append(list, missing(fields, s.Items.A, where+"[]", been)...)
	}
	return list
}
