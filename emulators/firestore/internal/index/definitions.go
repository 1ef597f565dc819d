// Package index knows which queries a set of index definitions serves, so that one
// which production would refuse is refused here as well.
package index

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/comeback-checkout/comeback/emulators/firestore/internal/value"
)

// Definitions are what stands in Firebase's firestore.indexes.json. A nil
// *Definitions lets every query pass and lets nothing expire.
type Definitions struct {
	composites []composite
	overrides  []override
}

type composite struct {
	CollectionGroup string  `json:"collectionGroup"`
	QueryScope      string  `json:"queryScope"`
	Fields          []field `json:"fields"`
}

type field struct {
	FieldPath    string          `json:"fieldPath"`
	Order        string          `json:"order,omitempty"`
	ArrayConfig  string          `json:"arrayConfig,omitempty"`
	VectorConfig json.RawMessage `json:"vectorConfig,omitempty"`
}

// override is what a field's own entry puts in place of the automatic indexes.
type override struct {
	CollectionGroup string    `json:"collectionGroup"`
	FieldPath       string    `json:"fieldPath"`
	TTL             bool      `json:"ttl"`
	Indexes         *[]single `json:"indexes"` // nil: the automatic ones stay; empty: none
	path            value.Path
}

type single struct {
	Order       string `json:"order,omitempty"`
	ArrayConfig string `json:"arrayConfig,omitempty"`
	QueryScope  string `json:"queryScope"`
}

// The words of the format.
const (
	collection      = "COLLECTION"
	collectionGroup = "COLLECTION_GROUP"
	ascending       = "ASCENDING"
	descending      = "DESCENDING"
	contains        = "CONTAINS"
	everyField      = "*"
)

// Parse reads the files; together they make one set.
func Parse(files ...[]byte) (*Definitions, error) {
	d := &Definitions{}
	for i, file := range files {
		var f struct {
			Indexes        []composite `json:"indexes"`
			FieldOverrides []override  `json:"fieldOverrides"`
		}
		if err := json.Unmarshal(file, &f); err != nil {
			return nil, fmt.Errorf("reading index definitions, file %d: %w", i+1, err)
		}
		for j := range f.Indexes {
			if err := f.Indexes[j].check(); err != nil {
				return nil, fmt.Errorf("index definitions, file %d: indexes[%d]: %w", i+1, j, err)
			}
		}
		for j := range f.FieldOverrides {
			if err := f.FieldOverrides[j].check(); err != nil {
				return nil, fmt.Errorf("index definitions, file %d: fieldOverrides[%d]: %w", i+1, j, err)
			}
		}
		d.composites = append(d.composites, f.Indexes...)
		d.overrides = append(d.overrides, f.FieldOverrides...)
	}
	return d, nil
}

func (c *composite) check() error {
	if c.QueryScope == "" {
		c.QueryScope = collection
	}
	if c.CollectionGroup == "" || len(c.Fields) == 0 {
		return fmt.Errorf("want a collectionGroup and fields")
	}
	for i := range c.Fields {
		f := &c.Fields[i]
		if f.FieldPath == value.Name {
			continue
		}
		p, err := value.ParsePath(f.FieldPath)
		if err != nil {
			return fmt.Errorf("fields[%d].fieldPath %q: want a field's path", i, f.FieldPath)
		}
		f.FieldPath = p.String() // one spelling
		if f.Order == "" && f.ArrayConfig == "" && f.VectorConfig == nil {
			return fmt.Errorf("fields[%d]: want order ASCENDING or DESCENDING, or arrayConfig CONTAINS", i)
		}
	}
	return checkScope(c.QueryScope)
}

func (o *override) check() (err error) {
	if o.CollectionGroup == "" {
		return fmt.Errorf("want a collectionGroup")
	}
	if o.FieldPath != everyField {
		if o.path, err = value.ParsePath(o.FieldPath); err != nil {
			return fmt.Errorf("fieldPath %q: want a field's path or *", o.FieldPath)
		}
	}
	if o.Indexes == nil {
		return nil
	}
	for i := range *o.Indexes {
		if s := &(*o.Indexes)[i]; s.QueryScope == "" {
			s.QueryScope = collection
		} else if err := checkScope(s.QueryScope); err != nil {
			return fmt.Errorf("indexes[%d]: %w", i, err)
		}
	}
	return nil
}

func checkScope(s string) error {
	if s != collection && s != collectionGroup {
		return fmt.Errorf("queryScope %q: want COLLECTION or COLLECTION_GROUP", s)
	}
	return nil
}

// TTL is the field by which the group's documents expire, or nil.
func (d *Definitions) TTL(group string) value.Path {
	if d == nil {
		return nil
	}
	for _, o := range d.overrides {
		if o.TTL && o.CollectionGroup == group {
			return o.path
		}
	}
	return nil
}

// IsExempt says whether no index of one field holds the field.
func (d *Definitions) IsExempt(group string, p value.Path) bool {
	return len(d.singles(group, p)) == 0
}

var automatic = []single{
	{Order: ascending, QueryScope: collection},
	{Order: descending, QueryScope: collection},
	{ArrayConfig: contains, QueryScope: collection},
}

// singles are the indexes of the field alone: those of the override for it, else
// for the map around it, else for all the group's fields, else the automatic ones.
func (d *Definitions) singles(group string, p value.Path) []single {
	if d == nil {
		return automatic
	}
	best, found := -1, automatic
	for _, o := range d.overrides {
		if o.CollectionGroup != group || o.Indexes == nil || len(o.path) <= best || len(o.path) > len(p) {
			continue
		}
		if slices.Equal(o.path, p[:len(o.path)]) {
			best, found = len(o.path), *o.Indexes
		}
	}
	return found
}
