package state

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"
	"unicode/utf8"
)

// maxShapeDepth bounds how deep types may lie in one another, so that a schema always fits the limits of its encoding.
const maxShapeDepth = 32

// shapes remembers what ShapeOf found, since a type's shape never changes.
var shapes sync.Map // reflect.Type to *Shape

// ShapeOf describes a type as package cborx writes it. The shape is shared: do not change it.
//
// A named type's identity is what its SchemaID method returns, called on the zero value, or else its import path and
// name; a type keeps its identity across a rename by having that method. Integers of no fixed size count as 64 bits.
//
// It fails, naming the field, on what cannot be persisted and restored: channels, functions, unsafe pointers,
// uintptr, complex numbers, interfaces, map keys that are not strings, integers or booleans, structs that hold
// unexported fields only or are encoded as arrays, types nested deeper than 32, and two types of one identity.
func ShapeOf(t reflect.Type) (*Shape, error) {
	if t == nil {
		return nil, errors.New("state: an interface cannot be persisted")
	}
	if known, ok := shapes.Load(t); ok {
		return known.(*Shape), nil
	}
	d := describer{defined: make(map[string]reflect.Type)}
	s, err := d.describe(t, nil)
	if err != nil {
		return nil, fmt.Errorf("state: %v: %w", t, err)
	}
	shapes.Store(t, s)
	return s, nil
}

// describer describes one root type.
type describer struct {
	defined map[string]reflect.Type // by identity
}

func (d *describer) describe(t reflect.Type, at path) (*Shape, error) {
	t, err := pointedAt(t)
	if err != nil {
		return nil, at.errorf("%w", err)
	}
	if len(at) > maxShapeDepth {
		return nil, at.errorf("types are nested deeper than %d", maxShapeDepth)
	}
	if t == reflect.TypeFor[time.Time]() {
		return &Shape{Kind: KindTime}, nil
	}
	id, err := identity(t)
	if err != nil {
		return nil, at.errorf("%w", err)
	}
	again, err := d.define(id, t)
	if err != nil {
		return nil, at.errorf("%w", err)
	}
	if again && isComposite(t) {
		return &Shape{ID: id, Kind: KindRef}, nil
	}
	s := &Shape{ID: id}
	return s, d.fill(s, t, at)
}

// define notes that t has this identity and reports whether it was noted before.
func (d *describer) define(id string, t reflect.Type) (again bool, err error) {
	if id == "" {
		return false, nil
	}
	other, again := d.defined[id]
	if again && other != t {
		return false, fmt.Errorf("two types have the identity %q", id)
	}
	d.defined[id] = t
	return again, nil
}

// fill describes t in s.
func (d *describer) fill(s *Shape, t reflect.Type, at path) (err error) {
	if writesItself(t) && t.Kind() != reflect.Interface {
		s.Kind = KindCustom
		return nil
	}
	if fillBasic(s, t) {
		return nil
	}
	switch t.Kind() {
	case reflect.Slice:
		s.Kind = KindList
		s.Elem, err = d.describe(t.Elem(), at.child("[]"))
	case reflect.Array:
		s.Kind, s.Len = KindArray, t.Len()
		s.Elem, err = d.describe(t.Elem(), at.child("[]"))
	case reflect.Map:
		err = d.fillMap(s, t, at)
	case reflect.Struct:
		err = d.fillStruct(s, t, at)
	default:
		err = at.errorf("%s cannot be persisted", kindNames(t))
	}
	return err
}

func (d *describer) fillMap(s *Shape, t reflect.Type, at path) (err error) {
	s.Kind = KindMap
	if s.Key, err = d.describe(t.Key(), at.child("[key]")); err != nil {
		return err
	}
	switch s.Key.Kind {
	case KindString, KindInt, KindUint, KindBool:
	default:
		return at.errorf("map keys must be strings, integers or booleans, not %v", t.Key())
	}
	s.Elem, err = d.describe(t.Elem(), at.child("[]"))
	return err
}

func (d *describer) fillStruct(s *Shape, t reflect.Type, at path) error {
	s.Kind = KindStruct
	fields, err := persistedFields(t)
	if err != nil {
		return at.errorf("%w", err)
	}
	for _, f := range fields {
		shape, err := d.describe(f.typ, at.child("."+f.name))
		if err != nil {
			return err
		}
		s.Fields = append(s.Fields, Field{Name: f.name, Shape: shape})
	}
	return nil
}

// fillBasic describes a type without parts and reports whether t is one.
func fillBasic(s *Shape, t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Bool:
		s.Kind = KindBool
	case reflect.Int:
		s.Kind, s.Bits = KindInt, 64
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		s.Kind, s.Bits = KindInt, t.Bits()
	case reflect.Uint:
		s.Kind, s.Bits = KindUint, 64
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		s.Kind, s.Bits = KindUint, t.Bits()
	case reflect.Float32, reflect.Float64:
		s.Kind, s.Bits = KindFloat, t.Bits()
	case reflect.String:
		s.Kind = KindString
	case reflect.Slice:
		if t.Elem().Kind() != reflect.Uint8 {
			return false
		}
		s.Kind = KindBytes
	default:
		return false
	}
	return true
}

// isComposite reports whether a type has parts, which are described once.
func isComposite(t reflect.Type) bool {
	return !writesItself(t) && !fillBasic(new(Shape), t)
}

// pointedAt returns what t points to, through any number of pointers.
func pointedAt(t reflect.Type) (reflect.Type, error) {
	for range maxShapeDepth {
		if t.Kind() != reflect.Pointer {
			return t, nil
		}
		t = t.Elem()
	}
	return nil, errors.New("a pointer to itself cannot be persisted")
}

func kindNames(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Interface:
		return "an interface"
	case reflect.Chan:
		return "a channel"
	case reflect.Func:
		return "a function"
	case reflect.UnsafePointer:
		return "an unsafe pointer"
	default:
		return t.Kind().String()
	}
}

// path leads from a root type to a part of it.
type path []string

func (p path) child(step string) path { return append(p[:len(p):len(p)], step) }

// String returns the path as one would write it in Go: Items[].Price.
func (p path) String() string {
	var b []byte
	for _, step := range p {
		b = append(b, step...)
	}
	if len(b) > 0 && b[0] == '.' {
		b = b[1:]
	}
	return string(b)
}

// errorf puts the path before an error.
func (p path) errorf(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	if len(p) == 0 {
		return err
	}
	return fmt.Errorf("%v: %w", p, err)
}

// validText reports whether s can be written and read back.
func validText(s string) bool { return utf8.ValidString(s) }
