package bench

import (
	"context"
	"fmt"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
	"time"
)

const sessionBytes = 1 << 10

// BenchmarkMemoryStore calls each contender from several goroutines, on sessions that are there already.
func BenchmarkMemoryStore(b *testing.B) {
	for _, n := range []int{1e4, 1e5} {
		ids, data := makeIDs(n), payload(sessionBytes)
		for _, c := range storeContenders {
			s := c.open()
			fill(b, s, ids, data)
			for _, op := range storeOps {
				b.Run(fmt.Sprintf("op=%s/n=%d/impl=%s", op.name, n, c.impl), func(b *testing.B) {
					b.ReportAllocs()
					defer reportProcessorTime(b)()
					share(b.N, ids, op.call(b, s, data))
				})
			}
			if err := s.Close(); err != nil {
				b.Error(err)
			}
		}
	}
}

var storeOps = []struct {
	name string
	call func(b *testing.B, s store, data []byte) func(id string)
}{
	{"save", func(b *testing.B, s store, data []byte) func(id string) {
		expires := time.Now().Add(time.Hour)
		return func(id string) {
			if err := s.Save(context.Background(), id, data, expires); err != nil {
				b.Error(err)
			}
		}
	}},
	{"load", func(b *testing.B, s store, data []byte) func(id string) {
		return func(id string) {
			if got, err := s.Load(context.Background(), id); len(got) != len(data) || err != nil {
				b.Errorf("loaded %d bytes, %v", len(got), err)
			}
		}
	}},
	{"touch", func(b *testing.B, s store, _ []byte) func(id string) {
		expires := time.Now().Add(2 * time.Hour)
		return func(id string) {
			if err := s.Touch(context.Background(), id, expires); err != nil {
				b.Error(err)
			}
		}
	}},
}

// BenchmarkMemoryStoreMemory reports what a session takes beyond its data, its ID included, and the processor time
// that one garbage collection takes while the store holds them all.
func BenchmarkMemoryStoreMemory(b *testing.B) {
	sizes := []int{1e5}
	if *big {
		sizes = append(sizes, 1e6)
	}
	for _, n := range sizes {
		for _, c := range storeContenders {
			b.Run(fmt.Sprintf("n=%d/impl=%s", n, c.impl), func(b *testing.B) {
				var bytes, cpu float64
				for range b.N {
					s, perSession := memoryOf(b, c, n)
					bytes, cpu = bytes+perSession, cpu+collection().Seconds()
					if err := s.Close(); err != nil {
						b.Error(err)
					}
				}
				b.ReportMetric(bytes/float64(b.N), "B/session")
				b.ReportMetric(cpu*1e3/float64(b.N), "gc-cpu-ms")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

func memoryOf(b *testing.B, c storeContender, n int) (s store, overhead float64) {
	ids, data := makeIDs(n), payload(sessionBytes)
	before := liveHeap()
	s = c.open()
	for i, id := range ids {
		ids[i] = ""
		fill(b, s, []string{strings.Clone(id)}, data) // the store's own ID: makeIDs' one is garbage by now
	}
	return s, float64(liveHeap()+uint64(n)*32-before)/float64(n) - sessionBytes
}

// liveHeap returns the bytes in use after a garbage collection.
func liveHeap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// collection returns the processor time of a forced garbage collection.
func collection() time.Duration {
	before := collectionTotal()
	runtime.GC()
	return collectionTotal() - before
}

func collectionTotal() time.Duration {
	sample := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}}
	metrics.Read(sample)
	return time.Duration(sample[0].Value.Float64() * float64(time.Second))
}
