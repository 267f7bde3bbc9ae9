package session_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// stress is what a stress test knows of a manager that many goroutines use at once, in real time. It is for the race
// detector, and for what must hold whatever happens.
type stress struct {
	t     *testing.T
	m     *session.Manager
	store *faultStore
	hosts [stressIDs]struct {
		sync.Mutex       // held while state is handed over
		state      int64 // that of the host; it only grows
	}

	mu      sync.Mutex
	durable map[string]int64 // newest state that was said to be durable
	removed map[string]bool
}

const stressIDs = 60 // the last ten of them are removed now and then, and only they

func newStress(t *testing.T, policy session.EvictionPolicy) *stress {
	st := &stress{t: t, store: newFaultStore(t), durable: map[string]int64{}, removed: map[string]bool{}}
	st.store.latency = 200 * time.Microsecond
	st.m = session.NewManager(st.store, session.ManagerConfig{
		MaxDetachedSessions: 20, ResumeWindow: time.Minute, PersistInterval: time.Millisecond,
		CleanupInterval: time.Millisecond, EvictionPolicy: policy, MaxSessionsPerIP: 30, MaxSessions: 50,
		OnTakeover: func(_ context.Context, id string) { st.disconnect(id) },
		OnEvict:    func(id string) { st.m.Touch(id) },
		OnExpire:   func(id string) { st.m.Get(id) },
	}, nil)
	return st
}

// handOver makes newer state of a session and gives it away before any that is newer still.
func (st *stress) handOver(id string, to func(state []byte)) {
	h := &st.hosts[indexOf(id)]
	h.Lock()
	defer h.Unlock()
	to(fmt.Appendf(nil, "%s/%d", id, atomic.AddInt64(&h.state, 1)))
}

func indexOf(id string) int {
	i, _ := strconv.Atoi(id[1:])
	return i
}

func (st *stress) disconnect(id string) {
	st.handOver(id, func(state []byte) { st.m.OnDisconnect(id, state) })
}

func (st *stress) snapshot(id string) []byte {
	return fmt.Appendf(nil, "%s/%d", id, atomic.LoadInt64(&st.hosts[indexOf(id)].state))
}

// numberOf tells which state data are, and checks whose they are.
func (st *stress) numberOf(id string, data []byte) int64 {
	whose, number, _ := strings.Cut(string(data), "/")
	n, err := strconv.ParseInt(number, 10, 64)
	if data != nil && (whose != id || err != nil) {
		st.t.Errorf("%s has the state %q", id, data)
	}
	return n
}

func (st *stress) host(id string) *session.ManagedSession {
	return &session.ManagedSession{
		ID: id, IP: "192.0.2." + id[1:2],
		Snapshot:  func(context.Context) ([]byte, error) { return st.snapshot(id), nil },
		OnDurable: func(data []byte) { st.isDurable(id, st.numberOf(id, data)) },
	}
}

func (st *stress) isDurable(id string, n int64) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if !st.removed[id] {
		st.durable[id] = max(st.durable[id], n)
	}
}

// use does random things until the manager is stopped.
func (st *stress) use(r *rand.Rand) {
	for st.step(r) {
	}
}

func (st *stress) step(r *rand.Rand) bool {
	id := fmt.Sprint("s", r.Intn(stressIDs))
	var err error
	switch r.Intn(12) {
	case 0, 1:
		var a *session.Attachment
		if a, err = st.m.Attach(st.host(id)); err == nil && r.Intn(2) == 0 {
			st.handOver(id, a.Detach)
		}
	case 2:
		st.disconnect(id)
	case 3, 4, 5:
		err = st.resume(r, id)
	case 6:
		_, _, err = st.m.OnReconnect(id)
	case 7:
		st.handOver(id, func([]byte) { st.m.MarkDirty(id) })
	case 8:
		st.remove(r)
	case 9:
		err = st.sync(id)
	case 10:
		err = st.m.SetIP(id, fmt.Sprint(r.Intn(5)))
	case 11:
		if s := st.m.Stats(); s.Total != s.Connected+s.Detached || s.Total > 50 {
			st.t.Errorf("stats: %+v", s)
		}
	}
	return !errors.Is(err, session.ErrManagerStopped)
}

func (st *stress) resume(r *rand.Rand, id string) error {
	floor := st.floor(id)
	a, err := st.m.Resume(context.Background(), id)
	if err != nil {
		return err
	}
	if n := st.numberOf(id, a.Data()); n < floor {
		st.t.Errorf("%s was resumed with state %d, %d was said to be durable", id, n, floor)
	}
	switch r.Intn(3) {
	case 0:
		a.Release()
	case 1:
		a.Detach(nil)
	case 2:
		if err := a.Connect(*st.host(id)); errors.Is(err, session.ErrManagerStopped) {
			return err
		}
	}
	return nil
}

func (st *stress) floor(id string) int64 {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.durable[id]
}

func (st *stress) sync(id string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	return st.m.Sync(ctx, id)
}

// remove ends one of the last sessions, for good: it must neither be resumed from then on, nor be in the store in the end.
func (st *stress) remove(r *rand.Rand) {
	id := fmt.Sprint("s", stressIDs-10+r.Intn(10))
	if r.Intn(20) > 0 {
		return
	}
	st.m.Remove(id)
	st.mu.Lock()
	st.removed[id] = true
	delete(st.durable, id)
	st.mu.Unlock()
	if a, err := st.m.Resume(context.Background(), id); err == nil {
		st.t.Errorf("%s was removed, and resumed with %q", id, a.Data())
	}
}

// stop shuts the manager down from many goroutines while it is used, first with a store that fails.
func (st *stress) stop() {
	st.store.set(func(s *faultStore) { s.failWrites = errDown })
	st.shutdowns(3, 30*time.Millisecond)
	st.store.set(func(s *faultStore) { s.failWrites = nil })
	for _, err := range st.shutdowns(3, 5*time.Second) {
		if err != nil {
			st.t.Errorf("shutdown with a store that works: %v", err)
		}
	}
}

func (st *stress) shutdowns(n int, within time.Duration) []error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), within)
			defer cancel()
			errs[i] = st.m.Shutdown(ctx)
		})
	}
	all.Wait()
	return errs
}

// finish checks what is left when all is over.
func (st *stress) finish() {
	if err := st.m.Shutdown(context.Background()); err != nil {
		st.t.Errorf("last shutdown: %v", err)
	}
	s := st.m.Stats()
	if s.Total != 0 || s.Unsaved != 0 || s.UnsavedBytes != 0 || s.DetachedBytes != 0 || s.UniqueIPs != 0 || s.Dirty != 0 {
		st.t.Errorf("stats after all: %+v", s)
	}
	if s.LostUnsaved != 0 {
		st.t.Errorf("%d states were lost", s.LostUnsaved)
	}
	for id := range st.removed {
		inStore(st.t, st.store, id, "")
	}
	for id, n := range st.durable {
		if data, _ := st.store.stored(id); st.numberOf(id, data) < n {
			st.t.Errorf("the store has %q of %s, %d was said to be durable", data, id, n)
		}
	}
}

// TestManagerStress starts managers, lets many goroutines use each, and stops it in the middle of that.
func TestManagerStress(t *testing.T) {
	for round := range 16 {
		st := newStress(t, session.EvictionPolicy(round%4))
		var users sync.WaitGroup
		for user := range 8 {
			users.Go(func() { st.use(rand.New(rand.NewSource(int64(round*100 + user)))) })
		}
		<-time.After(60 * time.Millisecond)
		st.stop()
		users.Wait()
		st.finish()
	}
}

// TestManagerStressOfTakeovers has many connections want the same few sessions at once: each of them is somebody's at any
// time, and never two's.
func TestManagerStressOfTakeovers(t *testing.T) {
	const ids, users, turns = 3, 16, 60
	st := newStress(t, session.EvictionLRU)
	var owners [ids]atomic.Pointer[session.Attachment]
	for i := range ids {
		connect(t, st.m, st.host(fmt.Sprint("s", i)))
	}
	var all sync.WaitGroup
	for user := range users {
		all.Go(func() {
			for turn := range turns {
				i := (user + turn) % ids
				a, err := st.m.Resume(context.Background(), fmt.Sprint("s", i))
				if err != nil {
					t.Errorf("takeover: %v", err)
					return
				}
				if a.Connect(*st.host(fmt.Sprint("s", i))) == nil {
					owners[i].Store(a)
				}
			}
		})
	}
	all.Wait()
	if s := st.m.Stats(); s.Connected != ids || s.Total != ids {
		t.Errorf("after all takeovers: %+v", s)
	}
	for i := range ids {
		if owners[i].Load() == nil {
			t.Errorf("nobody ever got session %d", i)
		}
	}
	st.stop()
	st.finish()
}
