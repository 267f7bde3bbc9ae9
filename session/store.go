package session

import (
	"context"
	"time"
)

// SessionStore keeps session bytes outside the process's own records.
//
// Every store obeys one contract, which package storetest checks:
//
//   - A session ID is 1 to 64 bytes of printable ASCII (0x21 to 0x7e), compared byte for byte. Anything else
//     names no session: Load, Touch and Delete treat it as missing and saving it is ErrInvalidSessionID,
//     without any I/O.
//   - Data is copied in and out: the caller keeps its slice and owns the slice it gets. nil and empty data both
//     load as empty, non-nil bytes. Data over the store's limit (1 MiB unless set otherwise) is a *SizeError,
//     which matches ErrSessionTooLarge.
//   - expiresAt is turned into a remaining duration and added to the one clock that decides expiry for this
//     store. It has millisecond precision; the zero time is in the past. A session is missing from the instant
//     it expires, whether or not its bytes were swept yet.
//   - Contexts are honoured, and a store brings a deadline for callers that have none.
//   - After Close every call, an empty batch too, is ErrStoreClosed.
//
// Implementations must be safe for concurrent use. Nobody retries a failed call on the caller's behalf unless
// the method says so.
type SessionStore interface {
	// Save writes data under sessionID until expiresAt, in place of what was there. A past expiresAt leaves no
	// record.
	Save(ctx context.Context, sessionID string, data []byte, expiresAt time.Time) error

	// Load returns the data of a live session. It is (nil, nil) when the session is missing or has expired, and
	// an error only when the store could not say.
	Load(ctx context.Context, sessionID string) ([]byte, error)

	// Delete removes a session. Deleting a missing one is not an error.
	Delete(ctx context.Context, sessionID string) error

	// Touch moves the expiry of a live session. It never creates a session and never revives an expired one;
	// touching a missing one is not an error.
	Touch(ctx context.Context, sessionID string, expiresAt time.Time) error

	// SaveAll writes a batch. It is not atomic: it splits the work into bounded batches in ID order and retries
	// what is safe to retry. Its error carries a *NotSavedError that names what was not written. The map is the
	// caller's again when it returned.
	SaveAll(ctx context.Context, sessions map[string]SessionData) error

	// Close stops and waits for the store's goroutines. It closes the database or client only if the store
	// opened it. It is idempotent.
	Close() error
}

// SessionData is one entry of a batch.
type SessionData struct {
	// Data is the serialized session. SaveAll does not keep it after it returned.
	Data []byte

	// ExpiresAt is the instant from which the session is missing.
	ExpiresAt time.Time
}

// AtomicKVStore is the optional capability to write a batch all or nothing. Find it with As.
type AtomicKVStore interface {
	// SaveAllAtomic writes every entry or none. Constraints of the backend, such as the one hash slot of a
	// Redis Cluster, are the caller's to meet; a batch that breaks them is refused whole.
	SaveAllAtomic(ctx context.Context, sessions map[string]SessionData) error
}

// StoreOption is an option understood by more than one kind of store. A store ignores an option value of a
// type it does not know.
type StoreOption func(interface{})

// As finds the first store in a chain of wrappers that implements T, as errors.As does for errors. A wrapper
// names what it wraps with an Unwrap method that returns a SessionStore. Whoever uses what is found goes past the
// wrapper: one that changes IDs or data, or keeps some itself, implements the capabilities or has no Unwrap. The Manager
// goes past none.
func As[T any](store SessionStore) (T, bool) {
	for store != nil {
		if t, ok := store.(T); ok {
			return t, true
		}
		w, ok := store.(interface{ Unwrap() SessionStore })
		if !ok {
			break
		}
		store = w.Unwrap()
	}
	var zero T
	return zero, false
}
