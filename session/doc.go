// Package session keeps live web sessions attached: the server-side state of browser tabs whose sockets drop and
// whose servers are deployed and killed.
//
// A Manager knows the sessions of one process: which are connected, which wait to be resumed, which were removed.
// A SessionStore keeps their bytes outside the process. Serialize and SerializeV2 turn a session into bytes, and
// EncodeBlob or a Keyring signs or seals them:
//
//	store := session.NewMemoryStore()
//	manager := session.NewManager(store, session.DefaultManagerConfig(), slog.Default())
//	defer manager.Shutdown(ctx)
//
//	err := manager.Register(&session.ManagedSession{ID: id, IP: ip})
//	manager.OnDisconnect(id, data)                   // the socket dropped: the bytes are saved, the session waits
//	sess, data, err := manager.OnReconnect(id)       // it is back, here or after a restart
//
// Most applications do not call this package: package live does, for the pages it hosts.
//
// # Concurrency
//
// Manager, Keyring and every store are safe for concurrent use. No method of Manager waits for the store, but for
// those that say so: OnReconnect and Resume of a session that is not in this process, Sync, and Shutdown.
//
// # Durability
//
// Bytes are durable once the store acknowledged them; what a store's acknowledgement is worth is the store's to
// say. The promises, and what is not promised, are in docs/guarantees.md.
//
// # Security
//
// A session ID is a bearer secret. It is never part of a log line or of an error's text; where an error carries
// IDs for the program, its field says so. Bytes from a store are not to be trusted before a blob's signature was
// checked, and decoding is bounded even then.
package session
