package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/limpet-go/limpet/internal/cborx"
)

// Limits of a serialized session in either version; 16 MiB is also that of a blob's payload.
const (
	maxSerializedBytes   = cborx.MaxBytes
	maxSerializedDepth   = cborx.MaxDepth
	maxSerializedEntries = cborx.MaxCount
)

// Errors of serialization name keys and never quote values: those are session data.
var (
	errUnknownVersion = errors.New(`key "version": not a version that this function reads`)
	errNotUTF8        = errors.New("not valid UTF-8")
)

// sessionField is a key of a serialized session and where its value goes.
type sessionField struct {
	key  string // its JSON name
	cbor int    // its CBOR key
	into any
}

func malformed(key string) error { return fmt.Errorf("key %q: value is malformed", key) }

// quoteKey returns a key for an error's text. Keys can be anything, so it quotes them and cuts long ones.
func quoteKey(key string) string {
	const most = 64
	if len(key) > most {
		return strconv.Quote(key[:most]) + "..."
	}
	return strconv.Quote(key)
}

func checkSize(size int) error {
	if size > maxSerializedBytes {
		return &SizeError{Size: size, Limit: maxSerializedBytes}
	}
	return nil
}

func checkIdentity(id, userID string) error {
	if id == "" {
		return errors.New(`key "id": empty`)
	}
	if err := checkText("id", id); err != nil {
		return err
	}
	return checkText("user_id", userID)
}

func checkTimes(createdAt, lastActive time.Time) error {
	if err := checkTime("created_at", createdAt); err != nil {
		return err
	}
	return checkTime("last_active", lastActive)
}

// checkTime refuses the years that RFC 3339 cannot write. at is in UTC.
func checkTime(key string, at time.Time) error {
	if y := at.Year(); y < 0 || y > 9999 {
		return fmt.Errorf("key %q: year is not in 0 to 9999", key)
	}
	return nil
}

func checkRoute(route string, params map[string]string) error {
	if err := checkText("route", route); err != nil {
		return err
	}
	if err := checkKeys("route_params", params); err != nil {
		return err
	}
	for name, value := range params {
		if !utf8.ValidString(value) {
			return fmt.Errorf("key %q: %s: %w", "route_params", quoteKey(name), errNotUTF8)
		}
	}
	return nil
}

func checkText(key, text string) error {
	if !utf8.ValidString(text) {
		return fmt.Errorf("key %q: %w", key, errNotUTF8)
	}
	return nil
}

// checkKeys checks the keys of a map, and how many there are.
func checkKeys[V any](key string, entries map[string]V) error {
	if len(entries) > maxSerializedEntries {
		return fmt.Errorf("key %q: more than %d entries", key, maxSerializedEntries)
	}
	for name := range entries {
		if !utf8.ValidString(name) {
			return fmt.Errorf("key %q: %s: %w", key, quoteKey(name), errNotUTF8)
		}
	}
	return nil
}

// checkJSONValues checks a map of JSON values. A nil value stands for null.
func checkJSONValues(key string, entries map[string]json.RawMessage, check func([]byte) error) error {
	if err := checkKeys(key, entries); err != nil {
		return err
	}
	for name, value := range entries {
		if value == nil {
			continue
		}
		if err := check(value); err != nil {
			return fmt.Errorf("key %q: %s: %w", key, quoteKey(name), err)
		}
	}
	return nil
}
