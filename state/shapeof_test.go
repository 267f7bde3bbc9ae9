package state

import (
	"encoding"
	"encoding/json"
	"math/big"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/limpet-go/limpet/internal/cborx"
)

type (
	price   int32
	tag     string
	renamed struct{ A int }
	byPtr   struct{ A int }

	node struct {
		Value int
		Next  *node
		Kids  []node
	}
	list []list

	base struct {
		ID     string `json:"id"`
		Hidden string
	}
	middle struct {
		base
		Hidden int
	}
	item struct {
		middle
		Name    string `cbor:"n,omitempty"`
		Price   price  `json:"price"`
		Skipped string `cbor:"-"`
		secret  int
		Nine    bool `cbor:"09,keyasint"`
		*Extra
	}
	Extra struct{ Note *string }

	inheritor struct{ renamed }

	pair[T any] struct{ A T }
)

func (renamed) SchemaID() string { return "shop.Renamed" }
func (*byPtr) SchemaID() string  { return "shop.ByPointer" }

const here = "github.com/limpet-go/limpet/state."

func TestShapeOf(t *testing.T) {
	str, num := &Shape{Kind: KindString}, &Shape{Kind: KindInt, Bits: 64}
	for name, test := range map[string]struct {
		value any
		want  *Shape
	}{
		"bool":         {true, &Shape{Kind: KindBool}},
		"int":          {1, num},
		"int8":         {int8(1), &Shape{Kind: KindInt, Bits: 8}},
		"uint":         {uint(1), &Shape{Kind: KindUint, Bits: 64}},
		"uint16":       {uint16(1), &Shape{Kind: KindUint, Bits: 16}},
		"float32":      {float32(1), &Shape{Kind: KindFloat, Bits: 32}},
		"string":       {"", str},
		"pointer":      {new(new(string)), str},
		"bytes":        {[]byte{}, &Shape{Kind: KindBytes}},
		"byte array":   {[4]byte{}, &Shape{Kind: KindArray, Len: 4, Elem: &Shape{Kind: KindUint, Bits: 8}}},
		"raw JSON":     {json.RawMessage{}, &Shape{ID: "encoding/json.RawMessage", Kind: KindBytes}},
		"time":         {time.Time{}, &Shape{Kind: KindTime}},
		"duration":     {time.Second, &Shape{ID: "time.Duration", Kind: KindInt, Bits: 64}},
		"named string": {tag(""), &Shape{ID: here + "tag", Kind: KindString}},
		"map":          {map[tag][]int{}, &Shape{Kind: KindMap, Key: &Shape{ID: here + "tag", Kind: KindString}, Elem: &Shape{Kind: KindList, Elem: num}}},
		"set":          {map[int]struct{}{}, &Shape{Kind: KindMap, Key: num, Elem: &Shape{Kind: KindStruct}}},
		"custom":       {netip.Addr{}, &Shape{ID: "net/netip.Addr", Kind: KindCustom}},
		"big":          {big.Int{}, &Shape{ID: "math/big.Int", Kind: KindCustom}},
		"schema ID":    {renamed{}, &Shape{ID: "shop.Renamed", Kind: KindStruct, Fields: []Field{{"A", num}}}},
		"by pointer":   {byPtr{}, &Shape{ID: "shop.ByPointer", Kind: KindStruct, Fields: []Field{{"A", num}}}},
		"inherited ID": {inheritor{}, &Shape{ID: here + "inheritor", Kind: KindStruct, Fields: []Field{{"A", num}}}},
		"list of list": {list{}, &Shape{ID: here + "list", Kind: KindList, Elem: &Shape{ID: here + "list", Kind: KindRef}}},
		"recursive": {node{}, &Shape{ID: here + "node", Kind: KindStruct, Fields: []Field{
			{"Kids", &Shape{Kind: KindList, Elem: &Shape{ID: here + "node", Kind: KindRef}}},
			{"Next", &Shape{ID: here + "node", Kind: KindRef}},
			{"Value", num},
		}}},
		"embedded": {item{secret: 1}, &Shape{ID: here + "item", Kind: KindStruct, Fields: []Field{
			{"#9", &Shape{Kind: KindBool}},
			{"Hidden", num},
			{"Note", str},
			{"id", str},
			{"n", str},
			{"price", &Shape{ID: here + "price", Kind: KindInt, Bits: 32}},
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ShapeOf(reflect.TypeOf(test.value))
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("ShapeOf(%T) = %s\nwant %s", test.value, asJSON(t, got), asJSON(t, test.want))
			}
		})
	}
}

// TestLocalTypeArgument shows that the compiler's count of local types is no part of an identity.
func TestLocalTypeArgument(t *testing.T) {
	type local int
	shape := shapeFor[pair[local]](t)
	if want := here + "pair[" + here + "local]"; shape.ID != want {
		t.Errorf("identity %q, want %q", shape.ID, want)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestFieldsAreThoseOfTheCodec compares the names of a shape with the keys that are really written.
func TestFieldsAreThoseOfTheCodec(t *testing.T) {
	note := "n"
	type twice struct {
		A struct{ X int }
		base
		Extra
		ID int `json:"ID"`
	}
	type tagged struct {
		X string `json:"X"`
		Y int    `json:"Y"`
	}
	type untagged struct{ X, Z int }
	type both struct {
		tagged
		untagged
	}
	type ambiguous struct {
		tagged
		Again struct {
			tagged
		} `json:""`
		base
		*Extra
	}
	type left struct{ base }
	type right struct{ base }
	type diamond struct {
		left
		right
		A int
	}
	for _, value := range []any{
		diamond{}, both{}, ambiguous{Extra: new(Extra)},
		item{Name: "x", Extra: &Extra{Note: &note}},
		twice{}, node{}, inheritor{},
		Field{Shape: &Shape{}}, Schema{},
	} {
		data, err := cborx.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		var written map[any]cborx.RawMessage
		if err := cborx.Unmarshal(data, &written); err != nil {
			t.Fatal(err)
		}
		var want, got []string
		for key := range written {
			if n, ok := key.(uint64); ok {
				key = "#" + string(rune('0'+n))
			}
			want = append(want, key.(string))
		}
		fields, err := persistedFields(reflect.TypeOf(value))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fields {
			if !strings.HasPrefix(f.name, "#") || slices.Contains(want, f.name) { // the others are left out when empty
				got = append(got, f.name)
			}
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%T: fields %q, written %q", value, got, want)
		}
	}
}

type (
	clashA struct{ A int }
	clashB struct{ A int }
	panics struct{ A int }
	noID   struct{ A int }
	ptr    *ptr
	arr    struct {
		_ struct{} `cbor:",toarray"`
		A int
	}
)

func (clashA) SchemaID() string { return "clash" }
func (clashB) SchemaID() string { return "clash" }
func (panics) SchemaID() string { panic("no") }
func (noID) SchemaID() string   { return "" }

func TestShapeOfRefuses(t *testing.T) {
	type outer struct {
		Good  int
		Items []struct{ Notify chan int }
	}
	for name, test := range map[string]struct {
		typ  reflect.Type
		want string
	}{
		"nil":             {nil, "an interface cannot be persisted"},
		"channel":         {reflect.TypeFor[chan int](), "a channel cannot be persisted"},
		"function":        {reflect.TypeFor[func()](), "a function cannot be persisted"},
		"unsafe pointer":  {reflect.TypeFor[unsafe.Pointer](), "an unsafe pointer cannot be persisted"},
		"uintptr":         {reflect.TypeFor[uintptr](), "uintptr cannot be persisted"},
		"complex":         {reflect.TypeFor[complex64](), "complex64 cannot be persisted"},
		"any":             {reflect.TypeFor[any](), "an interface cannot be persisted"},
		"marshaler":       {reflect.TypeFor[encoding.TextMarshaler](), "an interface cannot be persisted"},
		"path":            {reflect.TypeFor[outer](), "Items[].Notify: a channel cannot be persisted"},
		"map of any":      {reflect.TypeFor[map[string]any](), "[]: an interface cannot be persisted"},
		"float keys":      {reflect.TypeFor[map[float64]int](), "map keys must be strings, integers or booleans"},
		"struct keys":     {reflect.TypeFor[map[renamed]int](), "map keys must be"},
		"nothing to keep": {reflect.TypeFor[struct{ a int }](), "has no field that can be persisted"},
		"as array":        {reflect.TypeFor[arr](), "encoded as an array"},
		"pointer loop":    {reflect.TypeFor[ptr](), "a pointer to itself"},
		"one identity": {reflect.TypeFor[struct {
			A clashA
			B clashB
		}](), `two types have the identity "clash"`},
		"panic":    {reflect.TypeFor[panics](), "SchemaID panicked on a zero value"},
		"empty ID": {reflect.TypeFor[noID](), "SchemaID must return"},
		"too deep": {deepType(maxShapeDepth + 1), "nested deeper than 32"},
	} {
		t.Run(name, func(t *testing.T) {
			shape, err := ShapeOf(test.typ)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("ShapeOf = %+v, %v; want an error with %q", shape, err, test.want)
			}
		})
	}
}

// deepType returns a slice of slices of ... of int.
func deepType(levels int) reflect.Type {
	typ := reflect.TypeFor[int]()
	for range levels {
		typ = reflect.SliceOf(typ)
	}
	return typ
}

// TestDeepestShapeFits shows that whatever ShapeOf accepts can be written and read back in a schema.
func TestDeepestShapeFits(t *testing.T) {
	typ := reflect.TypeFor[int]()
	for range maxShapeDepth {
		typ = reflect.StructOf([]reflect.StructField{{Name: "F", Type: typ}})
	}
	shape, err := ShapeOf(typ)
	if err != nil {
		t.Fatal(err)
	}
	schema := &Schema{Version: SchemaVersion, Signals: map[string]*Shape{"deep": shape}}
	if err := schema.Validate(); err != nil {
		t.Fatal(err)
	}
	nested := map[int]any{11: schema} // as in a session
	data, err := cborx.Marshal(nested)
	if err != nil {
		t.Fatal(err)
	}
	var back map[int]*Schema
	if err := cborx.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back[11], schema) {
		t.Error("the schema read back differs")
	}
}
