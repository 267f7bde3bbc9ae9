package session

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	"github.com/limpet-go/limpet/internal/cborx"
	"github.com/limpet-go/limpet/state"
)

// AuthHintsV1 says whether a session was logged in, so that a resume knows to ask. It proves nothing and names
// nobody.
type AuthHintsV1 struct {
	// HadAuth says that somebody was logged in.
	HadAuth bool `cbor:"1,keyasint,omitempty" json:"had_auth,omitempty"`

	// Presence says that the session was shown as present to others.
	Presence bool `cbor:"2,keyasint,omitempty" json:"presence,omitempty"`
}

// SerializableSessionV2 is version 2 of a persisted session, written as CBOR with integer keys.
type SerializableSessionV2 struct {
	// ID is the session's ID, not empty.
	ID string `cbor:"1,keyasint" json:"id"`

	// UserID is the user who is logged in, if any.
	UserID string `cbor:"2,keyasint,omitempty" json:"user_id,omitempty"`

	// CreatedAt and LastActive are kept to the nanosecond, in UTC, in the years 0 to 9999.
	CreatedAt  time.Time `cbor:"3,keyasint" json:"created_at"`
	LastActive time.Time `cbor:"4,keyasint" json:"last_active"`

	// Route is the page that was shown, and RouteParams its parameters.
	Route       string            `cbor:"5,keyasint,omitempty" json:"route,omitempty"`
	RouteParams map[string]string `cbor:"6,keyasint,omitempty" json:"route_params,omitempty"`

	// Signals and SessionKeys hold persisted values by key, each in the encoding of whoever wrote it.
	Signals     map[string][]byte `cbor:"7,keyasint,omitempty" json:"signals,omitempty"`
	SessionKeys map[string][]byte `cbor:"8,keyasint,omitempty" json:"session_keys,omitempty"`

	// LegacyValues holds the loose values of a session that was written in version 1, as JSON text.
	//
	// Deprecated: it is read, and carried along; new state belongs in SessionKeys and AuthHints.
	LegacyValues map[string]json.RawMessage `cbor:"9,keyasint,omitempty" json:"legacy_values,omitempty"`

	// Version is 2 in every serialized session. SerializeV2 writes it whatever the struct says.
	Version int `cbor:"10,keyasint" json:"version"`

	// Schema describes Signals and SessionKeys as the writer declared them.
	Schema *state.Schema `cbor:"11,keyasint,omitempty" json:"schema,omitempty"`

	// AuthHints says whether a login should be asked for again.
	AuthHints *AuthHintsV1 `cbor:"12,keyasint,omitempty" json:"auth_hints,omitempty"`
}

// SerializeV2 returns a session in version 2, CBOR in its deterministic encoding: equal sessions give equal bytes. It
// changes nothing in ss and keeps nothing of it; the caller owns the slice. It fails on what DeserializeV2 would
// refuse, and on nil, naming the key at fault and never its value. An empty map is not written.
func SerializeV2(ss *SerializableSessionV2) ([]byte, error) {
	if ss == nil {
		return nil, errNilSession
	}
	out := *ss
	out.Version = CurrentSerializationVersion
	out.CreatedAt, out.LastActive = ss.CreatedAt.UTC(), ss.LastActive.UTC()
	if err := out.check(); err != nil {
		return nil, fmt.Errorf("session: serialize: %w", err)
	}
	data, err := cborx.Marshal(&out)
	if err == nil {
		err = checkSize(len(data))
	}
	if err != nil {
		return nil, fmt.Errorf("session: serialize: %w", err)
	}
	return data, nil
}

// DeserializeV2 decodes a session of version 2. It refuses, naming the key at fault and never its value: more than
// 16 MiB, another version, an empty ID, keys it does not know, keys that occur twice in a map, anything after the
// map, invalid UTF-8, tags, indefinite lengths, more than 128 levels, more than 131072 entries in a map or array,
// times in years other than 0 to 9999, legacy values that are not JSON and a schema that is over 1 MiB or not valid.
// A missing time is the zero time. The result keeps nothing of data.
func DeserializeV2(data []byte) (*SerializableSessionV2, error) {
	ss := new(SerializableSessionV2)
	if err := ss.decode(data); err != nil {
		return nil, fmt.Errorf("session: deserialize: %w", err)
	}
	return ss, nil
}

func (ss *SerializableSessionV2) decode(data []byte) error {
	if err := checkSize(len(data)); err != nil {
		return err
	}
	if err := cborx.UnmarshalPlain(data, ss); err != nil {
		return faultV2(data)
	}
	if ss.Version != CurrentSerializationVersion {
		return errUnknownVersion
	}
	ss.CreatedAt, ss.LastActive = ss.CreatedAt.UTC(), ss.LastActive.UTC()
	return ss.check()
}

// check reports what no version 2 session may hold.
func (ss *SerializableSessionV2) check() error {
	return cmp.Or(
		checkIdentity(ss.ID, ss.UserID),
		checkTimes(ss.CreatedAt, ss.LastActive),
		checkRoute(ss.Route, ss.RouteParams),
		checkKeys("signals", ss.Signals),
		checkKeys("session_keys", ss.SessionKeys),
		checkJSONValues("legacy_values", ss.LegacyValues, checkJSON),
		checkSchema(ss.Schema),
	)
}

func checkSchema(schema *state.Schema) error {
	if err := schema.Validate(); err != nil {
		return fmt.Errorf("key %q: %w", "schema", err)
	}
	return nil
}
