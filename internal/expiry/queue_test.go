package expiry_test

import (
	"math/rand"
	"slices"
	"testing"

	"github.com/limpet-go/limpet/internal/expiry"
)

type thing struct{ node expiry.Node[thing] }

func TestQueueKeepsTheOrderOfDeadlines(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	var q expiry.Queue[thing]
	var all [30]thing
	var in []*thing // in the order they must come out
	for range 20000 {
		x := &all[r.Intn(len(all))]
		x.node.Owner = x
		if i := slices.Index(in, x); i >= 0 {
			in = slices.Delete(in, i, i+1)
		}
		if r.Intn(3) == 0 {
			q.Remove(&x.node)
		} else {
			due := int64(r.Intn(50))
			q.Push(&x.node, due)
			at := 0
			for at < len(in) && in[at].node.Due() <= due {
				at++
			}
			in = slices.Insert(in, at, x)
		}
		if r.Intn(10) == 0 {
			in = pop(t, &q, in, int64(r.Intn(50)))
		}
		if q.Len() != len(in) || x.node.Queued() != slices.Contains(in, x) {
			t.Fatalf("%d nodes, want %d", q.Len(), len(in))
		}
		if n := q.First(); n == nil && len(in) > 0 || n != nil && n.Owner != in[0] {
			t.Fatal("another one is first")
		}
	}
}

// pop takes out all that is due and returns what must be left.
func pop(t *testing.T, q *expiry.Queue[thing], in []*thing, now int64) []*thing {
	t.Helper()
	for n := q.Pop(now); n != nil; n = q.Pop(now) {
		if len(in) == 0 || n.Owner != in[0] || n.Due() > now {
			t.Fatal("popped another one than the first that is due")
		}
		in = in[1:]
	}
	if len(in) > 0 && in[0].node.Due() <= now {
		t.Fatal("left one that is due")
	}
	return in
}

// placed is what a test puts in a line.
type placed struct{ place expiry.Links[placed] }

func (x *placed) ExpiryLinks() *expiry.Links[placed] { return &x.place }

func TestLineDoesAsAQueueDoes(t *testing.T) {
	r := rand.New(rand.NewSource(2))
	var q expiry.Queue[thing]
	var l expiry.Line[placed, *placed]
	var things [30]thing
	var all [30]placed
	index := func(n *expiry.Node[thing]) int {
		if n == nil {
			return -1
		}
		for i := range things {
			if &things[i] == n.Owner {
				return i
			}
		}
		return -1
	}
	place := func(x *placed) int {
		for i := range all {
			if &all[i] == x {
				return i
			}
		}
		return -1
	}
	for range 20000 {
		i, due := r.Intn(len(all)), int64(r.Intn(50))
		things[i].node.Owner = &things[i]
		switch r.Intn(6) {
		case 0:
			now := due
			if a, b := index(q.Pop(now)), place(l.Pop(now)); a != b {
				t.Fatalf("popped %d, want %d", b, a)
			}
		case 1, 2:
			q.Remove(&things[i].node)
			l.Remove(&all[i])
		default:
			q.Push(&things[i].node, due)
			l.Push(&all[i], due)
		}
		if l.Len() != q.Len() || l.Has(&all[i]) != things[i].node.Queued() || all[i].place.Due() != things[i].node.Due() {
			t.Fatalf("%d in the line, want %d", l.Len(), q.Len())
		}
		if a, b := index(q.First()), place(l.First()); a != b {
			t.Fatalf("%d is first, want %d", b, a)
		}
	}
}
