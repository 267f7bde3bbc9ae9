package session

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// CurrentSerializationVersion is the version that SerializeV2 writes. Deserialize reads version 1 and DeserializeV2
// version 2; both refuse any other.
const CurrentSerializationVersion = 2

const legacySerializationVersion = 1

// SerializableSession is version 1 of a persisted session, written as JSON.
type SerializableSession struct {
	// ID is the session's ID, not empty.
	ID string `json:"id"`

	// UserID is the user who is logged in, if any.
	UserID string `json:"user_id,omitempty"`

	// CreatedAt and LastActive are kept to the nanosecond, in UTC, in the years 0 to 9999.
	CreatedAt  time.Time `json:"created_at"`
	LastActive time.Time `json:"last_active"`

	// Values holds loose session values by key.
	Values map[string]json.RawMessage `json:"values,omitempty"`

	// Signals holds the persisted signals by key.
	Signals map[string]json.RawMessage `json:"signals,omitempty"`

	// Route is the page that was shown, and RouteParams its parameters.
	Route       string            `json:"route,omitempty"`
	RouteParams map[string]string `json:"route_params,omitempty"`

	// Version is 1 in every serialized session. Serialize writes it whatever the struct says.
	Version int `json:"version"`
}

var errNilSession = errors.New("session: serialize: session is nil")

// Serialize returns a session in version 1, JSON. It changes nothing in ss and keeps nothing of it; the caller owns
// the slice. It fails on what Deserialize would refuse, and on nil, naming the key at fault and never its value.
func Serialize(ss *SerializableSession) ([]byte, error) {
	if ss == nil {
		return nil, errNilSession
	}
	out := *ss
	out.Version = legacySerializationVersion
	out.CreatedAt, out.LastActive = ss.CreatedAt.UTC(), ss.LastActive.UTC()
	if err := out.check(); err != nil {
		return nil, fmt.Errorf("session: serialize: %w", err)
	}
	data, err := json.Marshal(&out)
	if err == nil {
		err = checkJSON(data)
	}
	if err != nil {
		return nil, fmt.Errorf("session: serialize: %w", err)
	}
	return data, nil
}

// Deserialize decodes a session of version 1. It refuses, naming the key at fault and never its value: more than
// 16 MiB, another version, an empty ID, keys it does not know, keys that occur twice in an object, anything after the
// object, invalid UTF-8, escapes of half a character, more than 128 levels, more than 131072 entries in an object or
// array, and times in years other than 0 to 9999. Key names must match exactly. A missing time is the zero time.
// The result keeps nothing of data.
func Deserialize(data []byte) (*SerializableSession, error) {
	ss := new(SerializableSession)
	if err := ss.decode(data); err != nil {
		return nil, fmt.Errorf("session: deserialize: %w", err)
	}
	return ss, nil
}

func (ss *SerializableSession) decode(data []byte) error {
	if err := checkJSON(data); err != nil {
		return err
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return errors.New("not a JSON object")
	}
	for _, f := range ss.fields() {
		value, ok := raw[f.key]
		delete(raw, f.key)
		if ok && json.Unmarshal(value, f.into) != nil {
			return malformed(f.key)
		}
		if f.into == any(&ss.Version) && ss.Version != legacySerializationVersion {
			return errUnknownVersion
		}
	}
	for key := range raw {
		return fmt.Errorf("key %s is unknown", quoteKey(key))
	}
	ss.CreatedAt, ss.LastActive = ss.CreatedAt.UTC(), ss.LastActive.UTC()
	return ss.check()
}

// fields returns the keys of a version 1 session and where they go. The version comes first, since it says whether
// the others mean anything.
func (ss *SerializableSession) fields() []sessionField {
	return []sessionField{
		{key: "version", into: &ss.Version},
		{key: "id", into: &ss.ID},
		{key: "user_id", into: &ss.UserID},
		{key: "created_at", into: &ss.CreatedAt},
		{key: "last_active", into: &ss.LastActive},
		{key: "values", into: &ss.Values},
		{key: "signals", into: &ss.Signals},
		{key: "route", into: &ss.Route},
		{key: "route_params", into: &ss.RouteParams},
	}
}

// check reports what no version 1 session may hold, but for what can be seen in its bytes only.
func (ss *SerializableSession) check() error {
	return cmp.Or(
		checkIdentity(ss.ID, ss.UserID),
		checkTimes(ss.CreatedAt, ss.LastActive),
		checkRoute(ss.Route, ss.RouteParams),
		checkJSONValues("values", ss.Values, checkJSONForm),
		checkJSONValues("signals", ss.Signals, checkJSONForm),
	)
}
