package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/limpet-go/limpet/bench/plain"
	"github.com/limpet-go/limpet/session"
)

// manager is what both contenders have in common.
type manager interface {
	Register(sess *session.ManagedSession) error
	OnDisconnect(id string, data []byte)
	OnReconnect(id string) (*session.ManagedSession, []byte, error)
	Touch(id string)
	Stats() session.ManagerStats
	Shutdown(ctx context.Context) error
}

// managerOptions are the settings in which benchmarks differ.
type managerOptions struct {
	maxDetached int // negative: no limit
	window      time.Duration
	policy      session.EvictionPolicy
	cleanup     time.Duration // interval, of the manager that does it by itself
}

type managerContender struct {
	impl string
	open func(s session.SessionStore, o managerOptions) manager
}

var managerContenders = []managerContender{
	{"plain", func(s session.SessionStore, o managerOptions) manager {
		return plain.NewManager(s, plain.Config{MaxDetached: o.maxDetached, Window: o.window, Policy: o.policy})
	}},
	{"limpet", func(s session.SessionStore, o managerOptions) manager {
		return session.NewManager(s, session.ManagerConfig{
			MaxDetachedSessions: o.maxDetached,
			MaxDetachedBytes:    -1,
			MaxUnsavedBytes:     -1,
			MaxSessionsPerIP:    -1,
			ResumeWindow:        o.window,
			CleanupInterval:     o.cleanup,
			EvictionPolicy:      o.policy,
		}, nil)
	}},
}

// discard is a store that takes everything at once and has nothing.
type discard struct{}

func (discard) Save(context.Context, string, []byte, time.Time) error         { return nil }
func (discard) Load(context.Context, string) ([]byte, error)                  { return nil, nil }
func (discard) Delete(context.Context, string) error                          { return nil }
func (discard) Touch(context.Context, string, time.Time) error                { return nil }
func (discard) SaveAll(context.Context, map[string]session.SessionData) error { return nil }
func (discard) Close() error                                                  { return nil }

// managerSizes are how many sessions a manager holds.
func managerSizes() []int {
	if *big {
		return []int{1e5, 1e6}
	}
	return []int{1e5}
}

func eachManager(b *testing.B, run func(b *testing.B, m manager, ids []string)) {
	for _, n := range managerSizes() {
		for _, c := range managerContenders {
			ids := makeIDs(n)
			m := c.open(discard{}, managerOptions{maxDetached: -1, window: time.Hour})
			connect(b, m, ids)
			rand.New(rand.NewPCG(7, 8)).Shuffle(n, func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
			b.Run(fmt.Sprintf("n=%d/impl=%s", n, c.impl), func(b *testing.B) {
				b.ReportAllocs()
				run(b, m, ids)
			})
			shutdown(b, m)
		}
	}
}

// connect registers sessions of many addresses and ages.
func connect(b *testing.B, m manager, ids []string) {
	b.Helper()
	r, now := rand.New(rand.NewPCG(9, 10)), time.Now()
	for i, id := range ids {
		sess := session.ManagedSession{
			ID:        id,
			IP:        fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255),
			CreatedAt: now.Add(-time.Duration(r.Int64N(int64(time.Hour)))),
		}
		if err := m.Register(&sess); err != nil {
			b.Fatal(err)
		}
	}
}

func disconnect(m manager, ids []string, data []byte) {
	visit(ids, func(id string) { m.OnDisconnect(id, data) })
}

func reconnect(b *testing.B, m manager, ids []string, size int) {
	visit(ids, func(id string) {
		if _, data, err := m.OnReconnect(id); len(data) != size || err != nil {
			b.Errorf("reconnected with %d bytes, %v", len(data), err)
		}
	})
}

// settle returns when the manager has nothing left to save.
func settle(m manager) {
	if m, ok := m.(interface{ Wait() }); ok {
		m.Wait()
		return
	}
	for m.Stats().Unsaved > 0 {
		<-time.After(100 * time.Microsecond)
	}
}

func shutdown(b *testing.B, m manager) {
	b.Helper()
	if err := m.Shutdown(context.Background()); err != nil {
		b.Error(err)
	}
}

// BenchmarkManagerOnDisconnect also reports, as settled-ns/op, the time until everything was saved in a store that
// takes everything at once; the processor time includes that.
func BenchmarkManagerOnDisconnect(b *testing.B) {
	data := payload(sessionBytes)
	eachManager(b, func(b *testing.B, m manager, ids []string) {
		b.StopTimer()
		var settled, cpu time.Duration
		for left := b.N; left > 0; left -= len(ids) {
			part := ids[:min(left, len(ids))]
			data[0]++ // a state that did not change is not saved again
			start, cpuStart := time.Now(), processorTime()
			b.StartTimer()
			disconnect(m, part, data)
			b.StopTimer()
			settle(m)
			settled, cpu = settled+time.Since(start), cpu+processorTime()-cpuStart
			reconnect(b, m, part, len(data))
		}
		b.ReportMetric(float64(settled)/float64(b.N), "settled-ns/op")
		b.ReportMetric(float64(cpu)/float64(b.N), "cpu-ns/op")
	})
}

func BenchmarkManagerOnReconnect(b *testing.B) {
	data := payload(sessionBytes)
	eachManager(b, func(b *testing.B, m manager, ids []string) {
		b.StopTimer()
		var cpu time.Duration
		for left := b.N; left > 0; left -= len(ids) {
			part := ids[:min(left, len(ids))]
			data[0]++
			disconnect(m, part, data)
			settle(m)
			cpuStart := processorTime()
			b.StartTimer()
			reconnect(b, m, part, len(data))
			b.StopTimer()
			cpu += processorTime() - cpuStart
		}
		b.ReportMetric(float64(cpu)/float64(b.N), "cpu-ns/op")
	})
}

func BenchmarkManagerStats(b *testing.B) {
	eachManager(b, func(b *testing.B, m manager, ids []string) {
		for b.Loop() {
			if st := m.Stats(); st.Total != len(ids) {
				b.Fatalf("%d of %d sessions", st.Total, len(ids))
			}
		}
	})
}

// BenchmarkManagerEvict registers and disconnects a new session, which evicts another one. Under "none" nothing is
// evicted: the difference is what an eviction takes.
func BenchmarkManagerEvict(b *testing.B) {
	for _, n := range managerSizes() {
		for _, policy := range []string{"none", "lru", "oldest", "random"} {
			o := managerOptions{maxDetached: n, window: time.Hour, policy: policies[policy]}
			if policy == "none" {
				o.maxDetached = -1
			}
			for _, c := range managerContenders {
				evict(b, fmt.Sprintf("n=%d/policy=%s/impl=%s", n, policy, c.impl), c.open(discard{}, o), n)
			}
		}
	}
}

var policies = map[string]session.EvictionPolicy{
	"lru": session.EvictionLRU, "oldest": session.EvictionOldest, "random": session.EvictionRandom,
}

func evict(b *testing.B, name string, m manager, n int) {
	ids, data := makeIDs(n), payload(64)
	connect(b, m, ids)
	disconnect(m, ids, data)
	settle(m)
	next := 0
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		defer reportProcessorTime(b)()
		for b.Loop() {
			next++
			id := strconv.Itoa(next)
			if err := m.Register(&session.ManagedSession{ID: id, IP: "10.1.2.3"}); err != nil {
				b.Fatal(err)
			}
			m.OnDisconnect(id, data)
		}
	})
	shutdown(b, m)
}
