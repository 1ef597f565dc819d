package contract

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// mutations are ways in which the document could be wrong, with what the check says then.
var mutations = []struct {
	name   string
	where  string // in the document, its parts joined by spaces
	change func(parent map[string]any, last string)
	want   string
}{
	{"a field is dropped", "components schemas Checkout properties generation", drop, "additional properties 'generation' not allowed"},
	{"a field of a list's element", "components schemas Reminder properties due_at", drop, "additional properties 'due_at' not allowed"},
	{"a field of the export", "components schemas ExportedMessage properties clicks", drop, "additional properties 'clicks' not allowed"},
	{"a field of errors", "components schemas Error properties error properties field", drop, "additional properties 'field' not allowed"},
	{"a schema left open does not hide one", "components schemas Swept", open("lag_ms"), "lag_ms"},
	{"a field that never comes", "components schemas Run properties late", set(map[string]any{"type": "string"}), "late: no answer had this field"},
	{"a field that is needed and never comes", "components schemas Order required", set([]any{"currency"}), "missing property 'currency'"},
	{"a wrong type", "components schemas Erased properties messages", set(map[string]any{"type": "string"}), "want string"},
	{"null is not told of", "components schemas Told type", set("string"), "want string"},
	{"a word is not told of", "components schemas State", set(map[string]any{"enum": []any{"sent"}}), "value must be"},
	{"a form is wrong", "components schemas Reminder properties due_at format", set("date"), "is not valid date"},
	{"a status is dropped", "paths /checkout post responses 201", drop, "response code '201'"},
	{"a status of a refusal", "paths /webhooks/shopify post responses 413", drop, "response code '413'"},
	{"a status that never comes", "paths /order post responses 202", set(map[string]any{"description": "later"}), "POST /order 202: seen: false"},
	{"an answer has no body", "paths /u/{token} get responses 200 content", drop, "of which the document knows nothing"},
	{"another content type", "paths /r/{token} get responses 404 content", set(map[string]any{"text/plain": map[string]any{}}), "content type 'text/html'"},
	{"a header is dropped", "paths /r/{token} get responses 302 headers Location", drop, "header 'Location' is not declared"},
	{"all headers", "paths /checkout post responses 201 headers", drop, "the header Cache-Control, of which"},
	{"a header that never comes", "paths /checkout post responses 201 headers X-Trace", set(map[string]any{"required": true, "schema": map[string]any{"type": "string"}}), "'X-Trace' was not found"},
	{"a header's value", "components headers NoStore schema const", set("private"), "private"},
	{"a path is dropped", "paths /privacy/erase", drop, "Privacy POST /privacy/erase: the document lacks it"},
	{"a method is dropped", "paths /u/{token} head", drop, "Unsubscribe HEAD /u/{token}: the document lacks it"},
	{"a path that nobody answers", "paths /subscribe", set(map[string]any{"post": map[string]any{"tags": []any{"Privacy"}, "responses": map[string]any{}}}), "no function answers it"},
	{"another function", "paths /order post tags", set([]any{"Checkout"}), "Order POST /order: the document lacks it"},
	{"a request's field", "components schemas CheckoutNews properties total", set(map[string]any{"type": "number"}), "want number"},
	{"a request's field that need not be", "components schemas Shopper required", set([]any{"email", "store"}), "missing property 'store'"},
	{"another proof", "components securitySchemes shopifySignature name", set("X-Shopify-Signature"), "X-Shopify-Signature"},
}

// mutate finds the check red wherever the document is changed, and only there.
func mutate(t *testing.T, text []byte, exchanges []exchange) {
	d, err := parse(changed(t, text, "info title", func(map[string]any, string) {}))
	if err != nil {
		t.Fatal(err)
	}
	if faults := d.faults(exchanges); len(faults) > 0 {
		t.Errorf("written anew without a change, the document has faults: %q", faults)
	}
	for _, m := range mutations {
		t.Run(m.name, func(t *testing.T) {
			d, err := parse(changed(t, text, m.where, m.change))
			if err != nil {
				t.Fatal(err)
			}
			faults := strings.Join(d.faults(exchanges), "\n")
			if !strings.Contains(faults, m.want) {
				t.Errorf("got the faults\n%.2000s\nwant one with %q", faults, m.want)
			}
		})
	}
}

// changed is the document with a change at one place.
func changed(t *testing.T, text []byte, where string, change func(map[string]any, string)) []byte {
	t.Helper()
	var doc map[string]any
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	parts := strings.Fields(where)
	parent := doc
	for _, part := range parts[:len(parts)-1] {
		below, ok := parent[part].(map[string]any)
		if !ok {
			t.Fatalf("the document has no %s in %s", part, where)
		}
		parent = below
	}
	change(parent, parts[len(parts)-1])
	out, err := yaml.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func drop(parent map[string]any, last string) { delete(parent, last) }

func set(value any) func(map[string]any, string) {
	return func(parent map[string]any, last string) { parent[last] = value }
}

// open drops a field of a schema, and lets it have any.
func open(field string) func(map[string]any, string) {
	return func(parent map[string]any, last string) {
		schema, _ := parent[last].(map[string]any)
		delete(schema, "additionalProperties")
		delete(schema, "required")
		properties, _ := schema["properties"].(map[string]any)
		delete(properties, field)
	}
}
