package session_test

import (
	"context"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/state"
)

// This file and its neighbours pin the original API page, Vango's session API v0.2.1: they stop compiling when a
// signature changes, and fail when a default, tag, value or error text does.

var (
	_ func([]byte, string, uint16, []byte) ([]byte, error)              = session.EncodeBlob
	_ func([]byte, []byte, []byte) ([]byte, session.BlobHeader, error)  = session.DecodeBlob
	_ func(*session.SerializableSession) ([]byte, error)                = session.Serialize
	_ func(*session.SerializableSessionV2) ([]byte, error)              = session.SerializeV2
	_ func([]byte) (*session.SerializableSession, error)                = session.Deserialize
	_ func([]byte) (*session.SerializableSessionV2, error)              = session.DeserializeV2
	_ func(*session.SerializableSession) *session.SerializableSessionV2 = session.MigrateV1ToV2
	_ func() *session.SignalConfig                                      = session.NewSignalConfig
	_ func(session.ErrStoreClosed) string                               = session.ErrStoreClosed.Error
	_ func(session.SessionNotFoundError) string                         = session.SessionNotFoundError.Error
	_ func(interface{})                                                 = session.StoreOption(nil)
	_ error                                                             = session.ErrStoreClosed{}
	_ error                                                             = session.SessionNotFoundError{}
	_ uint                                                              = session.CurrentSerializationVersion // untyped
)

type storeMethods = interface {
	Save(ctx context.Context, sessionID string, data []byte, expiresAt time.Time) error
	Load(ctx context.Context, sessionID string) ([]byte, error)
	Delete(ctx context.Context, sessionID string) error
	Touch(ctx context.Context, sessionID string, expiresAt time.Time) error
	SaveAll(ctx context.Context, sessions map[string]session.SessionData) error
	Close() error
}

type atomicMethods = interface {
	SaveAllAtomic(ctx context.Context, sessions map[string]session.SessionData) error
}

// Interfaces that convert into each other have the same methods.
var (
	_ storeMethods          = session.SessionStore(nil)
	_ session.SessionStore  = storeMethods(nil)
	_ atomicMethods         = session.AtomicKVStore(nil)
	_ session.AtomicKVStore = atomicMethods(nil)
)

func TestAPIConstants(t *testing.T) {
	if session.CurrentSerializationVersion != 2 {
		t.Errorf("CurrentSerializationVersion = %d", session.CurrentSerializationVersion)
	}
}

func TestAPIErrorTexts(t *testing.T) {
	for want, err := range map[string]error{
		"too many sessions from this IP address": session.ErrTooManySessionsFromIP,
		"maximum session limit reached":          session.ErrMaxSessionsReached,
		"session has expired":                    session.ErrSessionExpired,
		"session not found":                      session.ErrSessionNotFound,
		"session manager is stopped":             session.ErrManagerStopped,
		"vango: invalid session blob":            session.ErrInvalidBlob,
		"vango: invalid session blob signature":  session.ErrInvalidSignature,
	} {
		if err.Error() != want {
			t.Errorf("text %q, want %q", err, want)
		}
	}
}

// apiField is a field of a struct on the page.
type apiField struct {
	name string
	typ  reflect.Type
	tag  reflect.StructTag
}

func field[T any](name string, tag reflect.StructTag) apiField {
	return apiField{name, reflect.TypeFor[T](), tag}
}

// checkStruct expects a struct to start with the fields of the page, and to have no others unless it may have more.
func checkStruct(t *testing.T, typ reflect.Type, mayHaveMore bool, want []apiField) {
	t.Helper()
	if typ.NumField() < len(want) || !mayHaveMore && typ.NumField() > len(want) {
		t.Errorf("%v has %d fields, the page %d", typ, typ.NumField(), len(want))
		return
	}
	for i, w := range want {
		f, ok := typ.FieldByName(w.name)
		if !ok {
			t.Errorf("%v has no field %s", typ, w.name)
			continue
		}
		if f.Type != w.typ || f.Tag != w.tag || !mayHaveMore && f.Index[0] != i {
			t.Errorf("%v.%s is number %d, %v with tag %q; want number %d, %v with tag %q",
				typ, w.name, f.Index[0], f.Type, f.Tag, i, w.typ, w.tag)
		}
	}
}

func TestAPIStructs(t *testing.T) {
	type (
		rawMap  = map[string]json.RawMessage
		byteMap = map[string][]byte
		textMap = map[string]string
	)
	for typ, want := range map[reflect.Type][]apiField{
		reflect.TypeFor[session.SerializableSession](): {
			field[string]("ID", `json:"id"`),
			field[string]("UserID", `json:"user_id,omitempty"`),
			field[time.Time]("CreatedAt", `json:"created_at"`),
			field[time.Time]("LastActive", `json:"last_active"`),
			field[rawMap]("Values", `json:"values,omitempty"`),
			field[rawMap]("Signals", `json:"signals,omitempty"`),
			field[string]("Route", `json:"route,omitempty"`),
			field[textMap]("RouteParams", `json:"route_params,omitempty"`),
			field[int]("Version", `json:"version"`),
		},
		reflect.TypeFor[session.SerializableSessionV2](): {
			field[string]("ID", `cbor:"1,keyasint" json:"id"`),
			field[string]("UserID", `cbor:"2,keyasint,omitempty" json:"user_id,omitempty"`),
			field[time.Time]("CreatedAt", `cbor:"3,keyasint" json:"created_at"`),
			field[time.Time]("LastActive", `cbor:"4,keyasint" json:"last_active"`),
			field[string]("Route", `cbor:"5,keyasint,omitempty" json:"route,omitempty"`),
			field[textMap]("RouteParams", `cbor:"6,keyasint,omitempty" json:"route_params,omitempty"`),
			field[byteMap]("Signals", `cbor:"7,keyasint,omitempty" json:"signals,omitempty"`),
			field[byteMap]("SessionKeys", `cbor:"8,keyasint,omitempty" json:"session_keys,omitempty"`),
			field[rawMap]("LegacyValues", `cbor:"9,keyasint,omitempty" json:"legacy_values,omitempty"`),
			field[int]("Version", `cbor:"10,keyasint" json:"version"`),
			field[*state.Schema]("Schema", `cbor:"11,keyasint,omitempty" json:"schema,omitempty"`),
			field[*session.AuthHintsV1]("AuthHints", `cbor:"12,keyasint,omitempty" json:"auth_hints,omitempty"`),
		},
		reflect.TypeFor[session.AuthHintsV1](): {
			field[bool]("HadAuth", `cbor:"1,keyasint,omitempty" json:"had_auth,omitempty"`),
			field[bool]("Presence", `cbor:"2,keyasint,omitempty" json:"presence,omitempty"`),
		},
		reflect.TypeFor[session.BlobHeader](): {
			field[uint8]("FormatVersion", ""),
			field[uint16]("SchemaVersion", ""),
			field[string]("SchemaHash", ""),
			field[int64]("TimestampMs", ""),
		},
		reflect.TypeFor[session.SessionData](): {
			field[[]byte]("Data", ""),
			field[time.Time]("ExpiresAt", ""),
		},
		reflect.TypeFor[session.SessionNotFoundError](): {
			field[string]("SessionID", ""),
		},
		reflect.TypeFor[session.ErrStoreClosed](): {},
		reflect.TypeFor[session.SignalConfig](): {
			field[bool]("Transient", ""),
			field[string]("PersistKey", ""),
		},
	} {
		checkStruct(t, typ, false, want)
	}
}

func TestAPIDefaultSignalConfig(t *testing.T) {
	if got := *session.NewSignalConfig(); got != (session.SignalConfig{}) {
		t.Errorf("NewSignalConfig = %+v", got)
	}
}
