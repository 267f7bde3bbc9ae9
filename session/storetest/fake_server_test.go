package storetest

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// fakeServer is a server in this process, and the client of it that is the store under test. Its data is that of a
// MemoryStore, which it keeps whatever happens.
type fakeServer struct {
	*session.MemoryStore

	mu      sync.Mutex
	epoch   int           // how often connections ended
	resumed chan struct{} // closed when the server answers; nil if it always did

	closed chan struct{}
	close  sync.Once

	// What is wrong with it; nil and zero: nothing.
	waiting    func(ctx context.Context) context.Context // in which calls wait for an answer
	outcome    func(err error) error                     // what a call makes of an error
	unsaved    func(ids []string, err error) error       // what SaveAll makes of one
	undeleted  func(ids []string, err error) error       // what DeleteAll makes of one
	restarted  func(m *session.MemoryStore)
	staysGone  bool // it never connects again
	closeWaits bool // Close waits for an answer
	early      bool // Save does not wait for an answer
	deadline   time.Duration
}

const fakeCallTimeout = 30 * time.Second

var errReset = errors.New("fake: connection reset")

// served are options with a fake server that something is wrong with.
func served(what func(f *fakeServer)) func(o *Options) {
	return func(o *Options) {
		o.CallTimeout = fakeCallTimeout
		o.Server = func(*testing.T) (session.SessionStore, Server) {
			f := &fakeServer{MemoryStore: sound(), closed: make(chan struct{}), deadline: fakeCallTimeout}
			what(f)
			return f.store(), f
		}
	}
}

func (f *fakeServer) Disconnect(testing.TB) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.epoch++
}

func (f *fakeServer) Restart(t testing.TB) {
	if f.restarted != nil {
		f.restarted(f.MemoryStore)
	}
	f.Disconnect(t)
}

func (f *fakeServer) Stall(testing.TB) (resume func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	resumed := make(chan struct{})
	f.resumed = resumed
	return sync.OnceFunc(func() { close(resumed) })
}

func (f *fakeServer) state() (epoch int, resumed chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.epoch, f.resumed
}

// trip is a call to the server and back.
func (f *fakeServer) trip(ctx context.Context, call func() error) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.deadline)
		defer cancel()
	}
	err := f.send(ctx, call)
	if f.outcome != nil && err != nil && !errors.Is(err, session.ErrStoreClosed{}) {
		err = f.outcome(err)
	}
	return err
}

func (f *fakeServer) send(ctx context.Context, call func() error) error {
	epoch, resumed := f.state()
	if f.staysGone && epoch > 0 {
		return errReset
	}
	if err := f.MemoryStore.Ping(context.Background()); err != nil {
		return err
	}
	if f.waiting != nil {
		ctx = f.waiting(ctx)
	}
	pause(20 * time.Microsecond) // on the wire
	if resumed != nil {
		select {
		case <-resumed:
		case <-ctx.Done():
			return ctx.Err()
		case <-f.closed:
			return session.ErrStoreClosed{}
		}
	}
	if err := cmp.Or(ctx.Err(), call()); err != nil {
		return err
	}
	if now, _ := f.state(); now != epoch {
		return errReset // it was done, and nobody knows
	}
	return nil
}

func (f *fakeServer) end() error {
	if _, resumed := f.state(); f.closeWaits && resumed != nil {
		<-resumed
	}
	f.close.Do(func() { close(f.closed) })
	return f.MemoryStore.Close()
}

// inSteps makes a trip for every 500 IDs, and returns those of the steps that failed or were not begun.
func (f *fakeServer) inSteps(ctx context.Context, ids []string, call func(ids []string) error) ([]string, error) {
	slices.Sort(ids)
	for len(ids) > 0 {
		pause(500 * time.Microsecond) // a batch takes its time
		n := min(len(ids), 500)
		if err := f.trip(ctx, func() error { return call(ids[:n]) }); err != nil {
			return ids, err
		}
		ids = ids[n:]
	}
	return nil, f.MemoryStore.Ping(ctx)
}

// store is the client.
func (f *fakeServer) store() session.SessionStore {
	m := f.MemoryStore
	h := &hooked{MemoryStore: m, end: f.end}
	h.save = func(ctx context.Context, id string, data []byte, at time.Time) error {
		if f.early {
			return f.saveLater(ctx, id, data, at)
		}
		return f.trip(ctx, func() error { return m.Save(ctx, id, data, at) })
	}
	h.load = func(ctx context.Context, id string) (data []byte, err error) {
		err = f.trip(ctx, func() (err error) { data, err = m.Load(ctx, id); return err })
		return data, err
	}
	h.remove = func(ctx context.Context, id string) error {
		return f.trip(ctx, func() error { return m.Delete(ctx, id) })
	}
	h.touch = func(ctx context.Context, id string, at time.Time) error {
		return f.trip(ctx, func() error { return m.Touch(ctx, id, at) })
	}
	h.saveAll = func(ctx context.Context, b batch) error {
		left, err := f.inSteps(ctx, sorted(b), func(ids []string) error {
			some := batch{}
			for _, id := range ids {
				some[id] = b[id]
			}
			return m.SaveAll(ctx, some)
		})
		if f.unsaved != nil && len(left) > 0 {
			return f.unsaved(left, err)
		}
		if len(left) > 0 {
			return &session.NotSavedError{SessionIDs: left, Err: err}
		}
		return err
	}
	h.saveAllAtomic = func(ctx context.Context, b batch) error {
		return f.trip(ctx, func() error { return m.SaveAllAtomic(ctx, b) })
	}
	f.capabilities(h)
	return h
}

// saveLater sends what it said it had saved with the next batch, unless the connection is gone by then.
func (f *fakeServer) saveLater(ctx context.Context, id string, data []byte, at time.Time) error {
	epoch, _ := f.state()
	time.AfterFunc(time.Millisecond, func() {
		if now, _ := f.state(); now == epoch {
			_ = f.MemoryStore.Save(context.Background(), id, data, at) // fails only when closed
		}
	})
	return f.trip(ctx, func() error { return nil })
}

func (f *fakeServer) capabilities(h *hooked) {
	m := f.MemoryStore
	h.loadAll = func(ctx context.Context, ids []string) (loaded map[string][]byte, err error) {
		err = f.trip(ctx, func() (err error) { loaded, err = m.LoadAll(ctx, ids); return err })
		return loaded, err
	}
	h.touchAll = func(ctx context.Context, expiries map[string]time.Time) error {
		return f.trip(ctx, func() error { return m.TouchAll(ctx, maps.Clone(expiries)) })
	}
	h.removeAll = func(ctx context.Context, ids []string) error {
		left, err := f.inSteps(ctx, slices.Clone(ids), func(ids []string) error { return m.DeleteAll(ctx, ids) })
		if f.undeleted != nil && len(left) > 0 {
			return f.undeleted(left, err)
		}
		if len(left) > 0 {
			return &session.BatchError{SessionIDs: left, Err: err}
		}
		return err
	}
	h.list = func(ctx context.Context, cursor string, limit int) (page []session.SessionInfo, next string, err error) {
		err = f.trip(ctx, func() (err error) { page, next, err = m.Scan(ctx, cursor, limit); return err })
		return page, next, err
	}
	h.answer = func(ctx context.Context) error { return f.trip(ctx, func() error { return m.Ping(ctx) }) }
	h.setUser = func(ctx context.Context, id, user string, at time.Time) error {
		return f.trip(ctx, func() error { return m.SetUser(ctx, id, user, at) })
	}
	h.userSessions = func(ctx context.Context, user string) (list []session.SessionInfo, err error) {
		err = f.trip(ctx, func() (err error) { list, err = m.UserSessions(ctx, user); return err })
		return list, err
	}
	h.revoke = func(ctx context.Context, user string) (ids []string, err error) {
		err = f.trip(ctx, func() (err error) { ids, err = m.RevokeUser(ctx, user); return err })
		return ids, err
	}
}
