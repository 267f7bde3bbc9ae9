package soak

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// flawed is a store in memory that plays a server which can crash, and has one of the bugs that the soak is there to find.
// What it holds survives its crashes, unless the bug is about that.
type flawed struct {
	target
	bug   string
	down  atomic.Bool
	calls atomic.Uint64

	mu   sync.Mutex
	held func()            // a save that was acknowledged and not made yet
	last map[string][]byte // the data of each session's last save
}

var errDown = errors.New("the server is down")

// now reports whether a call in so many is to go wrong.
func (f *flawed) now(bug string, oneIn uint64) bool { return f.bug == bug && f.calls.Add(1)%oneIn == 0 }

func (f *flawed) Save(ctx context.Context, id string, data []byte, expiresAt time.Time) error {
	if f.down.Load() {
		return errDown
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	before := f.last[id]
	f.last[id] = data
	switch {
	case f.now("a save is dropped", 100):
		return nil
	case f.now("an old save is written", 100) && before != nil:
		return f.target.Save(ctx, id, before, expiresAt)
	case f.bug == "a save is acknowledged early":
		f.flush()
		f.held = func() { _ = f.target.Save(context.Background(), id, data, expiresAt) }
		return nil
	}
	return f.target.Save(ctx, id, data, expiresAt)
}

func (f *flawed) flush() {
	if f.held != nil {
		f.held()
		f.held = nil
	}
}

func (f *flawed) Load(ctx context.Context, id string) ([]byte, error) {
	if f.down.Load() {
		return nil, errDown
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.flush()
	return f.target.Load(ctx, id)
}

func (f *flawed) Touch(ctx context.Context, id string, expiresAt time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.flush()
	if data := f.last[id]; f.bug == "a touch revives" && data != nil {
		return f.target.Save(ctx, id, data, expiresAt)
	}
	if f.now("a touch is dropped", 10) {
		return nil
	}
	return f.target.Touch(ctx, id, expiresAt)
}

func (f *flawed) TouchAll(ctx context.Context, expiries map[string]time.Time) error {
	if f.now("a touch is dropped", 10) {
		return nil
	}
	return f.target.TouchAll(ctx, expiries)
}

func (f *flawed) Delete(ctx context.Context, id string) error {
	if f.now("a delete is dropped", 10) {
		return nil
	}
	return f.target.Delete(ctx, id)
}

func (f *flawed) SaveAllAtomic(ctx context.Context, sessions map[string]session.SessionData) error {
	if !f.down.Load() {
		return f.target.SaveAllAtomic(ctx, sessions)
	}
	if f.bug == "a crash leaves half of an atomic batch" {
		first := keys(sessions)[0]
		_ = f.target.Save(ctx, first, sessions[first].Data, sessions[first].ExpiresAt)
	}
	return errDown
}

func (f *flawed) SetUser(ctx context.Context, id, user string, expiresAt time.Time) error {
	if f.now("a user is dropped", 10) {
		return nil
	}
	return f.target.SetUser(ctx, id, user, expiresAt)
}

// Kill and Start are those of the server.
func (f *flawed) Kill(testing.TB) {
	f.down.Store(true)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.held = nil
}

func (f *flawed) Start(testing.TB) {
	<-time.After(20 * time.Millisecond) // clients meet the outage
	f.down.Store(false)
}

func TestSoakFindsSeededBugs(t *testing.T) {
	for _, bug := range []string{
		"a save is dropped", "an old save is written", "a save is acknowledged early", "a touch revives", "a touch is dropped",
		"a delete is dropped", "a crash leaves half of an atomic batch", "a user is dropped", "",
	} {
		t.Run(bug, func(t *testing.T) {
			t.Parallel()
			patience := 30 * time.Second // a bug is found within two, most of the time
			if bug == "" {
				patience = 3 * time.Second
			}
			faults := soakFlawed(t, bug, patience)
			switch {
			case bug == "" && len(faults) > 0:
				t.Errorf("found fault with a correct store: %q", faults)
			case bug != "" && len(faults) == 0:
				t.Error("not found")
			case bug != "":
				t.Logf("%d faults, the first: %s", len(faults), faults[0])
			}
		})
	}
}

// soakFlawed returns what the soak finds wrong with a store in memory.
func soakFlawed(t *testing.T, bug string, patience time.Duration) []string {
	memory := session.NewMemoryStore()
	defer memory.Close()
	f := &flawed{target: unclosed{memory}, bug: bug, last: map[string][]byte{}}
	r := newRun(engine{servers: []server{f}, open: func() (target, error) { return f, nil }})
	r.every = 100 * time.Millisecond
	r.soak(t, patience)
	r.account(t)
	return r.log.faults
}

// unclosed is the memory store as a server sees it: what clients close are their connections.
type unclosed struct{ *session.MemoryStore }

func (unclosed) Close() error { return nil }
