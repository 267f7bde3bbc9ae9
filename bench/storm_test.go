package bench

import (
	"context"
	"fmt"
	"runtime"
	"runtime/metrics"
	"sync"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

const (
	stormSessions = 1e5
	stormBytes    = 256
	storeLatency  = 5 * time.Millisecond
	storeCalls    = 16 // at once
)

// slowStore takes its time for each call, a batch or not, and a few calls at once. It remembers what was saved.
type slowStore struct {
	discard
	slots chan struct{}
	mu    sync.Mutex
	saved map[string]bool
}

func newSlowStore() *slowStore {
	return &slowStore{slots: make(chan struct{}, storeCalls), saved: make(map[string]bool, stormSessions)}
}

func (s *slowStore) Save(ctx context.Context, id string, data []byte, at time.Time) error {
	return s.SaveAll(ctx, map[string]session.SessionData{id: {Data: data, ExpiresAt: at}})
}

func (s *slowStore) SaveAll(ctx context.Context, sessions map[string]session.SessionData) error {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-time.After(storeLatency):
	case <-ctx.Done():
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range sessions {
		s.saved[id] = true
	}
	return nil
}

// BenchmarkManagerStorm disconnects all sessions at once and reports how many were not saved in the end, how long
// that took, and how many goroutines and how much memory it took at worst.
func BenchmarkManagerStorm(b *testing.B) {
	ids, data := makeIDs(stormSessions), payload(stormBytes)
	for _, c := range managerContenders {
		b.Run(fmt.Sprintf("n=%d/impl=%s", len(ids), c.impl), func(b *testing.B) {
			var lost int
			var took time.Duration
			var worst load
			for range b.N {
				store := newSlowStore()
				m := c.open(store, managerOptions{maxDetached: -1, window: time.Hour})
				connect(b, m, ids)
				liveHeap()
				start := time.Now()
				stop := watch(&worst)
				disconnect(m, ids, data)
				settle(m)
				stop()
				took += time.Since(start)
				shutdown(b, m)
				lost += len(ids) - len(store.saved)
			}
			b.ReportMetric(float64(lost)/float64(b.N), "lost")
			b.ReportMetric(float64(worst.goroutines), "goroutines")
			b.ReportMetric(float64(worst.heap)/1e6, "peak-MB")
			b.ReportMetric(took.Seconds()/float64(b.N), "took-s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// load is what the process used at worst, beyond what it used when it was first looked at.
type load struct {
	goroutines int
	heap       int64
}

// watch looks every few milliseconds until it is stopped; the watcher itself and callers are not counted.
func watch(worst *load) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	goroutines, heap := runtime.NumGoroutine()+1+callers, heapObjects()
	go func() {
		defer close(done)
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			worst.goroutines = max(worst.goroutines, runtime.NumGoroutine()-goroutines)
			worst.heap = max(worst.heap, heapObjects()-heap)
			select {
			case <-tick.C:
			case <-quit:
				return
			}
		}
	}()
	return func() { close(quit); <-done }
}

func heapObjects() int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}
