package session

import (
	"context"
	"slices"
	"time"
)

// SetUser says whose session this is. See UserIndex for the contract.
func (m *MemoryStore) SetUser(ctx context.Context, sessionID, userID string, expiresAt time.Time) error {
	if err := m.ready(ctx); err != nil {
		return err
	}
	if !validID(sessionID) {
		return ErrInvalidSessionID
	}
	_, until := m.clock(expiresAt)
	u := &m.users
	u.mu.Lock()
	defer u.mu.Unlock()
	if !m.open.Load() {
		return ErrStoreClosed{}
	}
	u.set(sessionID, userID, until)
	return nil
}

// UserSessions lists the user's live sessions. See UserIndex for the contract.
func (m *MemoryStore) UserSessions(ctx context.Context, userID string) ([]SessionInfo, error) {
	ids, err := m.sessionsOf(ctx, userID)
	if err != nil {
		return nil, err
	}
	var live []SessionInfo
	for _, id := range ids {
		if err := m.ready(ctx); err != nil {
			return nil, err
		}
		if info := m.info(id); info.ID != "" {
			live = append(live, info)
		}
	}
	return live, m.ready(ctx)
}

// RevokeUser deletes the user's sessions. What the index says of one that was live holds for as long as that session
// would have lived, so that a repeat finds it. See UserIndex for the contract.
func (m *MemoryStore) RevokeUser(ctx context.Context, userID string) (sessionIDs []string, err error) {
	ids, err := m.sessionsOf(ctx, userID)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if err := m.ready(ctx); err != nil {
			return sessionIDs, err
		}
		if m.revoke(id, userID) {
			sessionIDs = append(sessionIDs, id)
		}
	}
	return sessionIDs, m.ready(ctx)
}

// sessionsOf returns the IDs that the index has for a user, each once, whether they have ended or not.
func (m *MemoryStore) sessionsOf(ctx context.Context, userID string) ([]string, error) {
	var ids []string
	for below := -1; below != 0; { // room for the IDs is made while no lock is held
		if err := m.ready(ctx); err != nil {
			return nil, err
		}
		ids, below = m.users.list(slices.Grow(ids, memoryStep), userID, below)
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// info describes a live session; it is zero for any other.
func (m *MemoryStore) info(id string) SessionInfo {
	s, hash := m.shard(id)
	s.mu.RLock()
	defer s.mu.RUnlock()
	t := time.Now()
	if r, ok := s.live(hash, id, t.Sub(m.base)); ok {
		return r.info(id, t, r.deadline()-t.Sub(m.base))
	}
	return SessionInfo{}
}

// revoke deletes a session if it is this user's, and reports whether the index held its ID.
func (m *MemoryStore) revoke(id, userID string) bool {
	u := &m.users
	s, hash := m.shard(id)
	u.mu.Lock()
	defer u.mu.Unlock()
	o := u.owners[id]
	if o == nil || o.user.id != userID {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Since(m.base)
	if h, r := s.find(hash, id); r != nil {
		if r.deadline() > o.until {
			o.until = r.deadline()
			u.lookAt(o, o.until)
		}
		s.remove(h, r)
	}
	return o.until > now
}

// sweepUsers looks at no more than most entries that may have ended, removes those that have, and reports whether
// more may be left. An entry whose session lives is looked at again when that ends.
func (m *MemoryStore) sweepUsers(most int) (more bool) {
	u := &m.users
	u.mu.Lock()
	defer u.mu.Unlock()
	for range most {
		now := time.Since(m.base)
		o := u.due(now)
		if o == nil {
			return false
		}
		if deadline := m.deadline(o.session); deadline > now {
			u.lookAt(o, deadline)
		} else {
			u.remove(o)
		}
	}
	return true
}

// deadline returns that of a session, or zero if it is missing.
func (m *MemoryStore) deadline(id string) time.Duration {
	s, hash := m.shard(id)
	s.mu.RLock()
	defer s.mu.RUnlock()
	if _, r := s.find(hash, id); r != nil {
		return r.deadline()
	}
	return 0
}

var _ UserIndex = (*MemoryStore)(nil)
