package bench

import (
	"context"
	"fmt"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// batchStore saves many sessions in a call.
type batchStore interface {
	SaveAll(ctx context.Context, sessions map[string]session.SessionData) error
}

// batchOf is a batch whose sessions share their bytes.
func batchOf(ids []string) map[string]session.SessionData {
	batch, data := make(map[string]session.SessionData, len(ids)), newState()
	for _, id := range ids {
		batch[id] = session.SessionData{Data: data, ExpiresAt: time.Now().Add(time.Hour)}
	}
	return batch
}

// benchmarkSaveAll saves many sessions that are not there, and once more over those. Beside the time it reports rows/s,
// and as extra-MB how much more was alive than before, as far as collections saw it.
func benchmarkSaveAll(b *testing.B, e *engine, n int) {
	batch := batchOf(makeIDs(n))
	for _, op := range []string{"saveall", "resaveall"} {
		for _, r := range e.rivals {
			s, ok := r.store.(batchStore)
			if !ok || r.skips(op) {
				continue
			}
			b.Run(fmt.Sprintf("op=%s/n=%d/impl=%s", op, n, r.impl), func(b *testing.B) {
				var took time.Duration
				var extra int64
				for range b.N {
					if op == "saveall" {
						e.empty(b)
					}
					t, x := saveAll(b, s, batch)
					took, extra = took+t, max(extra, x)
				}
				b.ReportMetric(float64(n*b.N)/took.Seconds(), "rows/s")
				b.ReportMetric(float64(extra)/1e6, "extra-MB")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

func saveAll(b *testing.B, s batchStore, batch map[string]session.SessionData) (took time.Duration, extra int64) {
	liveHeap()
	before := lastLiveHeap()
	stop := make(chan struct{})
	done := make(chan int64)
	go func() { done <- mostLive(stop) }()
	start := time.Now()
	err := s.SaveAll(context.Background(), batch)
	took = time.Since(start)
	close(stop)
	if err != nil {
		b.Error(err)
	}
	return took, max(0, <-done-before)
}

// mostLive looks every few milliseconds what the last collection found alive.
func mostLive(stop <-chan struct{}) (most int64) {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		most = max(most, lastLiveHeap())
		select {
		case <-tick.C:
		case <-stop:
			return most
		}
	}
}

func lastLiveHeap() int64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}

// saveMany makes sure that sessions are there.
func saveMany(b *testing.B, s store, ids []string) {
	b.Helper()
	if all, ok := s.(batchStore); ok {
		if err := all.SaveAll(context.Background(), batchOf(ids)); err != nil {
			b.Fatal(err)
		}
		return
	}
	visit(ids, func(id string) {
		if err := s.Save(context.Background(), id, newState(), time.Now().Add(time.Hour)); err != nil {
			b.Error(err)
		}
	})
	runtime.GC()
}
