package main

import (
	"fmt"
	"math/big"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Values are handled as plain Go: nil, string, bool, *big.Float, []any, map[string]any,
// and unknown.
type unknownValue struct{}

var unknown = unknownValue{}

func isUnknown(v any) bool { _, ok := v.(unknownValue); return ok }

// decode reads a value from the wire.
func decode(d *tfprotov5.DynamicValue, t tftypes.Type) (any, error) {
	if d == nil {
		return nil, nil
	}
	v, err := d.Unmarshal(t)
	if err != nil {
		return nil, err
	}
	return plain(v)
}

func plain(v tftypes.Value) (any, error) {
	switch {
	case !v.IsKnown():
		return unknown, nil
	case v.IsNull():
		return nil, nil
	}
	switch t := v.Type(); {
	case t.Is(tftypes.String):
		var s string
		return s, v.As(&s)
	case t.Is(tftypes.Bool):
		var b bool
		return b, v.As(&b)
	case t.Is(tftypes.Number):
		var n big.Float
		err := v.As(&n)
		return &n, err
	case t.Is(tftypes.Object{}), t.Is(tftypes.Map{}):
		return plainMap(v)
	}
	var items []tftypes.Value
	if err := v.As(&items); err != nil {
		return nil, err
	}
	list := make([]any, len(items))
	for i, item := range items {
		p, err := plain(item)
		if err != nil {
			return nil, err
		}
		list[i] = p
	}
	return list, nil
}

func plainMap(v tftypes.Value) (any, error) {
	var items map[string]tftypes.Value
	if err := v.As(&items); err != nil {
		return nil, err
	}
	m := make(map[string]any, len(items))
	for k, item := range items {
		p, err := plain(item)
		if err != nil {
			return nil, err
		}
		m[k] = p
	}
	return m, nil
}

// encode writes a value for the wire.
func encode(v any, t tftypes.Type) (*tfprotov5.DynamicValue, error) {
	typed, err := typedValue(v, t)
	if err != nil {
		return nil, err
	}
	d, err := tfprotov5.NewDynamicValue(t, typed)
	return &d, err
}

func typedValue(v any, t tftypes.Type) (tftypes.Value, error) {
	switch v := v.(type) {
	case nil:
		return tftypes.NewValue(t, nil), nil
	case unknownValue:
		return tftypes.NewValue(t, tftypes.UnknownValue), nil
	case string, bool, *big.Float:
		return tftypes.NewValue(t, v), nil
	case float64: // from JSON
		return tftypes.NewValue(t, big.NewFloat(v)), nil
	case []any:
		return typedList(v, t)
	case map[string]any:
		return typedMap(v, t)
	}
	return tftypes.Value{}, fmt.Errorf("cannot write %T as %s", v, t)
}

func typedList(list []any, t tftypes.Type) (tftypes.Value, error) {
	var element tftypes.Type
	switch t := t.(type) {
	case tftypes.List:
		element = t.ElementType
	case tftypes.Set:
		element = t.ElementType
	default:
		return tftypes.Value{}, fmt.Errorf("a list as %s", t)
	}
	items := make([]tftypes.Value, len(list))
	for i, item := range list {
		v, err := typedValue(item, element)
		if err != nil {
			return v, err
		}
		items[i] = v
	}
	return tftypes.NewValue(t, items), nil
}

func typedMap(m map[string]any, t tftypes.Type) (tftypes.Value, error) {
	items := map[string]tftypes.Value{}
	add := func(k string, item any, t tftypes.Type) error {
		v, err := typedValue(item, t)
		if err != nil {
			return fmt.Errorf("%s: %w", k, err)
		}
		items[k] = v
		return nil
	}
	switch t := t.(type) {
	case tftypes.Map:
		for k, item := range m {
			if err := add(k, item, t.ElementType); err != nil {
				return tftypes.Value{}, err
			}
		}
	case tftypes.Object:
		for k, kind := range t.AttributeTypes {
			if err := add(k, m[k], kind); err != nil {
				return tftypes.Value{}, err
			}
		}
	default:
		return tftypes.Value{}, fmt.Errorf("a mapping as %s", t)
	}
	return tftypes.NewValue(t, items), nil
}

// toJSON makes a value fit for JSON, numbers as float64.
func toJSON(v any) any {
	switch v := v.(type) {
	case *big.Float:
		f, _ := v.Float64()
		return f
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = toJSON(item)
		}
		return list
	case map[string]any:
		m := map[string]any{}
		for k, item := range v {
			m[k] = toJSON(item)
		}
		return m
	case unknownValue:
		return nil
	}
	return v
}
