package session

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

func newShard() *memoryShard {
	s := &memoryShard{open: true}
	s.data.Tagged = true
	return s
}

// modelSession is what a plain map keeps of a session.
type modelSession struct {
	data     []byte
	deadline time.Duration
}

// shardModel makes the same calls on a shard and on a plain map.
type shardModel struct {
	t      *testing.T
	shard  *memoryShard
	plain  map[string]modelSession
	now    time.Duration
	hashes uint32 // how many there are
}

// hash makes many sessions share one when there are few of them.
func (m *shardModel) hash(id string) uint32 {
	h := uint32(2166136261)
	for i := range len(id) {
		h = (h ^ uint32(id[i])) * 16777619
	}
	return h % m.hashes
}

func (m *shardModel) save(id string, data []byte, deadline time.Duration) {
	if err := m.shard.save(m.hash(id), id, data, m.now, deadline); err != nil {
		m.t.Fatal(err)
	}
	if m.plain[id] = (modelSession{bytes.Clone(data), deadline}); deadline <= m.now {
		delete(m.plain, id)
	}
}

func (m *shardModel) touch(id string, deadline time.Duration) {
	m.shard.touch(m.hash(id), id, m.now, deadline)
	if was, ok := m.plain[id]; ok && was.deadline > m.now {
		if m.plain[id] = (modelSession{was.data, deadline}); deadline <= m.now {
			delete(m.plain, id)
		}
	}
}

func (m *shardModel) remove(id string) {
	m.shard.remove(m.shard.find(m.hash(id), id))
	delete(m.plain, id)
}

func (m *shardModel) sweep() {
	for m.shard.sweep(m.now, 5) {
	}
	for id, p := range m.plain {
		if p.deadline <= m.now {
			delete(m.plain, id)
		}
	}
}

// TestShardAgainstModel makes random calls on one shard and on a plain map, and compares them.
func TestShardAgainstModel(t *testing.T) {
	for name, hashes := range map[string]uint32{"spread": 1<<32 - 1, "few hashes": 7, "one hash": 1} {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			m := &shardModel{t: t, shard: newShard(), plain: map[string]modelSession{}, hashes: hashes}
			for i := range 30_000 {
				id := fmt.Sprint("s", rng.IntN(300))
				deadline := m.now + time.Duration(rng.IntN(2000)-200)
				switch rng.IntN(10) {
				case 0, 1, 2, 3:
					m.save(id, someData(rng), deadline)
				case 4, 5, 6:
					m.touch(id, deadline)
				case 7:
					m.remove(id)
				case 8:
					m.now += time.Duration(rng.IntN(100))
				case 9:
					m.sweep()
				}
				if i%200 == 0 {
					m.check()
				}
			}
			m.check()
		})
	}
}

// someData is mostly small, as blocks of its size and content tell whose it is.
func someData(rng *rand.Rand) []byte {
	data := make([]byte, rng.IntN(1<<rng.IntN(15)))
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	return data
}

// FuzzShard makes the calls that the input names: two bytes each, the call and the session, and one of its size.
func FuzzShard(f *testing.F) {
	f.Add([]byte{0, 1, 200, 0, 2, 3, 2, 1, 0, 3, 9, 9, 4, 0, 0})
	f.Add(bytes.Repeat([]byte{0, 1, 255, 2, 1, 0}, 50))
	f.Fuzz(func(t *testing.T, calls []byte) {
		m := &shardModel{t: t, shard: newShard(), plain: map[string]modelSession{}, hashes: 3}
		for ; len(calls) >= 3; calls = calls[3:] {
			id, n := fmt.Sprint("s", calls[1]%64), int(calls[2])
			switch calls[0] % 5 {
			case 0:
				m.save(id, bytes.Repeat([]byte{calls[1], calls[2]}, n*n), m.now+time.Duration(n))
			case 1:
				m.touch(id, m.now+time.Duration(n)-10)
			case 2:
				m.remove(id)
			case 3:
				m.now += time.Duration(n)
			case 4:
				m.sweep()
			}
		}
		m.check()
	})
}

// check checks that the shard holds what the plain map does, and that its parts agree with each other.
func (m *shardModel) check() {
	m.t.Helper()
	if m.shard.count() != len(m.plain) {
		m.t.Fatalf("%d sessions; want %d", m.shard.count(), len(m.plain))
	}
	for id, want := range m.plain {
		h, r := m.shard.find(m.hash(id), id)
		if r == nil || r.deadline() != want.deadline || !bytes.Equal(m.shard.read(r), want.data) {
			m.t.Fatalf("session %s: handle %d; want deadline %v and %d bytes", id, h, want.deadline, len(want.data))
		}
		if r.place() >= m.shard.count() || m.shard.queue.nodes.At(r.place()).record != h {
			m.t.Fatalf("session %s is not where it says it is in the queue", id)
		}
	}
	for i := range m.shard.count() {
		n, above := m.shard.queue.nodes.At(i), m.shard.queue.nodes.At(max(0, i-1)/4)
		if r := m.shard.record(n.record); n.at > r.deadline() || n.at < above.at {
			m.t.Fatalf("node %d is at %v, its session's deadline is %v, the node above is at %v", i, n.at, r.deadline(), above.at)
		}
	}
	if chains, n := m.shard.heads.Len(), m.shard.count(); chains > 4*n {
		m.t.Fatalf("%d chains for %d sessions", chains, n)
	}
}

// A shard takes back memory as sessions go, in whatever order, and keeps nothing for none.
func TestShardGivesMemoryBack(t *testing.T) {
	const n, size = 20_000, 1000
	s := newShard()
	rng := rand.New(rand.NewPCG(3, 4))
	for _, i := range rng.Perm(n) {
		if err := s.save(spread(i), fmt.Sprint(i), make([]byte, size), 0, 1); err != nil {
			t.Fatal(err)
		}
	}
	for left, i := n, 0; left > 0; i++ {
		s.remove(s.find(spread(i), fmt.Sprint(i)))
		if left--; (s.records.Held() + s.data.Held()) > left*1100+300<<10 {
			t.Fatalf("%d sessions of %d bytes hold %d", left, size, (s.records.Held() + s.data.Held()))
		}
	}
	if (s.records.Held()+s.data.Held()) != 0 || s.heads.Len() != 0 || s.queue.len() != 0 {
		t.Errorf("an empty shard holds %d bytes, %d chains", (s.records.Held() + s.data.Held()), s.heads.Len())
	}
}

func TestShardGivesALargeBlockBack(t *testing.T) {
	s := newShard()
	for _, size := range []int{1 << 20, 1 << 17, 1 << 12, 0} {
		if err := s.save(1, "a", make([]byte, size), 0, 1); err != nil {
			t.Fatal(err)
		}
		if held := (s.records.Held() + s.data.Held()); held > size+size/16+200<<10 {
			t.Errorf("a session of %d bytes holds %d", size, held)
		}
	}
}

// A store that is full keeps what it has, and says so.
func TestShardThatIsFull(t *testing.T) {
	s := newShard()
	s.data.MaxPages = 2
	large := bytes.Repeat([]byte("x"), 20<<10)
	for id, want := range map[string]error{"a": nil, "b": nil} {
		if err := s.save(1, id, large, 0, 1); err != want {
			t.Fatalf("session %s: %v; want %v", id, err, want)
		}
	}
	if err := s.save(1, "c", large, 0, 1); err != errMemoryFull || s.count() != 2 {
		t.Errorf("a third session: %v, %d sessions; want %v and 2", err, s.count(), errMemoryFull)
	}
	if err := s.save(1, "a", make([]byte, 10), 0, 1); err != errMemoryFull {
		t.Errorf("a session of another size: %v; want %v", err, errMemoryFull)
	}
	if _, r := s.find(1, "a"); !bytes.Equal(s.read(r), large) {
		t.Errorf("what was there is gone")
	}
}
