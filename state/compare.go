package state

import (
	"fmt"
	"maps"
	"slices"
)

// Compatibility says whether a build can read what another one persisted.
type Compatibility int

// The outcomes of CompareSchemas, each worse than the one before.
const (
	// CompatibilitySame: the schemas describe the same keys and types.
	CompatibilitySame Compatibility = iota

	// CompatibilityAdditive: everything persisted can be read; there is more now than there was.
	CompatibilityAdditive

	// CompatibilityIncompatible: some of what is persisted cannot be read, or would not be what it was.
	CompatibilityIncompatible
)

// String returns "same", "additive" or "incompatible".
func (c Compatibility) String() string {
	switch c {
	case CompatibilitySame:
		return "same"
	case CompatibilityAdditive:
		return "additive"
	case CompatibilityIncompatible:
		return "incompatible"
	default:
		return fmt.Sprintf("Compatibility(%d)", int(c))
	}
}

// CompareSchemas says whether a build with the current schema can read what was persisted under another one, and
// gives a reason for each difference, naming the key and the field. The reasons are for people and sorted by key:
// first those of signals, then those of session keys. There are none when the schemas are the same.
//
// New keys, new fields, wider numbers and a name for a type that had none are additive. A key or field that is gone,
// another kind or identity, a narrower number and another array length are incompatible. Pointers do not count.
// A nil persisted schema is additive, unless the current one has no keys either; a nil current one has no keys.
func CompareSchemas(persisted, current *Schema) (Compatibility, []string) {
	if current == nil {
		current = &Schema{Version: SchemaVersion}
	}
	c := new(comparison)
	switch {
	case persisted == nil && len(current.Signals)+len(current.SessionKeys) == 0:
	case persisted == nil:
		c.note(CompatibilityAdditive, "no schema recorded")
	case persisted.Version != current.Version:
		c.note(CompatibilityIncompatible, "schema version %q became %q", persisted.Version, current.Version)
	default:
		c.keys("signal", persisted.Signals, current.Signals)
		c.keys("session key", persisted.SessionKeys, current.SessionKeys)
	}
	return c.worst, c.reasons
}

// comparison collects differences.
type comparison struct {
	worst   Compatibility
	reasons []string
}

func (c *comparison) note(how Compatibility, format string, args ...any) {
	c.worst = max(c.worst, how)
	c.reasons = append(c.reasons, fmt.Sprintf(format, args...))
}

func (c *comparison) keys(what string, persisted, current map[string]*Shape) {
	both := maps.Clone(persisted)
	if both == nil {
		both = make(map[string]*Shape)
	}
	maps.Copy(both, current)
	for _, key := range slices.Sorted(maps.Keys(both)) {
		was, had := persisted[key]
		is, has := current[key]
		where := fmt.Sprintf("%s %q", what, key)
		switch {
		case !had:
			c.note(CompatibilityAdditive, "%s: new", where)
		case !has:
			c.note(CompatibilityIncompatible, "%s: removed", where)
		default:
			c.roots(where, was, is)
		}
	}
}
