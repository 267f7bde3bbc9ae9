// Package state describes the types that a session persists, so that a deploy can be checked against sessions that
// an older build wrote.
//
// A Schema holds the Shape of each key. ShapeOf describes a Go type, Schema.Hash tells two schemas apart cheaply, and
// CompareSchemas says whether a build can read what another wrote, and why not.
//
// A type keeps its identity across a rename with a method
//
//	func (Theme) SchemaID() string { return "shop.Theme" }
//
// on the type or on its pointer.
//
// # Concurrency
//
// Schemas and shapes are plain values: any number of goroutines may read one, as long as none changes it. Shapes may
// be shared by several schemas.
//
// # Not promised
//
// A schema describes how values are written, not what they mean: a field that keeps its name and type but counts
// cents instead of euros is the same schema.
package state
