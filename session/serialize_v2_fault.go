package session

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/limpet-go/limpet/internal/cborx"
)

// faultV2 says what is wrong with data that could not be decoded as a version 2 session. The decoder's own errors can
// quote values; these name keys only.
func faultV2(data []byte) error {
	if err := cborx.CheckPlain(data); err != nil {
		if key := keyOfBadForm(data); key != "" {
			return fmt.Errorf("key %q: %w", key, err)
		}
		return err
	}
	var raw map[uint64]cborx.RawMessage
	if err := cborx.UnmarshalPlain(data, &raw); err != nil {
		if key, twice := cborx.DuplicateKey(err); twice {
			return fmt.Errorf("key %v occurs twice", key)
		}
		return errors.New("not a map from small integers")
	}
	for _, f := range new(SerializableSessionV2).fields() {
		key := uint64(f.cbor)
		value, ok := raw[key]
		delete(raw, key)
		if !ok {
			continue
		}
		if err := cborx.UnmarshalPlain(value, f.into); err != nil {
			return faultOf(f.key, err)
		}
		if v, is := f.into.(*int); is && *v != CurrentSerializationVersion {
			return errUnknownVersion
		}
	}
	for key := range raw {
		return fmt.Errorf("key %d is unknown", key)
	}
	return errors.New("not a session")
}

// keyOfBadForm returns the session's key whose value is not well-formed or exceeds a limit, or "" if that cannot be
// told. It expects a map of fewer than 24 keys, as every session is.
func keyOfBadForm(data []byte) string {
	if len(data) == 0 || data[0] < 0xa0 || data[0] > 0xb7 {
		return ""
	}
	for rest := data[1:]; len(rest) > 0; {
		var key uint64
		var value cborx.RawMessage
		var err error
		if rest, err = cborx.FirstPlain(rest, &key); err != nil {
			return ""
		}
		if rest, err = cborx.FirstPlain(rest, &value); err != nil {
			return nameOfKey(key)
		}
	}
	return ""
}

func nameOfKey(number uint64) string {
	for _, f := range new(SerializableSessionV2).fields() {
		if uint64(f.cbor) == number {
			return f.key
		}
	}
	return strconv.FormatUint(number, 10)
}

// faultOf says what is wrong with the value of a key that could not be decoded.
func faultOf(key string, err error) error {
	if name, twice := cborx.DuplicateKey(err); twice {
		return fmt.Errorf("key %q: key %s occurs twice", key, quoteKey(fmt.Sprint(name)))
	}
	return malformed(key)
}

// fields returns the keys of a version 2 session and where they go, the version first.
func (ss *SerializableSessionV2) fields() []sessionField {
	return []sessionField{
		{cbor: 10, key: "version", into: &ss.Version},
		{cbor: 1, key: "id", into: &ss.ID},
		{cbor: 2, key: "user_id", into: &ss.UserID},
		{cbor: 3, key: "created_at", into: &ss.CreatedAt},
		{cbor: 4, key: "last_active", into: &ss.LastActive},
		{cbor: 5, key: "route", into: &ss.Route},
		{cbor: 6, key: "route_params", into: &ss.RouteParams},
		{cbor: 7, key: "signals", into: &ss.Signals},
		{cbor: 8, key: "session_keys", into: &ss.SessionKeys},
		{cbor: 9, key: "legacy_values", into: &ss.LegacyValues},
		{cbor: 11, key: "schema", into: &ss.Schema},
		{cbor: 12, key: "auth_hints", into: &ss.AuthHints},
	}
}
