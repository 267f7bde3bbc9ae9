package session

import (
	"context"
)

// SaveAll writes a batch in one critical section: no other call sees a part of it. Sessions with an invalid ID or
// too much data are left out, the others are written, and the error is a *NotSavedError that names those left
// out. Nothing is written when ctx has ended.
func (m *MemoryStore) SaveAll(ctx context.Context, sessions map[string]SessionData) error {
	if err := m.ready(ctx); err != nil {
		return batchError(sessions, err)
	}
	good, refused, cause := sortBatch(sessions, m.maxBytes)
	if err := m.saveBatch(good, sessions); err != nil {
		return err
	}
	if len(refused) > 0 {
		return &NotSavedError{SessionIDs: refused, Err: cause}
	}
	return nil
}

// SaveAllAtomic writes every session of a batch, or none when one of them has an invalid ID or too much data, or
// ctx has ended; the error is then a *NotSavedError that names them all.
func (m *MemoryStore) SaveAllAtomic(ctx context.Context, sessions map[string]SessionData) error {
	if err := m.ready(ctx); err != nil {
		return batchError(sessions, err)
	}
	good, _, cause := sortBatch(sessions, m.maxBytes)
	if cause != nil {
		return notSaved(sessions, cause)
	}
	return m.saveBatch(good, sessions)
}

// saveBatch writes the named sessions with every shard locked. Batches lock in shard order, so two of them cannot
// wait for each other; all other calls lock one shard.
func (m *MemoryStore) saveBatch(ids []string, sessions map[string]SessionData) error {
	if len(ids) == 0 {
		return nil
	}
	for i := range m.shards {
		m.shards[i].mu.Lock()
		defer m.shards[i].mu.Unlock()
	}
	for _, id := range ids {
		s := m.shard(id)
		if s.entries == nil {
			return ErrStoreClosed{}
		}
		now, deadline := m.clock(sessions[id].ExpiresAt)
		s.save(id, sessions[id].Data, now, deadline)
	}
	return nil
}

// batchError wraps the reason a batch was not tried; a closed store says just that.
func batchError(sessions map[string]SessionData, err error) error {
	if err == (ErrStoreClosed{}) || len(sessions) == 0 {
		return err
	}
	return notSaved(sessions, err)
}

var _ interface {
	SessionStore
	AtomicKVStore
} = (*MemoryStore)(nil)
