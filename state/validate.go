package state

import (
	"errors"
	"fmt"

	"github.com/limpet-go/limpet/internal/cborx"
)

// maxSchemaBytes bounds an encoded schema, because a decoded one takes up to sixty times the memory.
const maxSchemaBytes = 1 << 20

// UnmarshalCBOR decodes a schema of at most 1 MiB. It is called by the decoder of a session.
func (s *Schema) UnmarshalCBOR(data []byte) error {
	if len(data) > maxSchemaBytes {
		return fmt.Errorf("state: schema has %d bytes, more than %d", len(data), maxSchemaBytes)
	}
	type plain Schema // without this method
	return cborx.UnmarshalPlain(data, (*plain)(s))
}

// Validate reports what would keep the schema from being written and read back: a missing shape, text that is not
// UTF-8, shapes nested deeper than 32, an encoding over 1 MiB. Schemas made of ShapeOf's shapes pass, whatever their
// keys, if those are UTF-8. nil passes.
func (s *Schema) Validate() error {
	if s == nil {
		return nil
	}
	if !validText(s.Version) {
		return errors.New("state: schema version is not valid UTF-8")
	}
	size := 0
	if err := validateKeys("signal", s.Signals, &size); err != nil {
		return err
	}
	if err := validateKeys("session key", s.SessionKeys, &size); err != nil {
		return err
	}
	return s.validateSize(size)
}

func validateKeys(what string, keys map[string]*Shape, size *int) error {
	for key, shape := range keys {
		if err := shape.validate(key, 0, size); err != nil {
			return fmt.Errorf("state: %s %q: %w", what, key, err)
		}
	}
	return nil
}

// validateSize encodes a schema to measure it, if the text in it says that it may be too large.
func (s *Schema) validateSize(atMost int) error {
	if atMost <= maxSchemaBytes {
		return nil
	}
	data, err := cborx.Marshal(s)
	if err != nil {
		return err
	}
	if len(data) > maxSchemaBytes {
		return fmt.Errorf("state: schema has %d bytes, more than %d", len(data), maxSchemaBytes)
	}
	return nil
}

// shapeCost is more than a shape takes encoded, without its text.
const shapeCost = 64

// validate checks a shape under a name, and adds to size at least what it takes encoded.
func (s *Shape) validate(name string, depth int, size *int) error {
	switch {
	case s == nil:
		return errors.New("shape is missing")
	case depth > maxShapeDepth:
		return fmt.Errorf("shapes are nested deeper than %d", maxShapeDepth)
	case !validText(name), !validText(s.ID), !validText(string(s.Kind)):
		return errors.New("text is not valid UTF-8")
	}
	*size += shapeCost + len(name) + len(s.ID) + len(s.Kind)
	for _, part := range []*Shape{s.Key, s.Elem} {
		if part == nil {
			continue
		}
		if err := part.validate("", depth+1, size); err != nil {
			return err
		}
	}
	for _, f := range s.Fields {
		if err := f.Shape.validate(f.Name, depth+1, size); err != nil {
			return err
		}
	}
	return nil
}
