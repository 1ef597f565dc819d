package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-exec/tfexec"
)

const aboutOutputs = `Shows the outputs of the last apply: the functions' addresses, the webhooks' addresses,
the queues, the secrets' names and what is left to do.`

func (p *program) outputs(ctx context.Context, args []string) error {
	o := newOptions("outputs", aboutOutputs)
	asJSON := o.Bool("json", false, "print JSON")
	if err := o.parse(p, args); err != nil {
		return err
	}
	values, err := p.readOutputs(ctx, o)
	if err != nil {
		return err
	}
	if *asJSON {
		enc := json.NewEncoder(p.out)
		enc.SetIndent("", "  ")
		return enc.Encode(values)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		fmt.Fprintf(p.out, "%s = %s\n", name, indent(below(textOf(values[name]))))
	}
	return nil
}

// readOutputs reads the outputs of the last apply from Terraform's state; what is
// sensitive is left out.
func (p *program) readOutputs(ctx context.Context, o *options) (map[string]json.RawMessage, error) {
	s, err := p.open(ctx, o)
	if err != nil {
		return nil, err
	}
	defer s.close()
	outputs, err := readState(ctx, s, func(ctx context.Context) (map[string]tfexec.OutputMeta, error) { return s.tf.Output(ctx) })
	if err != nil {
		return nil, err
	}
	if id := textOf(outputs["project"].Value); id != "" && o.project != "" && id != o.project {
		return nil, o.ofAnother(o.project, id)
	}
	values := map[string]json.RawMessage{}
	for name, out := range outputs {
		if !out.Sensitive {
			values[name] = out.Value
		}
	}
	if len(values) == 0 {
		return nil, errors.New("there are no outputs: nothing was applied from " + o.dir + " yet, or its state is elsewhere")
	}
	return values, nil
}

// readState reads from the state, and initialises the folder only if that is needed:
// providers take a while to load.
func readState[T any](ctx context.Context, s *session, read func(context.Context) (T, error)) (T, error) {
	v, err := read(s.gentle(ctx))
	if err == nil {
		return v, nil
	}
	if err := s.init(ctx); err != nil {
		return v, err
	}
	if v, err = read(s.gentle(ctx)); err != nil {
		return v, failure("read Terraform's state", textDiagnostics(err))
	}
	return v, nil
}

// textOf shows a value as a person reads it: text as it is, lists and maps a line each.
func textOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var items []json.RawMessage
	if json.Unmarshal(raw, &items) == nil && items != nil {
		var b strings.Builder
		for _, item := range items {
			b.WriteString("\n" + textOf(item))
		}
		return b.String()
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) == nil && fields != nil {
		var b strings.Builder
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			fmt.Fprintf(&b, "\n%s = %s", name, indent(below(textOf(fields[name]))))
		}
		return b.String()
	}
	return string(raw)
}

// below begins text of several lines on a line of its own.
func below(text string) string {
	if strings.Contains(text, "\n") && !strings.HasPrefix(text, "\n") {
		return "\n" + text
	}
	return text
}
