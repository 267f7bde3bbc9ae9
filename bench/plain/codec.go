package plain

import (
	"encoding/json"

	"github.com/limpet-go/limpet/session"
)

// Encode returns a session as encoding/json writes it, with no check of any kind.
func Encode(s *session.SerializableSession) ([]byte, error) { return json.Marshal(s) }

// Decode reads what Encode wrote, with no check of any kind.
func Decode(data []byte) (*session.SerializableSession, error) {
	s := new(session.SerializableSession)
	return s, json.Unmarshal(data, s)
}
