package state

// SchemaVersion is the version of the way schemas describe types.
const SchemaVersion = "1.0"

// SchemaVersionID is SchemaVersion as a number, for the header of a blob.
const SchemaVersionID uint16 = 1

// Schema describes what a session persists: each key and the shape of the type behind it. A nil map is the same as
// an empty one.
type Schema struct {
	// Version is the SchemaVersion of the build that wrote it.
	Version string `cbor:"1,keyasint" json:"version"`

	// Signals holds the persisted signals by key.
	Signals map[string]*Shape `cbor:"2,keyasint,omitempty" json:"signals,omitempty"`

	// SessionKeys holds the typed session keys by name.
	SessionKeys map[string]*Shape `cbor:"3,keyasint,omitempty" json:"session_keys,omitempty"`
}
