package session

import (
	"bytes"
	"encoding/json"
	"maps"
)

// MigrateV1ToV2 turns a version 1 session into a version 2 one that holds all of it: Values become LegacyValues and
// each signal keeps its bytes, which are JSON. It has no schema, since version 1 recorded none. The result shares no
// memory with v1. nil gives nil.
func MigrateV1ToV2(v1 *SerializableSession) *SerializableSessionV2 {
	if v1 == nil {
		return nil
	}
	return &SerializableSessionV2{
		ID:           v1.ID,
		UserID:       v1.UserID,
		CreatedAt:    v1.CreatedAt,
		LastActive:   v1.LastActive,
		Route:        v1.Route,
		RouteParams:  maps.Clone(v1.RouteParams),
		Signals:      copyValues[[]byte](v1.Signals),
		LegacyValues: copyValues[json.RawMessage](v1.Values),
		Version:      CurrentSerializationVersion,
	}
}

// copyValues returns a deep copy of a map of JSON values. A nil map stays nil.
func copyValues[B ~[]byte](from map[string]json.RawMessage) map[string]B {
	if from == nil {
		return nil
	}
	to := make(map[string]B, len(from))
	for key, value := range from {
		to[key] = B(bytes.Clone(value))
	}
	return to
}
