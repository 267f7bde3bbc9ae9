package limpet

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/limpet-go/limpet/state"
)

// table holds the persisted values of one kind by key: those that were declared, and the restored bytes that no
// declaration has claimed yet.
type table struct {
	kind   string // for error texts
	cells  map[string]cell
	stored map[string]storedValue
}

// cell is a declared value, whatever its type.
type cell interface {
	shape() *state.Shape
	// encode returns the value's bytes. ok is false while there is nothing to persist.
	encode() (data []byte, ok bool, err error)
	// decode checks data and returns what puts its value in place.
	decode(data []byte) (commit func(), err error)
	reset()
}

type storedValue struct {
	data  []byte
	shape *state.Shape // nil when the bytes came without one
}

func newTable(kind string) table {
	return table{kind: kind, cells: map[string]cell{}, stored: map[string]storedValue{}}
}

// shapes describes every value that is declared or carried along.
func (t *table) shapes() map[string]*state.Shape {
	if len(t.cells)+len(t.stored) == 0 {
		return nil
	}
	m := make(map[string]*state.Shape, len(t.cells)+len(t.stored))
	for key, v := range t.stored {
		if v.shape != nil {
			m[key] = v.shape
		}
	}
	for key, c := range t.cells {
		m[key] = c.shape()
	}
	return m
}

// encode returns the bytes of every value, declared or carried along.
func (t *table) encode() (map[string][]byte, error) {
	m := make(map[string][]byte, len(t.cells)+len(t.stored))
	for key, v := range t.stored {
		m[key] = v.data
	}
	for key, c := range t.cells {
		data, ok, err := c.encode()
		if err != nil {
			return nil, fmt.Errorf("limpet: serialize %s %q: %w", t.kind, key, err)
		}
		if ok {
			m[key] = data
		}
	}
	return m, nil
}

// restore checks persisted values against the declared cells and returns what puts them in place. Nothing
// changes before that is called.
func (t *table) restore(values map[string][]byte, shapes map[string]*state.Shape) (commit func(), err error) {
	var commits []func()
	stored := make(map[string]storedValue, len(values))
	for _, key := range slices.Sorted(maps.Keys(values)) {
		c, declared := t.cells[key]
		if !declared {
			stored[key] = storedValue{data: values[key], shape: shapes[key]}
			continue
		}
		put, err := c.decode(values[key])
		if err != nil {
			return nil, fmt.Errorf("limpet: deserialize %s %q: %w", t.kind, key, err)
		}
		commits = append(commits, put)
	}
	return func() {
		for key, c := range t.cells {
			if _, ok := values[key]; !ok {
				c.reset()
			}
		}
		for _, put := range commits {
			put()
		}
		t.stored = stored
	}, nil
}

// declare returns the table's cell for key: the one it has, or fresh with what was restored for it.
func declare[C cell](t *table, key string, fresh C) (C, error) {
	if c, ok := t.cells[key]; ok {
		same, ok := c.(C)
		if !ok {
			return fresh, fmt.Errorf("limpet: %s %q is declared as two types: %s and %s", t.kind, key, cellType(c), cellType(fresh))
		}
		return same, nil
	}
	t.cells[key] = fresh
	v, ok := t.stored[key]
	if !ok {
		return fresh, nil
	}
	commit, err := fresh.decode(v.data)
	if err != nil {
		return fresh, fmt.Errorf("limpet: restore %s %q: %w", t.kind, key, err)
	}
	commit()
	delete(t.stored, key)
	return fresh, nil
}

func cellType(c cell) string { return reflect.TypeOf(c).Elem().String() }
