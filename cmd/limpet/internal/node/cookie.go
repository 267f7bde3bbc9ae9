package node

import (
	"crypto/sha256"
	"encoding/hex"
)

// CookieName is the demo's cookie: one for each key. Browsers send a host's cookies to all of its ports, so under
// one name two demos on one machine would replace each other's, and their tabs would lose their sessions.
func CookieName(key []byte) string {
	sum := sha256.Sum256(append([]byte("limpet demo: cookie name\x00"), key...))
	return "limpet-" + hex.EncodeToString(sum[:4])
}
