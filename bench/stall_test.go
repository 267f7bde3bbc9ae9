package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/limpet-go/limpet/bench/peers"
	"github.com/limpet-go/limpet/bench/plain"
	"github.com/limpet-go/limpet/session"
)

const (
	sweptSessions = 1e6
	sweepEvery    = 10 * time.Millisecond // of the store that sweeps by itself
	keptSessions  = 1000                  // at least; the ones that are loaded meanwhile
)

// sweeper is a store whose expired sessions are removed: by Sweep, or by itself if it has no such method.
type sweeper interface {
	store
	Count() int
}

// BenchmarkMemoryStoreSweep reports the longest time that a Load took while expired sessions were swept. The
// contender "none" has nothing to sweep: what it shows is the operating system's doing.
func BenchmarkMemoryStoreSweep(b *testing.B) {
	ids, data := makeIDs(sweptSessions), payload(64)
	for _, expired := range []int{sweptSessions / 100, sweptSessions - keptSessions} {
		for _, c := range []struct {
			impl    string
			open    func() sweeper
			expired int
		}{
			{"plain", func() sweeper { return plain.NewStore() }, expired},
			{"limpet", func() sweeper {
				return session.NewMemoryStore(session.WithCleanupInterval(sweepEvery))
			}, expired},
			{"xsync", func() sweeper { return peers.NewXSync() }, expired},
			{"otter", func() sweeper { return peers.NewOtter() }, expired},
			{"none", func() sweeper { return session.NewMemoryStore(session.WithCleanupInterval(-1)) }, 0},
		} {
			b.Run(fmt.Sprintf("expired=%d/impl=%s", expired, c.impl), func(b *testing.B) {
				var longest, took time.Duration
				for range b.N {
					s := c.open()
					fill(b, s, ids, data)
					l, t := loadsDuringSweep(b, s, ids, c.expired)
					longest, took = max(longest, l), took+t
					if err := s.Close(); err != nil {
						b.Error(err)
					}
				}
				b.ReportMetric(float64(longest), "stall-ns")
				b.ReportMetric(float64(took)/float64(b.N), "sweep-ns")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// loadsDuringSweep makes the last of the sessions expire, and loads the first ones until they were swept. It
// returns the longest load and how long the sweep took.
func loadsDuringSweep(b *testing.B, s sweeper, ids []string, expired int) (longest, took time.Duration) {
	at := expireSoon(b, s, ids[len(ids)-expired:])
	liveHeap() // so that no garbage collection falls into the measurement
	<-time.After(time.Until(at) - 2*sweepEvery)

	var stop atomic.Bool
	done := make(chan time.Duration)
	go func() { done <- longestLoad(b, s, ids[:keptSessions], &stop) }()
	<-time.After(time.Until(at))
	start := time.Now()
	sweep(s, len(ids)-expired)
	took = time.Since(start)
	stop.Store(true)
	return <-done, took
}

// expireSoon moves the expiry of sessions to an instant a little after it returns, which it returns.
func expireSoon(b *testing.B, s store, ids []string) time.Time {
	for wait := 100*time.Millisecond + time.Duration(len(ids))*time.Microsecond; ; wait *= 2 {
		at := time.Now().Add(wait)
		for i := 0; i < len(ids) && time.Until(at) > 5*sweepEvery; i++ {
			if err := s.Touch(context.Background(), ids[i], at); err != nil {
				b.Fatal(err)
			}
		}
		if time.Until(at) > 5*sweepEvery {
			return at
		}
		fill(b, s, ids, payload(64)) // too slow: some of them may have been swept
	}
}

// sweep returns when no more than left sessions are there; when nothing is to be swept, after a while.
func sweep(s sweeper, left int) {
	if s, ok := s.(interface{ Sweep() }); ok {
		s.Sweep()
		return
	}
	if s.Count() == left {
		<-time.After(100 * time.Millisecond)
	}
	for s.Count() > left {
		<-time.After(time.Millisecond)
	}
}

func longestLoad(b *testing.B, s store, ids []string, stop *atomic.Bool) (longest time.Duration) {
	r := rand.New(rand.NewPCG(5, 6))
	for !stop.Load() {
		start := time.Now()
		if data, err := s.Load(context.Background(), ids[r.IntN(len(ids))]); data == nil || err != nil {
			b.Errorf("live session not loaded: %v", err)
			break
		}
		longest = max(longest, time.Since(start))
	}
	return longest
}
