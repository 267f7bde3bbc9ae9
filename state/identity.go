package state

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"regexp"
)

// localType is the number that the compiler gives to a type declared in a function, where it is a type argument. It
// changes with the types declared before.
var localType = regexp.MustCompile(`·\d+`)

func stableName(name string) string { return localType.ReplaceAllString(name, "") }

type schemaIDer interface{ SchemaID() string }

// identity returns what a type is called in schemas; types without a name and predeclared ones are called nothing.
func identity(t reflect.Type) (string, error) {
	if t.PkgPath() == "" || t.Kind() == reflect.Interface {
		return "", nil
	}
	id, ok, err := schemaID(t)
	switch {
	case err != nil:
		return "", err
	case !ok || inherited(t, id):
		return t.PkgPath() + "." + stableName(t.Name()), nil
	case id == "" || !validText(id):
		return "", errors.New("SchemaID must return valid, non-empty text")
	}
	return id, nil
}

// schemaID calls the SchemaID method of a zero t or of a pointer to one, if there is one.
func schemaID(t reflect.Type) (id string, ok bool, err error) {
	namer, ok := reflect.New(t).Interface().(schemaIDer)
	if !ok {
		return "", false, nil
	}
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("SchemaID panicked on a zero value: %v", cause)
		}
	}()
	return namer.SchemaID(), true, nil
}

// inherited reports whether a struct has its SchemaID method from an embedded field: that identity is the field's.
func inherited(t reflect.Type, id string) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.Anonymous {
			continue
		}
		embedded, err := pointedAt(f.Type)
		if err != nil || embedded.Kind() == reflect.Interface {
			continue
		}
		if its, ok, err := schemaID(embedded); ok && err == nil && its == id {
			return true
		}
	}
	return false
}

// writesItself reports whether the encoding of a type is its own affair.
func writesItself(t reflect.Type) bool {
	switch reflect.New(t).Interface().(type) {
	case interface{ MarshalCBOR() ([]byte, error) }, encoding.BinaryMarshaler, encoding.TextMarshaler:
		return true
	default:
		return false
	}
}
