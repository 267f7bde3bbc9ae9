package session

import (
	"context"
	"hash/maphash"
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

// saveBatch writes the named sessions with the shards of all of them locked. Batches lock in shard order, so two of them
// cannot wait for each other; all other calls lock one shard.
func (m *MemoryStore) saveBatch(ids []string, sessions map[string]SessionData) error {
	for i, involved := range m.shardsOf(ids) {
		if s := &m.shards[i]; involved {
			s.mu.Lock()
			defer s.mu.Unlock()
			if !s.open {
				return ErrStoreClosed{}
			}
		}
	}
	for i, id := range ids {
		s, hash := m.shard(id)
		now, deadline := m.clock(sessions[id].ExpiresAt)
		if err := s.save(hash, id, sessions[id].Data, now, deadline); err != nil {
			return &NotSavedError{SessionIDs: ids[i:], Err: err}
		}
	}
	return nil
}

// shardsOf says which shards these sessions belong to.
func (m *MemoryStore) shardsOf(ids []string) (involved [memoryShards]bool) {
	for _, id := range ids {
		involved[maphash.String(m.seed, id)%memoryShards] = true
	}
	return involved
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
