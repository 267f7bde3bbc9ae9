package evict_test

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"

	"github.com/limpet-go/limpet/internal/evict"
)

// thing is what a test puts in a queue; used is what a naive policy needs to know of it.
type thing struct {
	name  string
	age   int64
	group string
	used  int
	links evict.Links[thing]
}

func (x *thing) EvictLinks() *evict.Links[thing] { return &x.links }

func (x *thing) EvictAge() int64 { return x.age }

func groupOf(x *thing) string { return x.group }

// naive says which of some things may go first.
type naive func(in []*thing) []*thing

func least(by func(*thing) int64) naive {
	return func(in []*thing) (first []*thing) {
		low := by(slices.MinFunc(in, func(a, b *thing) int { return int(by(a) - by(b)) }))
		for _, x := range in {
			if by(x) == low {
				first = append(first, x)
			}
		}
		return first
	}
}

func fair(in []*thing) (first []*thing) {
	sizes := map[string]int{}
	most := 0
	for _, x := range in {
		sizes[x.group]++
		most = max(most, sizes[x.group])
	}
	for group, size := range sizes {
		if size != most {
			continue
		}
		var members []*thing
		for _, x := range in {
			if x.group == group {
				members = append(members, x)
			}
		}
		first = append(first, least(func(x *thing) int64 { return int64(x.used) })(members)...)
	}
	return first
}

func TestEachPolicyAgreesWithANaiveOne(t *testing.T) {
	for name, policy := range map[string]struct {
		queue evict.Queue[thing]
		naive naive
	}{
		"lru":    {evict.NewLRU[thing](), least(func(x *thing) int64 { return int64(x.used) })},
		"oldest": {evict.NewOldest[thing](), least(func(x *thing) int64 { return x.age })},
		"random": {evict.NewRandom[thing](rand.Intn), func(in []*thing) []*thing { return in }},
		"fair":   {evict.NewFair(groupOf), fair},
	} {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewSource(1))
			var all []*thing
			for i := range 40 {
				all = append(all, &thing{name: fmt.Sprint(i), age: int64(r.Intn(20)), group: fmt.Sprint(r.Intn(5))})
			}
			var in []*thing
			for clock := range 20000 {
				x := all[r.Intn(len(all))]
				switch was := slices.Index(in, x); r.Intn(4) {
				case 0, 1:
					policy.queue.Add(x)
					if was < 0 {
						x.used, in = clock, append(in, x)
					}
				case 2:
					policy.queue.Remove(x)
					if was >= 0 {
						in = slices.Delete(in, was, was+1)
					}
				case 3:
					policy.queue.Touch(x)
					x.used = clock
				}
				check(t, policy.queue, policy.naive, x, in)
			}
		})
	}
}

func check(t *testing.T, q evict.Queue[thing], policy naive, x *thing, in []*thing) {
	t.Helper()
	if q.Len() != len(in) || x.links.Queued() != slices.Contains(in, x) {
		t.Fatalf("%d items, want %d; queued %v", q.Len(), len(in), x.links.Queued())
	}
	next := q.Next()
	if len(in) == 0 {
		if next != nil {
			t.Fatal("an item of an empty queue")
		}
		return
	}
	if !slices.Contains(policy(in), next) {
		t.Fatalf("next is %s, which does not go first", next.name)
	}
}

func TestRandomGivesEveryItemTheSameChance(t *testing.T) {
	q := evict.NewRandom[thing](rand.New(rand.NewSource(1)).Intn)
	counts := map[*thing]int{}
	for range 10 {
		q.Add(&thing{})
	}
	for range 10000 {
		counts[q.Next()]++
	}
	for _, n := range counts {
		if n < 850 || n > 1150 {
			t.Errorf("one of ten came %d times in 10000", n)
		}
	}
}
