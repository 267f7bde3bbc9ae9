package state_test

import (
	"fmt"
	"reflect"

	"github.com/limpet-go/limpet/state"
)

// Product was called Article when the first sessions were written, and keeps that identity.
type Product struct {
	Name  string
	Cents int64
	Size  string // new
}

// SchemaID is the identity of the type in schemas.
func (Product) SchemaID() string { return "shop.Article" }

func ExampleCompareSchemas() {
	persisted := &state.Schema{
		Version: state.SchemaVersion,
		Signals: map[string]*state.Shape{"cart": {Kind: state.KindList, Elem: &state.Shape{
			ID: "shop.Article", Kind: state.KindStruct,
			Fields: []state.Field{
				{Name: "Cents", Shape: &state.Shape{Kind: state.KindInt, Bits: 32}},
				{Name: "Name", Shape: &state.Shape{Kind: state.KindString}},
			},
		}}},
	}
	cart, err := state.ShapeOf(reflect.TypeFor[[]Product]())
	if err != nil {
		fmt.Println(err)
		return
	}
	current := &state.Schema{Version: state.SchemaVersion, Signals: map[string]*state.Shape{"cart": cart}}

	compatibility, reasons := state.CompareSchemas(persisted, current)
	fmt.Println(compatibility)
	for _, reason := range reasons {
		fmt.Println(reason)
	}
	// Output:
	// additive
	// signal "cart": field [].Cents: int32 widened to int64
	// signal "cart": field [].Size: new
}
