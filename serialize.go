package limpet

import (
	"errors"

	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/state"
)

// ErrWrongSession says that serialized bytes belong to another session.
var ErrWrongSession = errors.New("limpet: these bytes belong to another session")

// Serialize returns the session's persisted state in the present format, session.SerializeV2. Values that were
// restored and that no declaration claimed are written as they were read, so that a build that knows them gets
// them back. Call it on the session's loop.
func (s *Session) Serialize() ([]byte, error) {
	signals, err := s.signals.encode()
	if err != nil {
		return nil, err
	}
	keys, err := s.keys.encode()
	if err != nil {
		return nil, err
	}
	return session.SerializeV2(&session.SerializableSessionV2{
		ID:          s.id,
		UserID:      s.userID,
		CreatedAt:   s.createdAt,
		LastActive:  s.lastActive,
		Route:       s.route,
		RouteParams: s.params,
		Signals:     signals,
		SessionKeys: keys,
		Schema:      s.Schema(),
		AuthHints:   s.authHints,
	})
}

// Deserialize replaces the session's persisted state by the one in data, of either format. Signals and keys that
// were declared already take their new values, or their initial ones when data has none; others wait for their
// declaration. On an error the session is as it was. data must be of the session's own ID, else the error is
// ErrWrongSession. Call it on the session's loop.
func (s *Session) Deserialize(data []byte) error {
	stored, err := decode(data)
	if err != nil {
		return err
	}
	if stored.ID != s.id {
		return ErrWrongSession
	}
	schema := stored.Schema
	if schema == nil {
		schema = &state.Schema{}
	}
	putSignals, err := s.signals.restore(stored.Signals, schema.Signals)
	if err != nil {
		return err
	}
	putKeys, err := s.keys.restore(stored.SessionKeys, schema.SessionKeys)
	if err != nil {
		return err
	}
	putSignals()
	putKeys()
	s.userID, s.authHints = stored.UserID, stored.AuthHints
	s.createdAt, s.lastActive = stored.CreatedAt, stored.LastActive
	s.SetRoute(stored.Route, stored.RouteParams)
	return nil
}

// decode reads either format and returns the present one, its values all in CBOR.
func decode(data []byte) (*session.SerializableSessionV2, error) {
	if len(data) == 0 || data[0] != '{' { // '{' starts the JSON of version 1 and never the CBOR map of version 2
		s, err := session.DeserializeV2(data)
		if err != nil {
			return nil, err
		}
		return s, adoptLegacyValues(s)
	}
	v1, err := session.Deserialize(data)
	if err != nil {
		return nil, err
	}
	s := session.MigrateV1ToV2(v1)
	if err := embedAll(s.Signals); err != nil {
		return nil, err
	}
	return s, adoptLegacyValues(s)
}
