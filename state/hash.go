package state

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/limpet-go/limpet/internal/cborx"
)

// hashDomain keeps the hash of a schema apart from any other use of SHA-256.
const hashDomain = "limpet schema 1\n"

// Hash returns the lower-case hex SHA-256 of the schema's deterministic encoding, 64 characters. It does not depend
// on the order of maps, the build or the machine. A nil schema has the hash of an empty one. A schema that cannot be
// encoded, which no schema made of ShapeOf's shapes is, has the hash "".
func (s *Schema) Hash() string {
	if s == nil {
		s = &Schema{}
	}
	data, err := cborx.Marshal(s)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(append([]byte(hashDomain), data...))
	return hex.EncodeToString(sum[:])
}
