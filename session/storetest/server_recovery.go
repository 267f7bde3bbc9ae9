package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func afterDisconnect(t testing.TB, k *kit) {
	s, server := k.disturbable(t)
	s.survives(t, 5, func() { server.Disconnect(t) })
}

func afterRestart(t testing.TB, k *kit) {
	s, server := k.disturbable(t)
	s.survives(t, 2, func() { server.Restart(t) })
}

// survives brings about a fault while the store is idle, and several more while it is at work.
func (s *subject) survives(t testing.TB, faults int, fault func()) {
	t.Helper()
	ids := spreadIDs(40)
	s.saveAll(t, batchOf(ids, later()))
	if err := together(16, func(i int) error { _, err := s.Load(s.ctx, ids[i]); return err }); err != nil {
		t.Fatalf("Load: %v", err)
	}
	fault()
	s.recovers(t)
	for _, id := range ids {
		s.holds(t, id, []byte(id))
	}
	writers := startWriters(s, 16)
	for range faults {
		writers.progress(t, s)
		fault()
	}
	s.recovers(t)
	writers.progress(t, s)
	writers.end(t)
	for _, p := range writers.all {
		s.kept(t, p)
	}
	for _, id := range ids {
		s.holds(t, id, []byte(id))
	}
}

// recovers waits until every method of the store works again; it gives each a few tries.
func (s *subject) recovers(t testing.TB) {
	t.Helper()
	deadline := time.Now().Add(callTime)
	for _, c := range s.calls(t, newID("")) {
		for {
			ctx, cancel := context.WithTimeout(s.ctx, time.Second)
			err := c.make(ctx)
			if cancel(); err == nil {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s still fails %v after the server was back: %v", c.name, callTime, err)
			}
			pause(20 * time.Millisecond)
		}
	}
}

// progress is what a writer did to one session. A call that fails may have written all the same, then or
// later, so that the writer goes on with another session.
type progress struct {
	id           string
	acknowledged int // the newest write that succeeded; 0 for none
	attempted    int // the newest write
}

// writers save sessions one version after the other.
type writers struct {
	stop  atomic.Bool
	group sync.WaitGroup
	acks  atomic.Int64
	mu    sync.Mutex
	all   []progress
	late  error // of a call that ended much later than its context
}

func startWriters(s *subject, n int) *writers {
	w := &writers{}
	for range n {
		w.group.Go(func() {
			for !w.stop.Load() {
				w.write(s)
				pause(time.Millisecond)
			}
		})
	}
	return w
}

// write writes to a new session a few times, until a call fails, or until the writers are told to stop.
func (w *writers) write(s *subject) {
	p := progress{id: newID("")}
	for !w.stop.Load() && p.acknowledged == p.attempted && p.attempted < 3 {
		p.attempted++
		ctx, cancel := context.WithTimeout(context.Background(), callTime)
		began := time.Now()
		err := s.Save(ctx, p.id, version(p.attempted), later())
		cancel()
		if err == nil {
			p.acknowledged = p.attempted
			w.acks.Add(1)
		}
		if took := time.Since(began); took > callTime+grace {
			w.note(fmt.Errorf("a Save with a deadline of %v took %v", callTime, took))
		}
		pause(100 * time.Microsecond) // virtual time stands still while a goroutine is busy
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, p)
}

func (w *writers) note(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.late = err
}

// progress waits until the writers have written some more.
func (w *writers) progress(t testing.TB, s *subject) {
	t.Helper()
	for enough := w.acks.Load() + 50; w.acks.Load() < enough; pause(time.Millisecond) {
		if s.ctx.Err() != nil {
			w.stop.Store(true)
			t.Fatalf("no Saves succeed any more")
		}
	}
}

func (w *writers) end(t testing.TB) {
	t.Helper()
	w.stop.Store(true)
	err := within(t, callTime+2*grace, "a call in flight", func() error { w.group.Wait(); return w.late })
	if err != nil {
		t.Fatalf("%v", err)
	}
}

func version(n int) []byte { return fmt.Appendf(nil, "version %d", n) }

// kept checks that a session is as it was acknowledged, or as the call left it whose outcome is not known.
func (s *subject) kept(t testing.TB, p progress) {
	t.Helper()
	data := s.load(t, p.id)
	may := []string{string(version(p.acknowledged)), string(version(p.attempted))}
	if p.acknowledged == 0 {
		may[0] = ""
	}
	if !slices.Contains(may, string(data)) {
		t.Fatalf("a session has %s; version %d was acknowledged and %d the last to be tried", brief(data), p.acknowledged, p.attempted)
	}
}
