package contract

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi-validator/config"
	"github.com/pb33f/libopenapi-validator/schema_validation"
	"github.com/pb33f/libopenapi/datamodel/high/base"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
	"github.com/pb33f/libopenapi/orderedmap"
)

// TestExamples holds every example of a request and of an answer to its schema, and wants
// one of each that is JSON.
func TestExamples(t *testing.T) {
	t.Parallel()
	d, err := parse(readFile(t))
	if err != nil {
		t.Fatal(err)
	}
	examples := 0
	each := func(where string, content *orderedmap.Map[string, *v3.MediaType]) {
		for kind, media := range content.FromOldest() {
			if media.Examples.Len() == 0 && kind == "application/json" {
				t.Errorf("%s: no example", where)
			}
			for name, example := range media.Examples.FromOldest() {
				examples++
				if err := valid(media.Schema.Schema(), example); err != nil {
					t.Errorf("%s: example %s: %v", where, name, err)
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
	if examples < 50 {
		t.Errorf("only %d examples were found", examples)
	}
}

func valid(s *base.Schema, example *base.Example) error {
	var value any
	if err := example.Value.Decode(&value); err != nil {
		return fmt.Errorf("read it: %w", err)
	}
	v := schema_validation.NewSchemaValidator(config.WithFormatAssertions())
	ok, errs := v.ValidateSchemaObjectWithVersion(s, value, 3.1)
	if ok {
		return nil
	}
	return errors.New(strings.Join(tell("example", errs), "; "))
}
