package session

import (
	"hash/maphash"
	"log/slog"
	"time"

	"github.com/limpet-go/limpet/internal/evict"
	"github.com/limpet-go/limpet/internal/expiry"
	"github.com/limpet-go/limpet/internal/persist"
)

// Manager keeps the sessions of one process: who is connected, who may come back and until when, and what of
// their state is not in the store yet.
//
// Its methods are safe for use by many goroutines. None of them waits for the store, except Resume and
// OnReconnect of a session that only the store has, Sync and Shutdown. Hooks and the functions of a
// ManagedSession are called outside locks and may call the manager.
type Manager struct {
	cfg   ManagerConfig
	store SessionStore
	pipe  *persist.Pipeline // nil without a store
	log   *slog.Logger
	start time.Time // all instants inside are nanoseconds since then, on the monotonic clock
	seed  maphash.Seed

	shutting chan struct{} // holds a token while a Shutdown runs

	mu       clockedMutex
	phase    phase
	records  table
	limits   limits
	detached evict.Queue[record]
	bytes    int64                        // of detached sessions
	windows  expiry.Line[record, *record] // sessions by the end of their window
	shots    shots                        // snapshots to take
	keeps    keepalives                   // connected sessions by when their expiry in the store must be moved
	graves   graveyard
	reserved reservations
	loads    loads // of what only the store has
	clock    wakeup
	events   []func() // to be run after the lock is given back
	counts   counters
	lost     failures          // given up during a Shutdown
	lostSeq  map[string]uint64 // by which write
}

// phase is how far the manager's life went.
type phase uint8

const (
	running  phase = iota
	stopping       // a Shutdown began, and did not succeed so far
	stopped
)

// counters only grow.
type counters struct{ evicted, expired, removed, takenOver, lost uint64 }

// NewManager makes a manager. Without a store (nil) sessions live in memory only, and an evicted one is gone;
// without a logger (nil) nothing is logged. The store stays the caller's to close, after Shutdown. A manager has no
// goroutine of its own while it has nothing to do.
func NewManager(store SessionStore, config ManagerConfig, logger *slog.Logger) *Manager {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	m := &Manager{
		cfg:      config.withDefaults(),
		store:    store,
		log:      logger,
		start:    time.Now(),
		seed:     maphash.MakeSeed(),
		shutting: make(chan struct{}, 1),
		records:  newTable(),
		graves:   newGraveyard(),
		reserved: newReservations(),
		lost:     failures{},
		lostSeq:  map[string]uint64{},
	}
	m.limits = newLimits(m.cfg.IPv6Prefix, m.cfg.MaxSessionsPerIP >= 0)
	m.detached = m.newEvictionQueue()
	m.loads = newLoads(store, m.cfg)
	if store != nil {
		m.pipe = m.newPipeline()
	}
	return m
}

// hash tells one state from another.
func (m *Manager) hash(data []byte) uint64 { return maphash.Bytes(m.seed, data) }

// later runs a hook, or writes to the log, once the lock is given back.
func (m *Manager) later(f func()) { m.events = append(m.events, f) }

// unlock gives the lock back and runs what was put off meanwhile.
func (m *Manager) unlock() {
	events := m.events
	m.events = nil
	m.mu.Unlock()
	for _, f := range events {
		f()
	}
}

// Get returns a copy of a session in memory, or nil. Data is set for detached sessions only, and is nil when only
// the store has it.
func (m *Manager) Get(sessionID string) *ManagedSession {
	found, ok := m.look(sessionID)
	if !ok {
		return nil
	}
	sess := found.session(sessionID)
	return &sess
}

func (m *Manager) look(id string) (view, bool) {
	m.mu.Lock()
	defer m.unlock()
	if rec := m.live(id, m.now()); rec != nil {
		return m.view(rec), true
	}
	return view{}, false
}

// Touch notes that a session was accessed. It does not move the end of a detached session's window.
func (m *Manager) Touch(sessionID string) {
	m.mu.Lock()
	defer m.unlock()
	now := m.now()
	if rec := m.live(sessionID, now); rec != nil {
		rec.lastActive = now
		m.detached.Touch(rec)
	}
}

// CheckIPLimit is ErrTooManySessionsFromIP when ip holds as many connected sessions as it may. Register checks
// again: another connection may come in between.
func (m *Manager) CheckIPLimit(ip string) error {
	at := parseAddress(ip)
	m.mu.Lock()
	defer m.unlock()
	if m.phase != running {
		return ErrManagerStopped
	}
	return m.checkIP(at)
}
