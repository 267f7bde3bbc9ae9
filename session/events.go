package session

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
)

// What the Manager writes to its logger: stable texts, listed with their attributes in docs/operations.md. A session is
// named by HashID, and never by its ID; an attribute never holds state.
const (
	eventStateRefused    = "session: state refused"
	eventStateLost       = "session: unsaved state given up"
	eventStateGone       = "session: state expired in the store and is not in memory"
	eventSnapshotFailed  = "session: snapshot failed, will be taken again"
	eventTakeoverFailed  = "session: snapshot at takeover failed, the last known state stands"
	eventLateDisconnect  = "session: late disconnect of an expired session ignored"
	eventUnknownSaved    = "session: disconnect of an unknown session saved"
	eventUnknownIgnored  = "session: disconnect of an unknown session ignored, there is no store"
	eventWriteFailed     = "session: store write failed, will be tried again"
	eventResumesRefused  = "session: resumes refused, too many wait for the store"
	eventShutdownUnsaved = "session: shutdown left sessions unsaved"
)

// What an SQLStore writes to slog.Default.
const (
	eventRowsNotDeleted = "session: expired rows not deleted"
	eventNarrowTable    = "session: the table has columns that cannot hold every session, which may be refused or cut off: run Migrate"
)

// HashID returns a short text that tells a session apart in logs and messages, and is of no use to anyone who reads it:
// the first 64 bits of a SHA-256 of the ID, in hexadecimal. It is the same on every node and in every release.
func HashID(sessionID string) string {
	sum := sha256.Sum256([]byte("limpet: log\x00" + sessionID))
	return hex.EncodeToString(sum[:8])
}

// warn logs an event of a session that went wrong.
func (m *Manager) warn(event, sessionID string, err error) {
	m.event(slog.LevelWarn, event, slog.String("session", HashID(sessionID)), slog.Any("error", err))
}

// event logs once the lock is given back.
func (m *Manager) event(level slog.Level, event string, attrs ...slog.Attr) {
	m.later(func() { m.log.LogAttrs(context.Background(), level, event, attrs...) })
}
