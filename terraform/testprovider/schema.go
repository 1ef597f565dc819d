package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

//go:embed schema/*.json
var recorded embed.FS

// block is a block's schema as `terraform providers schema -json` prints it.
type block struct {
	Attributes map[string]attribute   `json:"attributes"`
	Blocks     map[string]nestedBlock `json:"block_types"`
}

type attribute struct {
	Type                                    json.RawMessage `json:"type"`
	Required, Optional, Computed, Sensitive bool
	WriteOnly                               bool `json:"write_only"`
}

type nestedBlock struct {
	Mode     string `json:"nesting_mode"`
	Block    block  `json:"block"`
	MinItems int64  `json:"min_items"`
	MaxItems int64  `json:"max_items"`
}

type schemas struct {
	Provider    struct{ Block block }
	Resources   map[string]struct{ Block block } `json:"resource_schemas"`
	DataSources map[string]struct{ Block block } `json:"data_source_schemas"`
}

// readSchemas reads what is recorded of one provider, and the rules of all.
func readSchemas(address string) (schemas, map[string]map[string]rule, error) {
	var file struct {
		Providers map[string]schemas `json:"provider_schemas"`
	}
	if err := readJSON("schema/google-provider-schema.json", &file); err != nil {
		return schemas{}, nil, err
	}
	s, ok := file.Providers[address]
	if !ok {
		return s, nil, fmt.Errorf("nothing is recorded of %s", address)
	}
	rules := map[string]map[string]rule{}
	return s, rules, readJSON("schema/google-provider-rules.json", &rules)
}

func readJSON(name string, into any) error {
	data, err := recorded.ReadFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// wire is the block as the protocol describes it.
func (b block) wire() (*tfprotov5.SchemaBlock, error) {
	w := &tfprotov5.SchemaBlock{}
	for _, name := range slices.Sorted(maps.Keys(b.Attributes)) {
		a := b.Attributes[name]
		//lint:ignore SA1019 the one reader of this form
		kind, err := tftypes.ParseJSONType(a.Type)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		w.Attributes = append(w.Attributes, &tfprotov5.SchemaAttribute{
			Name: name, Type: kind, Required: a.Required, Optional: a.Optional,
			Computed: a.Computed, Sensitive: a.Sensitive, WriteOnly: a.WriteOnly,
		})
	}
	for _, name := range slices.Sorted(maps.Keys(b.Blocks)) {
		n := b.Blocks[name]
		inner, err := n.Block.wire()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		mode := map[string]tfprotov5.SchemaNestedBlockNestingMode{
			"list": tfprotov5.SchemaNestedBlockNestingModeList, "set": tfprotov5.SchemaNestedBlockNestingModeSet,
			"single": tfprotov5.SchemaNestedBlockNestingModeSingle, "map": tfprotov5.SchemaNestedBlockNestingModeMap,
			"group": tfprotov5.SchemaNestedBlockNestingModeGroup,
		}[n.Mode]
		w.BlockTypes = append(w.BlockTypes, &tfprotov5.SchemaNestedBlock{
			TypeName: name, Block: inner, Nesting: mode, MinItems: n.MinItems, MaxItems: n.MaxItems,
		})
	}
	return w, nil
}
