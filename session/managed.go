package session

import (
	"context"
	"time"
)

// ManagedSession describes one session to the Manager, and back. Values that go in and out are copies: changing
// one afterwards changes nothing in the manager.
type ManagedSession struct {
	// ID is the unique session identifier: 1 to 64 bytes of printable ASCII. It is a bearer secret.
	ID string

	// IP is the client's address for per-IP limiting. Addresses are compared in a normal form (see
	// ManagerConfig.IPv6Prefix); what is no address is compared as text, and an empty one is not limited.
	IP string

	// CreatedAt is when the session was created. Zero at Register means now.
	CreatedAt time.Time

	// LastActive is when the session was last accessed. The manager sets it.
	LastActive time.Time

	// DisconnectedAt is when the client disconnected (zero if connected). The manager sets it.
	DisconnectedAt time.Time

	// Data is the serialized state. Get gives it for detached sessions only. Given to Register or Attach, and
	// not nil, it is the newest state, to be saved like a snapshot.
	Data []byte

	// Connected says whether the client has a live socket. The manager sets it.
	Connected bool

	// UserID is the authenticated user, if any. An empty one is not limited.
	UserID string

	// Snapshot is optional: it returns the state of the connected session. The manager calls it from its own
	// goroutines, with a deadline, at the PersistInterval after MarkDirty, at takeover without OnTakeover, and
	// at Shutdown; Sync calls it in its caller's goroutine with its caller's context, so that a host can see that it
	// is on the session's own loop already. It is never called under a lock. The slice belongs to the manager
	// from then on. nil bytes without an error mean that nothing is newer than what the manager has.
	Snapshot func(ctx context.Context) ([]byte, error)

	// OnDurable is optional: it is called after the store acknowledged these very bytes of a snapshot, outside
	// locks, in order for one session, and not for a snapshot that a newer one superseded before it was
	// written. It must neither keep nor change data, nor wait for the
	// store (Sync, Shutdown), and return quickly.
	OnDurable func(data []byte)
}
