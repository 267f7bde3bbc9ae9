package proxy

import (
	"cmp"
	"hash/maphash"
	"slices"
	"sync"

	"github.com/limpet-go/limpet/cmd/limpet/internal/supervisor"
)

// buckets is how many groups the browsers fall into by the hash of their cookie. A group moves as a whole.
const buckets = 4096

// sticky remembers which process serves each group of browsers. A group stays with its process as long as that
// lives: two living nodes never hold the same tab, of which one may know less. When the process is dead the group
// goes to another node, even if its own is back already.
type sticky struct {
	seed maphash.Seed

	mu   sync.Mutex
	home [buckets]supervisor.Process
}

func newSticky() *sticky { return &sticky{seed: maphash.MakeSeed()} }

func (s *sticky) bucket(cookie string) int {
	return int(maphash.String(s.seed, cookie) % buckets)
}

// order sorts the live processes: the one to ask first comes first.
func (s *sticky) order(bucket int, live []supervisor.Process) {
	s.mu.Lock()
	home := s.home[bucket]
	s.mu.Unlock()
	rank := func(p supervisor.Process) int {
		switch {
		case p == home:
			return 0
		case p.Node != home.Node:
			return 1
		}
		return 2 // took the place of the one that died
	}
	slices.SortFunc(live, func(a, b supervisor.Process) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(s.weight(bucket, a.Node), s.weight(bucket, b.Node)))
	})
}

// settle notes who answered.
func (s *sticky) settle(bucket int, p supervisor.Process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.home[bucket] = p
}

// weight spreads the groups over the nodes.
func (s *sticky) weight(bucket, node int) uint64 {
	return maphash.Comparable(s.seed, [2]int{bucket, node})
}
