package state

import (
	"fmt"
	"strings"
)

// shapeComparison compares two root shapes.
type shapeComparison struct {
	*comparison
	where        string            // the key
	wasID, nowID map[string]*Shape // what a KindRef stands for, on either side
	done         map[[2]*Shape]bool
}

func (c *comparison) roots(where string, was, is *Shape) {
	sc := shapeComparison{
		comparison: c,
		where:      where,
		wasID:      identities(was),
		nowID:      identities(is),
		done:       make(map[[2]*Shape]bool),
	}
	sc.shapes(nil, was, is)
}

func (c *shapeComparison) differ(how Compatibility, at path, format string, args ...any) {
	where := c.where
	if len(at) > 0 {
		where += ": field " + at.String()
	}
	c.note(how, "%s: %s", where, fmt.Sprintf(format, args...))
}

func (c *shapeComparison) shapes(at path, was, is *Shape) {
	was, is = resolve(was, c.wasID), resolve(is, c.nowID)
	if was == nil || is == nil {
		c.differ(CompatibilityIncompatible, at, "its type is not described")
		return
	}
	pair := [2]*Shape{was, is}
	if c.done[pair] {
		return
	}
	c.done[pair] = true
	if !c.sameIdentity(at, was, is) || !c.sameKind(at, was, is) {
		return
	}
	if was.Key != nil || is.Key != nil {
		c.shapes(at.child("[key]"), was.Key, is.Key)
	}
	if was.Elem != nil || is.Elem != nil {
		c.shapes(at.child("[]"), was.Elem, is.Elem)
	}
	c.fields(at, was.Fields, is.Fields)
}

// sameIdentity notes a change of identity and reports whether it is worth looking further.
func (c *shapeComparison) sameIdentity(at path, was, is *Shape) bool {
	switch {
	case was.ID == is.ID:
	case was.ID == "":
		c.differ(CompatibilityAdditive, at, "its type is now called %q", is.ID)
	default:
		c.differ(CompatibilityIncompatible, at, "type %q became %s; a SchemaID method keeps an identity", was.ID, called(is))
		return false
	}
	return true
}

// sameKind notes a change of kind or size and reports whether it is worth looking further.
func (c *shapeComparison) sameKind(at path, was, is *Shape) bool {
	switch {
	case was.Kind == KindUint && is.Kind == KindInt && was.Bits < is.Bits:
		c.differ(CompatibilityAdditive, at, "%s widened to %s", name(was), name(is))
	case was.Kind != is.Kind:
		c.differ(CompatibilityIncompatible, at, "%s became %s", name(was), name(is))
		return false
	case was.Len != is.Len:
		c.differ(CompatibilityIncompatible, at, "array of %d became array of %d", was.Len, is.Len)
	case was.Bits < is.Bits:
		c.differ(CompatibilityAdditive, at, "%s widened to %s", name(was), name(is))
	case was.Bits > is.Bits:
		c.differ(CompatibilityIncompatible, at, "%s narrowed to %s", name(was), name(is))
	}
	return true
}

// fields compares two lists of fields, both sorted by name.
func (c *shapeComparison) fields(at path, was, is []Field) {
	for len(was) > 0 || len(is) > 0 {
		switch order := firstOf(was, is); {
		case order < 0:
			c.differ(CompatibilityIncompatible, at.child("."+was[0].Name), "removed")
			was = was[1:]
		case order > 0:
			c.differ(CompatibilityAdditive, at.child("."+is[0].Name), "new")
			is = is[1:]
		default:
			c.shapes(at.child("."+was[0].Name), was[0].Shape, is[0].Shape)
			was, is = was[1:], is[1:]
		}
	}
}

// firstOf says whose first field comes first: -1 was's, 1 is's, 0 both have it. One of them is not empty.
func firstOf(was, is []Field) int {
	switch {
	case len(was) == 0:
		return 1
	case len(is) == 0:
		return -1
	}
	return strings.Compare(was[0].Name, is[0].Name)
}

// resolve returns the shape that a reference stands for, or nil.
func resolve(s *Shape, byID map[string]*Shape) *Shape {
	if s == nil || s.Kind != KindRef {
		return s
	}
	return byID[s.ID]
}

// identities returns the described types in a root shape by their identities.
func identities(root *Shape) map[string]*Shape {
	byID := make(map[string]*Shape)
	seen := make(map[*Shape]bool)
	var visit func(s *Shape)
	visit = func(s *Shape) {
		if s == nil || seen[s] {
			return
		}
		seen[s] = true
		if s.ID != "" && s.Kind != KindRef && byID[s.ID] == nil {
			byID[s.ID] = s
		}
		visit(s.Key)
		visit(s.Elem)
		for _, f := range s.Fields {
			visit(f.Shape)
		}
	}
	visit(root)
	return byID
}

// called returns what a type is called, for people.
func called(s *Shape) string {
	if s.ID == "" {
		return "a type without a name"
	}
	return fmt.Sprintf("%q", s.ID)
}

// name returns a shape's kind with its size.
func name(s *Shape) string {
	if s.Bits == 0 {
		return string(s.Kind)
	}
	return fmt.Sprintf("%s%d", s.Kind, s.Bits)
}
