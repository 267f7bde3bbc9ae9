package state

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// structField is a field as it is persisted.
type structField struct {
	name   string
	typ    reflect.Type
	depth  int // 0, or that of the embedded struct it is promoted from
	tagged bool
}

// persistedFields returns the fields of a struct that are written, in the order of their names. As in encoding/json,
// fields of embedded structs count as the outer one's, the least deep and then the tagged one of a name wins, and a
// name that is still ambiguous is not written.
func persistedFields(t reflect.Type) ([]structField, error) {
	if asArray(t) {
		return nil, errors.New("a struct encoded as an array cannot be persisted")
	}
	var all []structField
	seen := make(map[reflect.Type]bool)
	level := map[reflect.Type]int{t: 1}
	for depth := 0; len(level) > 0; depth++ {
		next := make(map[reflect.Type]int)
		for embedded, times := range level {
			if times > 1 || seen[embedded] {
				continue
			}
			seen[embedded] = true
			fields, err := ownFields(embedded, depth, next)
			if err != nil {
				return nil, err
			}
			all = append(all, fields...)
		}
		level = next
	}
	if len(all) == 0 && t.NumField() > 0 {
		return nil, fmt.Errorf("%v has no field that can be persisted", t)
	}
	return visible(all), nil
}

// ownFields returns the fields that a struct itself declares, and counts the structs it embeds.
func ownFields(t reflect.Type, depth int, embedded map[reflect.Type]int) ([]structField, error) {
	var fields []structField
	for i := range t.NumField() {
		f := t.Field(i)
		typ, err := pointedAt(f.Type)
		if err != nil {
			return nil, err
		}
		embeds := f.Anonymous && typ.Kind() == reflect.Struct
		tag := fieldTag(f)
		if tag == "-" || !f.IsExported() && !embeds {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		if embeds && name == "" {
			embedded[typ]++
			continue
		}
		if name == "" {
			name = f.Name
		}
		if name, err = keyName(name, options); err != nil {
			return nil, err
		}
		fields = append(fields, structField{name: name, typ: f.Type, depth: depth, tagged: tag != ""})
	}
	return fields, nil
}

func fieldTag(f reflect.StructField) string {
	if tag := f.Tag.Get("cbor"); tag != "" {
		return tag
	}
	return f.Tag.Get("json")
}

// keyName returns the name of a field in a shape; one that is written as an integer is told apart by a "#".
func keyName(name, options string) (string, error) {
	if !slices.Contains(strings.Split(options, ","), "keyasint") {
		if !validText(name) {
			return "", errors.New("a field name is not valid UTF-8")
		}
		return name, nil
	}
	n, err := strconv.Atoi(name)
	if err != nil {
		return "", fmt.Errorf("field name %q with keyasint is no integer", name)
	}
	return "#" + strconv.Itoa(n), nil
}

// visible sorts fields by name and drops those that others hide.
func visible(all []structField) []structField {
	slices.SortFunc(all, func(a, b structField) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		if c := a.depth - b.depth; c != 0 {
			return c
		}
		return rank(a) - rank(b)
	})
	var kept []structField
	for len(all) > 0 {
		same := 1
		for same < len(all) && all[same].name == all[0].name {
			same++
		}
		if same == 1 || all[0].depth < all[1].depth || rank(all[0]) < rank(all[1]) {
			kept = append(kept, all[0])
		}
		all = all[same:]
	}
	return kept
}

func rank(f structField) int {
	if f.tagged {
		return 0
	}
	return 1
}

// asArray reports whether a struct asks to be written as an array, by a tag on a field named "_".
func asArray(t reflect.Type) bool {
	f, ok := t.FieldByName("_")
	return ok && strings.Contains(f.Tag.Get("cbor"), "array")
}
