package live

import (
	"crypto/rand"
	"crypto/sha256"
)

const tabBytes = 16

// newTabPart mints the part of a session's identity that one tab holds.
func newTabPart() string {
	part := make([]byte, tabBytes)
	_, _ = rand.Read(part) // never fails: the runtime ends the process first
	return base64url.EncodeToString(part)
}

// validTabPart reports whether text has the form of a minted part. Only a session that exists says that it was
// minted: one that does not is never adopted.
func validTabPart(text string) bool {
	part, err := base64url.DecodeString(text)
	return err == nil && len(part) == tabBytes
}

// sessionID names the session of a tab in a browser. Knowing one of the two parts, or a hundred IDs of the same
// browser, does not help to find it.
func sessionID(browser []byte, tabPart string) string {
	h := sha256.New()
	h.Write([]byte("limpet live: session\x00"))
	h.Write(browser)
	h.Write([]byte(tabPart))
	return base64url.EncodeToString(h.Sum(nil))
}
