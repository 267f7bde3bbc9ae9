package limpet

import (
	"reflect"

	"github.com/limpet-go/limpet/internal/cborx"
	"github.com/limpet-go/limpet/state"
)

// value is the cell of a T.
type value[T any] struct {
	now T
	set bool // whether there is something to persist

	initial    initial[T]
	setAtFirst bool // whether the initial value is persisted too

	typ    *state.Shape
	typErr error
}

func newValue[T any](first initial[T], setAtFirst bool) *value[T] {
	v := &value[T]{initial: first, setAtFirst: setAtFirst}
	v.typ, v.typErr = state.ShapeOf(reflect.TypeFor[T]())
	v.reset()
	return v
}

func (v *value[T]) shape() *state.Shape { return v.typ }

func (v *value[T]) encode() ([]byte, bool, error) {
	if v.typErr != nil {
		return nil, false, v.typErr
	}
	if !v.set {
		return nil, false, nil
	}
	data, err := cborx.Marshal(v.now)
	return data, true, err
}

func (v *value[T]) decode(data []byte) (func(), error) {
	var t T
	if err := unmarshalValue(data, &t); err != nil {
		return nil, err
	}
	return func() { v.now, v.set = t, true }, nil
}

func (v *value[T]) reset() { v.now, v.set = v.initial.value(), v.setAtFirst }

// initial is the value a cell starts from. What it hands out shares no memory with what it handed out before, so
// that a slice or map changed in place by one session is not seen by another.
type initial[T any] struct {
	plain   T
	encoded []byte // instead of plain, when a T can share memory
}

func newInitial[T any](t T) initial[T] {
	v := reflect.ValueOf(&t).Elem()
	if v.IsZero() || !sharesMemory(v.Type()) {
		return initial[T]{plain: t}
	}
	data, err := cborx.Marshal(t)
	if err != nil {
		return initial[T]{plain: t} // a T that cannot be persisted: Serialize says so
	}
	return initial[T]{encoded: data}
}

func (i initial[T]) value() T {
	if i.encoded == nil {
		return i.plain
	}
	var t T
	if err := cborx.Unmarshal(i.encoded, &t); err != nil {
		return i.plain
	}
	return t
}

// sharesMemory reports whether a copy of a value of this type may share memory with it.
func sharesMemory(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array:
		return sharesMemory(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if sharesMemory(t.Field(i).Type) {
				return true
			}
		}
		return false
	case reflect.Chan, reflect.Func, reflect.Interface, reflect.Map, reflect.Pointer, reflect.Slice, reflect.UnsafePointer:
		return true
	default:
		return false
	}
}
