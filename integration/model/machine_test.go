package model

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpet-go/limpet/session"
	"pgregory.net/rapid"
)

const window = 10 * time.Minute

// machine is a manager and the model of it.
type machine struct {
	t     *rapid.T
	cfg   session.ManagerConfig
	batch bool
	hook  bool // takeovers are the host's
	lossy bool // MaxUnsavedBytes is tiny
	disk  *disk
	node  *node
	mgr   *session.Manager

	mu       sync.Mutex
	sessions map[string]*sess
	slots    []int // the generation of each slot's session
	versions version
	clock    int // of accesses
	events   []event
	problems []string
	final    func(c *conn) // how a host ends a connection that is taken over

	evicted, expired, removed, takenOver, lost uint64
	spared                                     uint64 // losses seen that only the limit on unsaved bytes explains
}

// event is a hook that was called.
type event struct {
	evicted bool
	id      string
	at      time.Time
}

const slots = 6

// TestManager drives a manager and its model with random operations, faults, crashes and restarts under each policy.
func TestManager(t *testing.T) { check(t, false) }

// TestManagerThatLosesUnsavedBytes is the same with so tight a limit on unsaved bytes that an outage loses some.
func TestManagerThatLosesUnsavedBytes(t *testing.T) { check(t, true) }

// check runs the machine, each time in virtual time of its own.
func check(t *testing.T, lossy bool) {
	rapid.Check(t, func(t *rapid.T) {
		rapid.SyncTest(t, func(t *rapid.T) {
			m := newMachine(t, lossy)
			defer m.abandon()
			t.Repeat(m.actions())
		})
	})
}

func newMachine(t *rapid.T, lossy bool) *machine {
	m := &machine{t: t, disk: newDisk(), sessions: map[string]*sess{}, slots: make([]int, slots), lossy: lossy}
	m.cfg = session.ManagerConfig{
		ResumeWindow:        window,
		PersistInterval:     pick(t, "persist interval", 5*time.Second, 30*time.Second),
		CleanupInterval:     pick(t, "cleanup interval", 10*time.Second, time.Minute),
		EvictionPolicy:      pick(t, "policy", session.EvictionLRU, session.EvictionOldest, session.EvictionFair, session.EvictionRandom),
		MaxDetachedSessions: pick(t, "max detached", 2, 3, 100),
		MaxSessions:         pick(t, "max sessions", -1, 3, 4),
		MaxSessionsPerIP:    pick(t, "max per ip", -1, 2),
		MaxSessionsPerUser:  pick(t, "max per user", -1, 1, 2),
		MaxDetachedBytes:    pick[int64](t, "max detached bytes", -1, 120),
		MaxSessionBytes:     100,
		MaxUnsavedBytes:     -1,
	}
	m.batch = rapid.Bool().Draw(t, "batch store")
	m.hook = rapid.Bool().Draw(t, "takeover hook")
	if lossy {
		m.cfg.MaxUnsavedBytes = 700
	}
	m.start()
	return m
}

// start makes a manager on the disk.
func (m *machine) start() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.node = newNode(m.disk)
	m.evicted, m.expired, m.removed, m.takenOver, m.lost, m.spared = 0, 0, 0, 0, 0, 0
	var store session.SessionStore = m.node
	if m.batch {
		store = batchNode{m.node}
	}
	node, cfg := m.node, m.cfg
	cfg.OnEvict = func(id string) { m.happened(node, event{true, id, time.Now()}) }
	cfg.OnExpire = func(id string) { m.happened(node, event{false, id, time.Now()}) }
	if m.hook {
		cfg.OnTakeover = func(_ context.Context, id string) { m.overtaken(node, id) }
	}
	m.mgr = session.NewManager(store, cfg, nil)
}

// abandon ends the manager's process.
func (m *machine) abandon() {
	if m.node == nil {
		return
	}
	m.mu.Lock()
	m.disk.mu.Lock()
	close(m.node.crashed)
	m.disk.mu.Unlock()
	m.node = nil
	m.events = nil
	m.mu.Unlock()
	_ = m.mgr.Shutdown(context.Background()) // nothing of it reaches the disk
	synctest.Wait()
}

func (m *machine) happened(n *node, e event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n == m.node {
		m.events = append(m.events, e)
	}
}

// problem notes what went wrong in a hook. The machine is locked.
func (m *machine) problem(format string, args ...any) {
	m.problems = append(m.problems, fmt.Sprintf(format, args...))
}

// made returns a state that is newer than all others. One in eight is too large.
func (m *machine) made() (v version, size int) {
	m.versions++
	size = pick(m.t, "size", 10, 20, 50, 60, 70, 80, 90, 120)
	return m.versions, len(m.versions.bytes(size))
}

func pick[T any](t *rapid.T, label string, from ...T) T {
	return rapid.SampledFrom(from).Draw(t, label)
}

// any draws a session, mostly one of those that go on.
func (m *machine) any() *sess {
	slot := rapid.IntRange(0, slots-1).Draw(m.t, "slot")
	gen := m.slots[slot]
	if gen > 0 && rapid.IntRange(0, 7).Draw(m.t, "old") == 0 {
		gen--
	}
	id := fmt.Sprintf("%c%d", 'a'+slot, gen)
	if m.sessions[id] == nil {
		m.sessions[id] = &sess{id: id}
	}
	return m.sessions[id]
}

// fresh replaces a session whose life is over by a new one.
func (m *machine) fresh(s *sess) *sess {
	if s.alive(time.Now()) || s.removed.IsZero() && s.until.IsZero() {
		return s
	}
	slot := int(s.id[0] - 'a')
	m.slots[slot]++
	next := &sess{id: fmt.Sprintf("%c%d", 'a'+slot, m.slots[slot])}
	m.sessions[next.id] = next
	return next
}

// some draws a session that is in some state; the action is skipped when none is.
func (m *machine) some(label string, in func(s *sess) bool) *sess {
	var found []*sess
	for _, s := range m.all() {
		if in(s) {
			found = append(found, s)
		}
	}
	if len(found) == 0 {
		m.t.SkipNow()
	}
	return found[rapid.IntRange(0, len(found)-1).Draw(m.t, label)]
}

func (m *machine) all() []*sess {
	return slices.SortedFunc(maps.Values(m.sessions), func(a, b *sess) int { return cmp.Compare(a.id, b.id) })
}

func connected(s *sess) bool { return s.conn != nil && !s.conn.held }
func held(s *sess) bool      { return s.conn != nil && s.conn.held }

func (m *machine) actions() map[string]func(*rapid.T) {
	acts := map[string]func(){
		"attach": m.attach, "attach again": m.attach, "change": m.change, "change again": m.change,
		"connect": m.connect, "detach": m.detach, "detach again": m.detach, "disconnect": m.disconnect,
		"reconnect": m.reconnect, "release": m.release, "resume": m.resume, "resume again": m.resume,
		"remove": m.remove, "touch": m.touch, "sync": m.sync, "set user": m.setUser, "set ip": m.setIP,
		"overlap": m.overlap, "sleep": m.sleep, "sleep on": m.sleep, "weather": m.weather, "crash": m.crash, "restart": m.restart,
	}
	all := map[string]func(*rapid.T){"": func(t *rapid.T) { m.t = t; m.verify() }}
	for name, act := range acts {
		all[name] = func(t *rapid.T) {
			act := act
			if m.t = t; m.lossy && m.spared > 0 { // what is left is known again after a crash only
				act = m.crash
			}
			act()
			synctest.Wait()
		}
	}
	return all
}

func (m *machine) sleep() {
	time.Sleep(pick(m.t, "time", time.Millisecond, time.Second, 5*time.Second, 20*time.Second, 30*time.Second,
		time.Minute, window/3, window/2, window-time.Second, window))
}

func (m *machine) weather() {
	m.disk.set(pick(m.t, "mood", well, well, well, down, unheard, partly, hanging, unread),
		pick(m.t, "latency", 0, 0, 50*time.Millisecond, 400*time.Millisecond))
}
