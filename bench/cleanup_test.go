package bench

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// BenchmarkManagerCleanup reports the longest time that an operation took while the records of detached sessions whose
// window had ended were dropped: stall-ns of a Touch, any-stall-ns of whichever operation took longest. That of plain's
// Stats takes as long as it does at any other time: it counts. The contender "none" has nothing to drop: what it shows
// is the operating system's doing.
func BenchmarkManagerCleanup(b *testing.B) {
	for _, n := range managerSizes() {
		ids := makeIDs(n)
		for _, expired := range []int{n / 100, n - keptSessions} {
			for _, c := range append(managerContenders, managerContender{"none", managerContenders[1].open}) {
				b.Run(fmt.Sprintf("n=%d/expired=%d/impl=%s", n, expired, c.impl), func(b *testing.B) {
					longest := stalls{}
					ended := expired
					if c.impl == "none" {
						ended = 0
					}
					for range b.N {
						longest.join(stallsDuringCleanup(b, c, ids, ended))
					}
					b.ReportMetric(float64(longest["touch"]), "stall-ns")
					b.ReportMetric(float64(longest.any()), "any-stall-ns")
					b.ReportMetric(0, "ns/op")
				})
			}
		}
	}
}

// stalls are the longest time that each operation took.
type stalls map[string]time.Duration

// measure does something and notes how long it took.
func (s stalls) measure(op string, do func()) {
	start := time.Now()
	do()
	s[op] = max(s[op], time.Since(start))
}

func (s stalls) join(other stalls) {
	for op, stall := range other {
		s[op] = max(s[op], stall)
	}
}

func (s stalls) any() time.Duration { return slices.Max(slices.Collect(maps.Values(s))) }

// stallsDuringCleanup detaches all but a few sessions, lets the windows of some end before the first cleanup, and
// works on the connected few while it runs. On a machine too busy for that it tries again, with more time.
func stallsDuringCleanup(b *testing.B, c managerContender, ids []string, expired int) stalls {
	connected, first, second := ids[:keptSessions], ids[keptSessions:][:expired], ids[keptSessions+expired:]
	for window := time.Second + time.Duration(len(ids))*5*time.Microsecond; ; window *= 2 {
		cleanup := window * 13 / 10
		m := c.open(discard{}, managerOptions{maxDetached: -1, window: window, cleanup: cleanup})
		connect(b, m, ids)
		start := time.Now()
		detachUntil(m, first, start.Add(window*6/10))
		detachUntil(m, second, start.Add(window*12/10))
		var longest stalls
		ok := time.Since(start) < cleanup-sweepEvery
		if ok {
			longest = stallsUntil(b, m, connected, start.Add(cleanup), len(ids)-expired)
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

// stallsUntil works on sessions from just before an instant until the cleanup that begins then has left so many.
func stallsUntil(b *testing.B, m manager, ids []string, at time.Time, left int) stalls {
	<-time.After(time.Until(at.Add(-sweepEvery)))
	var stop atomic.Bool
	done := make(chan stalls)
	go func() { done <- work(b, m, ids, &stop) }()
	<-time.After(time.Until(at))
	clean(m, left+1) // the one that work has added
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

// work does one operation after another, each on one of a few sessions that were connected or on one of its own.
func work(b *testing.B, m manager, ids []string, stop *atomic.Bool) stalls {
	r, longest, data := rand.New(rand.NewPCG(5, 6)), stalls{}, payload(64)
	sess := &session.ManagedSession{ID: "comes-and-goes", IP: "10.1.2.3"}
	for !stop.Load() {
		longest.measure("register", func() {
			if err := m.Register(sess); err != nil {
				b.Error(err)
			}
		})
		longest.measure("disconnect", func() { m.OnDisconnect(sess.ID, data) })
		longest.measure("reconnect", func() {
			if _, _, err := m.OnReconnect(sess.ID); err != nil {
				b.Error(err)
			}
		})
		longest.measure("disconnect", func() { m.OnDisconnect(sess.ID, data) })
		longest.measure("stats", func() { m.Stats() })
		for range 100 {
			longest.measure("touch", func() { m.Touch(ids[r.IntN(len(ids))]) })
		}
	}
	return longest
}
