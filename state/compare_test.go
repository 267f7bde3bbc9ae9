package state

import (
	"slices"
	"testing"
)

func sc(shape *Shape) *Schema {
	return &Schema{Version: SchemaVersion, Signals: map[string]*Shape{"cart": shape}}
}

func num(kind Kind, bits int) *Shape { return &Shape{Kind: kind, Bits: bits} }

func structOf(id string, fields ...Field) *Shape {
	return &Shape{ID: id, Kind: KindStruct, Fields: fields}
}

func listOf(elem *Shape) *Shape { return &Shape{Kind: KindList, Elem: elem} }

func TestCompareSchemas(t *testing.T) {
	item := func(price *Shape, more ...Field) *Shape {
		fields := append([]Field{{"Name", num(KindString, 0)}, {"Price", price}}, more...)
		return listOf(structOf("shop.Item", fields...))
	}
	tree := func(value *Shape) *Shape {
		return structOf("Node", Field{"Kids", listOf(&Shape{ID: "Node", Kind: KindRef})}, Field{"Value", value})
	}
	int64s, int32s, uint32s := num(KindInt, 64), num(KindInt, 32), num(KindUint, 32)
	str := num(KindString, 0)
	const same, additive, incompatible = CompatibilitySame, CompatibilityAdditive, CompatibilityIncompatible

	for name, test := range map[string]struct {
		persisted, current *Schema
		want               Compatibility
		reasons            []string
	}{
		"nil and nil":       {nil, nil, same, nil},
		"nil and no keys":   {nil, &Schema{Version: SchemaVersion}, same, nil},
		"nil and keys":      {nil, sc(str), additive, []string{"no schema recorded"}},
		"keys and nil":      {sc(str), nil, incompatible, []string{`signal "cart": removed`}},
		"same":              {sc(item(int64s)), sc(item(int64s)), same, nil},
		"version":           {&Schema{Version: "2.0"}, sc(str), incompatible, []string{`schema version "2.0" became "1.0"`}},
		"new key":           {sc(str), &Schema{Version: "1.0", Signals: map[string]*Shape{"cart": str, "b": str, "a": str}}, additive, []string{`signal "a": new`, `signal "b": new`}},
		"removed key":       {&Schema{Version: "1.0", SessionKeys: map[string]*Shape{"theme": str}}, &Schema{Version: "1.0"}, incompatible, []string{`session key "theme": removed`}},
		"new field":         {sc(item(int64s)), sc(item(int64s, Field{"Size", str})), additive, []string{`signal "cart": field [].Size: new`}},
		"removed field":     {sc(item(int64s, Field{"Size", str})), sc(item(int64s)), incompatible, []string{`signal "cart": field [].Size: removed`}},
		"renamed field":     {sc(structOf("A", Field{"Old", str})), sc(structOf("A", Field{"New", str})), incompatible, []string{`signal "cart": field New: new`, `signal "cart": field Old: removed`}},
		"kind":              {sc(item(int64s)), sc(item(str)), incompatible, []string{`signal "cart": field [].Price: int64 became string`}},
		"root kind":         {sc(str), sc(int32s), incompatible, []string{`signal "cart": string became int32`}},
		"widened":           {sc(item(int32s)), sc(item(int64s)), additive, []string{`signal "cart": field [].Price: int32 widened to int64`}},
		"narrowed":          {sc(item(int64s)), sc(item(int32s)), incompatible, []string{`signal "cart": field [].Price: int64 narrowed to int32`}},
		"uint to wider int": {sc(uint32s), sc(int64s), additive, []string{`signal "cart": uint32 widened to int64`}},
		"uint to int":       {sc(uint32s), sc(int32s), incompatible, []string{`signal "cart": uint32 became int32`}},
		"int to uint":       {sc(int32s), sc(num(KindUint, 64)), incompatible, []string{`signal "cart": int32 became uint64`}},
		"float widened":     {sc(num(KindFloat, 32)), sc(num(KindFloat, 64)), additive, []string{`signal "cart": float32 widened to float64`}},
		"array length":      {sc(&Shape{Kind: KindArray, Len: 2, Elem: str}), sc(&Shape{Kind: KindArray, Len: 3, Elem: str}), incompatible, []string{`signal "cart": array of 2 became array of 3`}},
		"array to list":     {sc(&Shape{Kind: KindArray, Len: 2, Elem: str}), sc(listOf(str)), incompatible, []string{`signal "cart": array became list`}},
		"map key":           {sc(&Shape{Kind: KindMap, Key: int32s, Elem: str}), sc(&Shape{Kind: KindMap, Key: str, Elem: str}), incompatible, []string{`signal "cart": field [key]: int32 became string`}},
		"identity":          {sc(structOf("shop.Old")), sc(structOf("shop.New")), incompatible, []string{`signal "cart": type "shop.Old" became "shop.New"; a SchemaID method keeps an identity`}},
		"identity lost":     {sc(structOf("shop.Old")), sc(structOf("")), incompatible, []string{`signal "cart": type "shop.Old" became a type without a name; a SchemaID method keeps an identity`}},
		"identity given":    {sc(str), sc(&Shape{ID: "shop.Theme", Kind: KindString}), additive, []string{`signal "cart": its type is now called "shop.Theme"`}},
		"recursive same":    {sc(tree(int64s)), sc(tree(int64s)), same, nil},
		"recursive wider":   {sc(tree(int32s)), sc(tree(int64s)), additive, []string{`signal "cart": field Value: int32 widened to int64`}},
		"reference to none": {sc(&Shape{ID: "gone", Kind: KindRef}), sc(str), incompatible, []string{`signal "cart": its type is not described`}},
		"no shape":          {sc(nil), sc(str), incompatible, []string{`signal "cart": its type is not described`}},
		"reference or whole": {
			sc(structOf("R", Field{"A", structOf("P", Field{"X", str})}, Field{"B", &Shape{ID: "P", Kind: KindRef}})),
			sc(structOf("R", Field{"A", &Shape{ID: "P", Kind: KindRef}}, Field{"B", structOf("P", Field{"X", str})})),
			same, nil,
		},
		"worst wins": {
			&Schema{Version: "1.0", Signals: map[string]*Shape{"a": str}, SessionKeys: map[string]*Shape{"k": int64s}},
			&Schema{Version: "1.0", Signals: map[string]*Shape{"a": str, "b": str}, SessionKeys: map[string]*Shape{"k": int32s}},
			incompatible, []string{`signal "b": new`, `session key "k": int64 narrowed to int32`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, reasons := CompareSchemas(test.persisted, test.current)
			if got != test.want || !slices.Equal(reasons, test.reasons) {
				t.Errorf("CompareSchemas = %v, %q\nwant %v, %q", got, reasons, test.want, test.reasons)
			}
		})
	}
}

// TestCompareEndsOnLoops shows that shapes tied in a knot by hand are compared in finite time.
func TestCompareEndsOnLoops(t *testing.T) {
	a, b := listOf(nil), listOf(nil)
	a.Elem, b.Elem = a, listOf(b)
	if got, reasons := CompareSchemas(sc(a), sc(b)); got != CompatibilitySame {
		t.Errorf("CompareSchemas = %v, %q; want same", got, reasons)
	}
}

func TestCompatibilityString(t *testing.T) {
	for c, want := range map[Compatibility]string{
		CompatibilitySame: "same", CompatibilityAdditive: "additive", CompatibilityIncompatible: "incompatible", 7: "Compatibility(7)",
	} {
		if c.String() != want {
			t.Errorf("String() = %q, want %q", c.String(), want)
		}
	}
}
