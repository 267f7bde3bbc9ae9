package session

import "context"

// Ping says whether the store is open; the sessions are in this process.
func (m *MemoryStore) Ping(ctx context.Context) error { return m.ready(ctx) }

var _ Pinger = (*MemoryStore)(nil)
