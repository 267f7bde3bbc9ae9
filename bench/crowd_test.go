package bench

import (
	"bytes"
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// span is how long each contender works on a server or file in each round.
var span = flag.Duration("span", 300*time.Millisecond, "how long each contender to a store works in a round")

// stateBytes is the size of a session on a server or in a file.
const stateBytes = 2 << 10

// touchers is how many goroutines touch at once.
const touchers = 128

// newState returns the state of a session, which no engine can compress.
func newState() []byte { return bytes.Clone(someState) }

var someState = func() []byte {
	var seed [32]byte
	data := make([]byte, stateBytes)
	_, _ = rand.NewChaCha8(seed).Read(data) // never fails
	return data
}()

// benchmarkCrowds lets contenders take turns at saving the sessions of so many goroutines at once, and at touching those
// of 128. ops/s and p99-ns are what it reports.
func benchmarkCrowds(b *testing.B, e *engine, crowds ...int) {
	for _, n := range crowds {
		ids := makeIDs(n)
		for _, r := range e.rivals {
			if !r.skips("save") {
				b.Run(fmt.Sprintf("op=save/callers=%d/impl=%s", n, r.impl), func(b *testing.B) { crowd(b, ids, saver(r.store)) })
			}
		}
	}
	ids := makeIDs(touchers)
	for _, r := range e.rivals {
		if !r.skips("touch") {
			b.Run(fmt.Sprintf("op=touch/callers=%d/impl=%s", len(ids), r.impl), func(b *testing.B) {
				repeat(b, ids, time.Now(), new(atomic.Uint64), saver(r.store))
				crowd(b, ids, toucher(r.store))
			})
		}
	}
}

// call is one operation on a session; round counts those of its goroutine.
type call func(ctx context.Context, id string, round uint64) error

// saver saves a state that differs from the last one.
func saver(s store) call {
	return func(ctx context.Context, id string, round uint64) error {
		data := newState()
		binary.BigEndian.PutUint64(data, round)
		return s.Save(ctx, id, data, time.Now().Add(time.Hour))
	}
}

func toucher(s store) call {
	return func(ctx context.Context, id string, _ uint64) error {
		return s.Touch(ctx, id, time.Now().Add(time.Hour))
	}
}

// crowd repeats a call from a goroutine for each session, once to get warm and then for a while. Calls that had begun
// when the time was up end first, and count.
func crowd(b *testing.B, ids []string, do call) {
	var round atomic.Uint64
	repeat(b, ids, time.Now(), &round, do)
	liveHeap()
	start := time.Now()
	took := repeat(b, ids, start.Add(time.Duration(b.N)**span), &round, do)
	elapsed := time.Since(start)
	b.ReportMetric(float64(len(took))/elapsed.Seconds(), "ops/s")
	b.ReportMetric(float64(percentile(took, 0.99)), "p99-ns")
	b.ReportMetric(0, "ns/op")
}

// repeat returns how long each call took. Every goroutine makes one at least.
func repeat(b *testing.B, ids []string, until time.Time, round *atomic.Uint64, do call) []time.Duration {
	ctx, cancel := context.WithCancel(context.Background()) // as a request's
	defer cancel()
	each := make([][]time.Duration, len(ids))
	var wg sync.WaitGroup
	for i, id := range ids {
		wg.Go(func() {
			for ok := true; ok; ok = time.Now().Before(until) {
				start := time.Now()
				if err := do(ctx, id, round.Add(1)); err != nil {
					b.Error(err)
					return
				}
				each[i] = append(each[i], time.Since(start))
			}
		})
	}
	wg.Wait()
	return slices.Concat(each...)
}

// percentile sorts.
func percentile(took []time.Duration, part float64) time.Duration {
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[int(part*float64(len(took)-1))]
}

// benchmarkLoads reports how long a lone caller waits for one of many sessions, as p50-ns.
func benchmarkLoads(b *testing.B, e *engine) {
	ids := makeIDs(10_000)
	for _, r := range e.rivals {
		if r.skips("load") {
			continue
		}
		b.Run("op=load/callers=1/impl="+r.impl, func(b *testing.B) {
			b.StopTimer()
			saveMany(b, r.store, ids)
			one := makeIDs(1)
			took := repeat(b, one, time.Now().Add(time.Duration(b.N)**span), new(atomic.Uint64), loader(r.store, ids))
			b.ReportMetric(float64(percentile(took, 0.5)), "p50-ns")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// loader loads one session after another, in an order that does not follow that of the IDs.
func loader(s store, ids []string) call {
	return func(ctx context.Context, _ string, round uint64) error {
		data, err := s.Load(ctx, ids[round*7919%uint64(len(ids))])
		if err == nil && len(data) != stateBytes {
			err = fmt.Errorf("loaded %d bytes", len(data))
		}
		return err
	}
}
