package bench

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkManagerCleanup reports the longest time that a Touch of a connected session took while the records of
// detached ones whose window had ended were dropped. The contender "none" has nothing to drop: what it shows is the
// operating system's doing.
func BenchmarkManagerCleanup(b *testing.B) {
	for _, n := range managerSizes() {
		ids := makeIDs(n)
		for _, expired := range []int{n / 100, n - keptSessions} {
			for _, c := range append(managerContenders, managerContender{"none", managerContenders[1].open}) {
				b.Run(fmt.Sprintf("n=%d/expired=%d/impl=%s", n, expired, c.impl), func(b *testing.B) {
					var longest time.Duration
					ended := expired
					if c.impl == "none" {
						ended = 0
					}
					for range b.N {
						longest = max(longest, touchesDuringCleanup(b, c, ids, ended))
					}
					b.ReportMetric(float64(longest), "stall-ns")
					b.ReportMetric(0, "ns/op")
				})
			}
		}
	}
}

// touchesDuringCleanup detaches all but a few sessions, lets the windows of some end before the first cleanup, and
// touches the connected few while it runs. On a machine too busy for that it tries again, with more time.
func touchesDuringCleanup(b *testing.B, c managerContender, ids []string, expired int) time.Duration {
	connected, first, second := ids[:keptSessions], ids[keptSessions:][:expired], ids[keptSessions+expired:]
	for window := time.Second + time.Duration(len(ids))*5*time.Microsecond; ; window *= 2 {
		cleanup := window * 13 / 10
		m := c.open(discard{}, managerOptions{maxDetached: -1, window: window, cleanup: cleanup})
		connect(b, m, ids)
		start := time.Now()
		detachUntil(m, first, start.Add(window*6/10))
		detachUntil(m, second, start.Add(window*12/10))
		longest, ok := time.Duration(0), time.Since(start) < cleanup-sweepEvery
		if ok {
			longest = longestTouchUntil(m, connected, start.Add(cleanup), len(ids)-expired)
		}
		shutdown(b, m)
		if ok {
			return longest
		}
	}
}

// detachUntil disconnects sessions and waits for an instant.
func detachUntil(m manager, ids []string, at time.Time) {
	disconnect(m, ids, payload(64))
	settle(m)
	liveHeap()
	<-time.After(time.Until(at))
}

// longestTouchUntil touches sessions from just before an instant until the cleanup that begins then has left so many
// sessions.
func longestTouchUntil(m manager, ids []string, at time.Time, left int) time.Duration {
	<-time.After(time.Until(at.Add(-sweepEvery)))
	var stop atomic.Bool
	done := make(chan time.Duration)
	go func() { done <- longestTouch(m, ids, &stop) }()
	<-time.After(time.Until(at))
	clean(m, left)
	stop.Store(true)
	return <-done
}

// clean returns when no more than left sessions are there, but not at once.
func clean(m manager, left int) {
	if m, ok := m.(interface{ Cleanup() }); ok {
		m.Cleanup()
		return
	}
	for wait := 100 * time.Millisecond; ; wait = time.Millisecond {
		<-time.After(wait)
		if m.Stats().Total <= left {
			return
		}
	}
}

func longestTouch(m manager, ids []string, stop *atomic.Bool) (longest time.Duration) {
	r := rand.New(rand.NewPCG(5, 6))
	for !stop.Load() {
		start := time.Now()
		m.Touch(ids[r.IntN(len(ids))])
		longest = max(longest, time.Since(start))
	}
	return longest
}
