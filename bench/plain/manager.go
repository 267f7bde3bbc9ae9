package plain

import (
	"bytes"
	"container/list"
	"context"
	"sync"
	"time"

	"github.com/limpet-go/limpet/session"
)

// saveTimeout is how long a save may take before it is given up.
const saveTimeout = 5 * time.Second

// Config configures a Manager.
type Config struct {
	// MaxDetached is how many detached sessions stay in memory; negative means no limit.
	MaxDetached int

	// Window is how long a detached session may be resumed.
	Window time.Duration

	// Policy says which detached session is evicted; EvictionFair counts as EvictionLRU.
	Policy session.EvictionPolicy
}

// Manager keeps sessions under one lock, which it holds while it talks to the store, except that each disconnect
// saves in a goroutine of its own. It counts for Stats and sorts to evict. It counts the sessions of an address, but
// limits nothing.
type Manager struct {
	mu       sync.Mutex
	store    session.SessionStore
	cfg      Config
	sessions map[string]*managed
	perIP    map[string]int // connected sessions
	lru      *list.List     // of *managed, the detached ones, the one to evict first in front
	saves    sync.WaitGroup
	failed   int // saves
}

type managed struct {
	session.ManagedSession
	place *list.Element // nil while connected
}

// NewManager returns a manager on a store.
func NewManager(store session.SessionStore, cfg Config) *Manager {
	return &Manager{store: store, cfg: cfg, sessions: map[string]*managed{}, perIP: map[string]int{}, lru: list.New()}
}

// Register connects a session.
func (m *Manager) Register(sess *session.ManagedSession) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s := m.sessions[sess.ID]; s != nil && s.Connected {
		return session.ErrSessionConnected
	}
	s := &managed{ManagedSession: *sess}
	s.Connected, s.LastActive = true, time.Now()
	m.sessions[s.ID] = s
	m.perIP[s.IP]++
	return nil
}

// OnDisconnect detaches a session, starts saving it, and evicts others if there are too many.
func (m *Manager) OnDisconnect(id string, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.sessions[id]
	if s == nil || !s.Connected {
		return
	}
	s.Connected, s.DisconnectedAt, s.Data = false, time.Now(), bytes.Clone(data)
	s.place = m.lru.PushBack(s)
	if m.perIP[s.IP]--; m.perIP[s.IP] == 0 {
		delete(m.perIP, s.IP)
	}
	m.saves.Add(1)
	go m.save(id, s.Data, s.DisconnectedAt.Add(m.cfg.Window))
	for m.cfg.MaxDetached >= 0 && m.lru.Len() > m.cfg.MaxDetached {
		m.evict()
	}
}

// save writes one session, and gives up after a while.
func (m *Manager) save(id string, data []byte, expires time.Time) {
	defer m.saves.Done()
	ctx, cancel := context.WithTimeout(context.Background(), saveTimeout)
	defer cancel()
	if err := m.store.Save(ctx, id, data, expires); err != nil {
		m.mu.Lock()
		m.failed++
		m.mu.Unlock()
	}
}

// OnReconnect connects a detached session, from the store if it is not here.
func (m *Manager) OnReconnect(id string) (*session.ManagedSession, []byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.sessions[id]
	if s == nil {
		data, err := m.store.Load(context.Background(), id)
		if err == nil && data == nil {
			err = session.ErrSessionNotFound
		}
		return nil, data, err
	}
	if s.Connected {
		return nil, nil, session.ErrSessionConnected
	}
	if time.Since(s.DisconnectedAt) > m.cfg.Window {
		m.drop(s)
		return nil, nil, session.ErrSessionExpired
	}
	m.lru.Remove(s.place)
	s.place, s.Connected, s.LastActive = nil, true, time.Now()
	m.perIP[s.IP]++
	data := bytes.Clone(s.Data)
	sess := s.ManagedSession
	return &sess, data, nil
}

// Touch notes that a session was accessed.
func (m *Manager) Touch(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s := m.sessions[id]; s != nil {
		s.LastActive = time.Now()
	}
}

// Cleanup drops the sessions whose window ended, here and in the store.
func (m *Manager) Cleanup() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.sessions {
		if !s.Connected && time.Since(s.DisconnectedAt) > m.cfg.Window {
			m.drop(s)
			_ = m.store.Delete(context.Background(), s.ID) // it expires there, too
		}
	}
}

// Stats counts.
func (m *Manager) Stats() session.ManagerStats {
	m.mu.Lock()
	defer m.mu.Unlock()
	st := session.ManagerStats{Total: len(m.sessions)}
	ips := map[string]bool{}
	for _, s := range m.sessions {
		if s.Connected {
			st.Connected++
		} else {
			st.Detached++
		}
		ips[s.IP] = true
	}
	st.UniqueIPs = len(ips)
	return st
}

// Wait returns when every save that was started has ended.
func (m *Manager) Wait() { m.saves.Wait() }

// Shutdown waits for the saves that were started.
func (m *Manager) Shutdown(context.Context) error {
	m.Wait()
	return nil
}

// Failed returns how many saves were given up.
func (m *Manager) Failed() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.failed
}

// drop forgets a detached session. The lock is held.
func (m *Manager) drop(s *managed) {
	m.lru.Remove(s.place)
	delete(m.sessions, s.ID)
}
