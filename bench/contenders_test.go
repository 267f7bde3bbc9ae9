package bench

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/limpet-go/limpet/bench/peers"
	"github.com/limpet-go/limpet/bench/plain"
	"github.com/limpet-go/limpet/session"
)

// big adds the sizes that take minutes.
var big = flag.Bool("big", false, "benchmark a million sessions too")

// callers is how many goroutines call a contender at once.
const callers = 8

// store is what all contenders to MemoryStore have in common.
type store interface {
	Save(ctx context.Context, id string, data []byte, expiresAt time.Time) error
	Load(ctx context.Context, id string) ([]byte, error)
	Touch(ctx context.Context, id string, expiresAt time.Time) error
	Close() error
}

type storeContender struct {
	impl string
	open func() store
}

var storeContenders = []storeContender{
	{"plain", func() store { return plain.NewStore() }},
	{"limpet", func() store { return session.NewMemoryStore() }},
	{"xsync", func() store { return peers.NewXSync() }},
	{"otter", func() store { return peers.NewOtter() }},
	{"scs", func() store { return peers.NewSCS() }},
	{"floor", func() store { return peers.NewFloor() }},
}

// makeIDs returns n different session IDs of 32 bytes, the same ones at every call.
func makeIDs(n int) []string {
	r := rand.New(rand.NewPCG(1, 2))
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%016x%016x", r.Uint64(), uint64(i))
	}
	return ids
}

// payload returns n bytes that are not all the same.
func payload(n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(i * 7)
	}
	return data
}

// fill saves data under every ID until an hour from now.
func fill(b *testing.B, s store, ids []string, data []byte) {
	b.Helper()
	expires := time.Now().Add(time.Hour)
	for _, id := range ids {
		if err := s.Save(context.Background(), id, data, expires); err != nil {
			b.Fatal(err)
		}
	}
}

// share runs op n times in all, on several goroutines, each with IDs of its own in random order.
func share(n int, ids []string, op func(id string)) {
	var wg sync.WaitGroup
	for c := range callers {
		own := ids[c*len(ids)/callers : (c+1)*len(ids)/callers]
		calls := (c+1)*n/callers - c*n/callers
		wg.Go(func() {
			r := rand.New(rand.NewPCG(3, uint64(c)))
			for range calls {
				op(own[r.IntN(len(own))])
			}
		})
	}
	wg.Wait()
}

// reportProcessorTime reports the processor time of an operation beside the time on the clock: a machine that does
// other things as well disturbs it less. Waiting for a lock does not count.
func reportProcessorTime(b *testing.B) (stop func()) {
	start := processorTime()
	return func() { b.ReportMetric(float64(processorTime()-start)/float64(b.N), "cpu-ns/op") }
}

// visit runs op once for each ID, on several goroutines.
func visit(ids []string, op func(id string)) {
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for _, id := range ids[c*len(ids)/callers : (c+1)*len(ids)/callers] {
				op(id)
			}
		})
	}
	wg.Wait()
}

func TestStoreContendersDoTheSameWork(t *testing.T) {
	ctx := context.Background()
	for _, c := range storeContenders {
		s := c.open()
		data := []byte("one")
		soon, late := time.Now().Add(50*time.Millisecond), time.Now().Add(time.Hour)
		for _, err := range []error{
			s.Save(ctx, "a", data, late), s.Save(ctx, "b", data, late), s.Touch(ctx, "b", soon),
			s.Save(ctx, "c", data, soon), s.Touch(ctx, "c", late),
		} {
			if err != nil {
				t.Errorf("%s: %v", c.impl, err)
			}
		}
		data[0] = 'X'
		for _, id := range []string{"a", "c"} {
			if got, err := s.Load(ctx, id); string(got) != "one" || err != nil {
				t.Errorf("%s: Load(%s) = %q, %v; want a copy of what was saved", c.impl, id, got, err)
			} else {
				got[0] = 'Y'
			}
		}
		if got, _ := s.Load(ctx, "a"); string(got) != "one" {
			t.Errorf("%s: Load gave out its own bytes", c.impl)
		}
		<-time.After(time.Until(soon) + time.Millisecond)
		if got, _ := s.Load(ctx, "b"); got != nil && c.impl != "floor" {
			t.Errorf("%s: Load of an expired session = %q", c.impl, got)
		}
		if got, _ := s.Load(ctx, "c"); string(got) != "one" {
			t.Errorf("%s: Touch did not extend", c.impl)
		}
		if err := s.Close(); err != nil {
			t.Errorf("%s: Close: %v", c.impl, err)
		}
	}
}
