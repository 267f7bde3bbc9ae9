package state

import (
	"reflect"
	"strings"
	"testing"

	"github.com/limpet-go/limpet/internal/cborx"
)

func TestConstants(t *testing.T) {
	if SchemaVersion != "1.0" || SchemaVersionID != uint16(1) {
		t.Error("the schema version changed")
	}
}

func sampleSchema(t *testing.T) *Schema {
	t.Helper()
	return &Schema{
		Version:     SchemaVersion,
		Signals:     map[string]*Shape{"cart": shapeFor[[]item](t), "note": shapeFor[string](t), "tree": shapeFor[node](t)},
		SessionKeys: map[string]*Shape{"theme": shapeFor[tag](t), "at": shapeFor[map[int]price](t)},
	}
}

func shapeFor[T any](t *testing.T) *Shape {
	t.Helper()
	s, err := ShapeOf(reflect.TypeFor[T]())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestHashIsFrozen pins hashes that stored blobs carry: no release may change them.
func TestHashIsFrozen(t *testing.T) {
	for name, test := range map[string]struct {
		schema *Schema
		want   string
	}{
		"nil":    {nil, "7b38ca5046bd8252f59e6d058d2f1d27c8ef01a26dc83c7e8b3e22b0e1f75715"},
		"empty":  {&Schema{}, "7b38ca5046bd8252f59e6d058d2f1d27c8ef01a26dc83c7e8b3e22b0e1f75715"},
		"sample": {sampleSchema(t), "b3c2a65d77a70e20c9bd112cd57e1aa7b74885aee9df60f1bfb64d6a14560878"},
	} {
		for range 20 { // whatever the order of maps
			if got := test.schema.Hash(); got != test.want {
				t.Fatalf("%s: Hash() = %q, want %q", name, got, test.want)
			}
		}
	}
}

func TestHashTellsSchemasApart(t *testing.T) {
	seen := map[string]string{}
	for name, change := range map[string]func(*Schema){
		"nothing":     func(*Schema) {},
		"version":     func(s *Schema) { s.Version = "2.0" },
		"moved key":   func(s *Schema) { s.SessionKeys["note"] = s.Signals["note"]; delete(s.Signals, "note") },
		"other shape": func(s *Schema) { s.Signals["note"] = &Shape{Kind: KindBytes} },
		"new key":     func(s *Schema) { s.Signals["more"] = s.Signals["note"] },
	} {
		s := sampleSchema(t)
		change(s)
		if other, twice := seen[s.Hash()]; twice {
			t.Errorf("%s and %s have one hash", name, other)
		}
		seen[s.Hash()] = name
	}
}

func TestValidate(t *testing.T) {
	deep := &Shape{Kind: KindInt}
	for range maxShapeDepth + 1 {
		deep = &Shape{Kind: KindList, Elem: deep}
	}
	wide := &Shape{Kind: KindStruct}
	for range 4096 {
		wide.Fields = append(wide.Fields, Field{Name: strings.Repeat("n", 300), Shape: &Shape{Kind: KindInt}})
	}
	for name, test := range map[string]struct {
		schema *Schema
		want   string
	}{
		"nil":      {nil, ""},
		"sample":   {sampleSchema(t), ""},
		"version":  {&Schema{Version: "\xff"}, "version is not valid UTF-8"},
		"key":      {&Schema{Signals: map[string]*Shape{"\xff": {}}}, `signal "\xff": text is not valid UTF-8`},
		"no shape": {&Schema{SessionKeys: map[string]*Shape{"k": nil}}, `session key "k": shape is missing`},
		"identity": {&Schema{Signals: map[string]*Shape{"k": {Elem: &Shape{ID: "\xff"}}}}, "text is not valid UTF-8"},
		"field":    {&Schema{Signals: map[string]*Shape{"k": {Fields: []Field{{Name: "f"}}}}}, "shape is missing"},
		"deep":     {&Schema{Signals: map[string]*Shape{"k": deep}}, "nested deeper than 32"},
		"wide":     {&Schema{Signals: map[string]*Shape{"k": wide}}, "more than 1048576"},
	} {
		t.Run(name, func(t *testing.T) {
			err := test.schema.Validate()
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("Validate = %v, want %q", err, test.want)
			}
		})
	}
}

func TestUnmarshalRefusesLargeSchema(t *testing.T) {
	data, err := cborx.Marshal(&Schema{Version: strings.Repeat("v", maxSchemaBytes)})
	if err != nil {
		t.Fatal(err)
	}
	if err := cborx.Unmarshal(data, new(Schema)); err == nil {
		t.Error("a schema over 1 MiB was read")
	}
}
