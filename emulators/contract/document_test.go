package contract

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	faults "github.com/pb33f/libopenapi-validator/errors"
	"github.com/pb33f/libopenapi-validator/paths"
	"github.com/pb33f/libopenapi-validator/schema_validation"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
)

const file = "../../docs/openapi.yaml"

// transport are headers of every HTTP answer; Content-Type is what the document's content
// names, and Allow what goes with 405.
var transport = []string{"Content-Type", "Content-Length", "Date", "Allow"}

// document is one that answers can be held to.
type document struct {
	model             *v3.Document
	requests, answers validator.Validator
	schemas           schema_validation.SchemaValidator
	options           *config.ValidationOptions // to find paths with
}

func readFile(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// parse reads a document, which has to be one by OpenAPI's own schema.
func parse(text []byte) (*document, error) {
	doc, err := libopenapi.NewDocument(text)
	if err != nil {
		return nil, fmt.Errorf("read the document: %w", err)
	}
	built, err := doc.BuildV3Model()
	if err != nil {
		return nil, fmt.Errorf("build the document: %w", err)
	}
	// Callers may send more than is listed, the functions may not.
	return &document{
		&built.Model,
		validator.NewValidatorFromV3Model(&built.Model, config.WithFormatAssertions(), config.WithURLEncodedBodyValidation()),
		validator.NewValidatorFromV3Model(&built.Model, config.WithFormatAssertions(), config.WithStrictMode(), config.WithStrictIgnoredHeaders(transport...)),
		schema_validation.NewSchemaValidator(config.WithFormatAssertions()),
		config.NewValidationOptions(),
	}, nil
}

// operation is the path and the operation that the document has for a request; the path
// is "" if it has none.
func (d *document) operation(r *http.Request) (path string, o *v3.Operation) {
	item, _, path := paths.FindPath(r, d.model, d.options)
	if item == nil {
		return "", nil
	}
	return path, item.GetOperations().GetOrZero(strings.ToLower(r.Method))
}

// check lists where an exchange differs from the document. A request is held to it only
// if it was good enough for the functions, which take a task that nobody can read, so
// that Cloud Tasks does not repeat it.
func (d *document) check(e exchange) []string {
	if _, o := d.operation(e.request); o == nil {
		return d.unlisted(e)
	}
	r := e.request.Clone(e.request.Context())
	body := func() { r.Body = io.NopCloser(bytes.NewReader(e.sent)) }
	var list []string
	if body(); e.status < 400 && !bytes.Contains(e.received, []byte(`"dropped"`)) {
		_, errs := d.requests.ValidateHttpRequestSync(r)
		list = append(list, tell("request", errs)...)
	}
	body()
	response := &http.Response{
		StatusCode: e.status, Header: e.header, Body: io.NopCloser(bytes.NewReader(e.received)), ContentLength: int64(len(e.received)), Request: r,
	}
	_, errs := d.answers.ValidateHttpResponse(r, response)
	list = append(list, tell("answer", errs)...)
	return append(list, d.unsaid(r, e)...)
}

// unsaid lists what the validator lets pass: a body where the document has none, and
// headers where it names none at all.
func (d *document) unsaid(r *http.Request, e exchange) []string {
	_, o := d.operation(r)
	said := o.Responses.Codes.GetOrZero(fmt.Sprint(e.status))
	if said == nil {
		return nil
	}
	var list []string
	if (said.Content == nil || said.Content.Len() == 0) && len(e.received) > 0 {
		list = append(list, fmt.Sprintf("answer: a body of %d bytes, of which the document knows nothing", len(e.received)))
	}
	if said.Content != nil && said.Content.Len() > 0 && len(e.received) == 0 {
		list = append(list, "answer: no body, of which the document has one")
	}
	if said.Headers == nil || said.Headers.Len() == 0 {
		for name := range e.header {
			if !slices.Contains(transport, name) {
				list = append(list, "answer: the header "+name+", of which the document knows nothing")
			}
		}
	}
	return list
}

func tell(what string, errs []*faults.ValidationError) []string {
	var list []string
	for _, err := range errs {
		text := what + ": " + err.Message + ": " + err.Reason
		for _, s := range err.SchemaValidationErrors {
			text += "; " + s.FieldPath + " " + s.Reason
		}
		list = append(list, text)
	}
	return list
}
