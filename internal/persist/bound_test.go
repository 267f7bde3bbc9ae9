package persist_test

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpet-go/limpet/internal/persist"
)

// cost is what the limit counts for each session beside its bytes.
const cost = 256

// idsOf returns the IDs of writes in their order.
func idsOf(ws []persist.Write) (ids []string) {
	for _, w := range ws {
		ids = append(ids, w.ID)
	}
	return ids
}

// outage makes every call fail, and has one session in flight or waiting for another try.
func outage(p *persist.Pipeline, s *store) {
	s.set(func() { s.fail = func(persist.Write) error { return errDown } })
	p.Put(remove("first"))
	after(time.Second)
}

func TestTheLimitCountsTouchesAndDeletesAndTakesTouchesFirst(t *testing.T) {
	bubble(t, persist.Config{MaxBytes: 10*cost + 200}, func(t *testing.T, p *persist.Pipeline, s *store) {
		outage(p, s)
		var lost []persist.Write
		put := func(w persist.Write) {
			_, out := p.Put(w)
			lost = append(lost, out...)
			if st := p.Stats(); st.Bytes+int64(st.Sessions)*cost > 10*cost+200 {
				t.Errorf("%+v after %s", st, w.ID)
			}
		}
		for i := range 4 {
			put(touch(fmt.Sprint("touch", i), time.Hour))
			put(save(fmt.Sprint("save", i), "0123456789"))
		}
		if len(lost) != 0 {
			t.Fatalf("lost %q below the limit", idsOf(lost))
		}
		for i := range 4 {
			p.Put(remove(fmt.Sprint("delete", i))) // these push nothing out
		}
		put(save("last", "0123456789"))
		if want := []string{"touch0", "touch1", "touch2", "touch3"}; !slices.Equal(idsOf(lost), want) {
			t.Errorf("lost %q, want the touches", idsOf(lost))
		}
		lost = nil
		for i := range 3 {
			put(save(fmt.Sprint("later", i), "0123456789"))
		}
		if n := len(lost); n < 2 || n > 3 || lost[n-1].Op != persist.Save || slices.Contains(idsOf(lost), "last") {
			t.Errorf("lost %q, want the oldest saves", idsOf(lost))
		}
		s.set(func() { s.fail = nil })
		after(time.Minute)
		for i := range 4 {
			if !slices.Contains(s.done, fmt.Sprintf("delete%d:delete", i)) {
				t.Errorf("delete %d was given up", i)
			}
		}
	})
}

func TestDeletesAreKeptPastTheLimit(t *testing.T) {
	bubble(t, persist.Config{MaxBytes: 4 * cost}, func(t *testing.T, p *persist.Pipeline, s *store) {
		outage(p, s)
		for i := range 100 {
			p.Put(remove(fmt.Sprint(i)))
		}
		_, done, lost := p.PutWait(save("x", "x"))
		if err := <-done; len(lost) != 1 || err != persist.ErrOverflow {
			t.Errorf("lost %q, outcome %v", idsOf(lost), err)
		}
		s.set(func() { s.fail = nil })
		after(time.Minute)
		if len(s.done) != 101 {
			t.Errorf("%d of 101 deletes", len(s.done))
		}
	})
}

func TestATouchOfASessionInFlightIsNotPushedOut(t *testing.T) {
	bubble(t, persist.Config{MaxBytes: 2 * cost}, func(t *testing.T, p *persist.Pipeline, s *store) {
		p.Put(save("a", ""))
		synctest.Wait()
		p.Put(touch("a", 2*time.Hour))
		_, lost := p.Put(touch("b", time.Hour))
		_, more := p.Put(touch("c", time.Hour))
		if !slices.Equal(idsOf(append(lost, more...)), []string{"b"}) {
			t.Errorf("lost %q, then %q, want b: the touch of a would free nothing", idsOf(lost), idsOf(more))
		}
	})
}

// What is pushed out leaves nothing behind, however long an outage lasts.
func TestAnOutageOfManySessionsKeepsNoMemoryBeyondTheLimit(t *testing.T) {
	const limit = 1000 * cost
	bubble(t, persist.Config{MaxBytes: limit}, func(t *testing.T, p *persist.Pipeline, s *store) {
		outage(p, s)
		fill := func(n int) {
			for i := range n {
				if i%2 == 0 {
					p.Put(touch(fmt.Sprint("t", i), time.Hour))
				} else {
					p.Put(save(fmt.Sprint("s", i), "0123456789"))
				}
			}
		}
		fill(2000)
		before := heap()
		fill(200_000)
		if grown := heap() - before; grown > limit {
			t.Errorf("the heap grew by %d bytes with a limit of %d", grown, limit)
		}
		if st := p.Stats(); st.Sessions > 1000 {
			t.Errorf("stats %+v", st)
		}
		s.set(func() { s.fail = nil })
	})
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestStatsSayHowLongTheStoreIsBehind(t *testing.T) {
	bubble(t, persist.Config{}, func(t *testing.T, p *persist.Pipeline, s *store) {
		oldest := func(want time.Duration) {
			t.Helper()
			if got := p.Stats().Oldest; got != want {
				t.Errorf("oldest %v, want %v", got, want)
			}
		}
		oldest(0)
		s.set(func() { s.fail = func(persist.Write) error { return errDown } })
		p.Put(save("a", "1"))
		after(time.Minute)
		p.Put(save("b", "1"))
		p.Put(save("a", "2")) // a still waits
		after(time.Minute)
		oldest(2 * time.Minute)
		p.Put(remove("a"))
		oldest(2 * time.Minute)
		s.set(func() { s.fail = nil })
		after(10 * time.Second)
		oldest(0)
		s.set(func() { s.latency = time.Second }) // a state that changes faster than it can be saved
		for range 20 {
			p.Put(save("c", "x"))
			after(300 * time.Millisecond)
			if got := p.Stats().Oldest; got > 2*time.Second {
				t.Errorf("oldest %v with a store that takes a second", got)
			}
		}
	})
}

func TestAfterAnOutageWhatWasRefusedWithOthersGoesInBatchesAgain(t *testing.T) {
	bubble(t, persist.Config{Workers: 1}, func(t *testing.T, p *persist.Pipeline, s *store) {
		refuse := true
		s.fail = func(persist.Write) error {
			if len(s.calls[len(s.calls)-1]) > 1 && refuse {
				return errRefused
			}
			if len(s.calls) > 1 {
				return errDown
			}
			return nil
		}
		busy(p)
		for i := range 100 {
			p.Put(save(fmt.Sprint(i), "x"))
		}
		after(5 * time.Minute) // each was tried alone
		refuse = false
		calls := 0
		s.set(func() { s.fail, calls = nil, len(s.calls) })
		after(time.Minute)
		if n := len(s.calls) - calls; len(s.done) != 101 || n > 60 {
			t.Errorf("%d of 101 sessions in %d calls", len(s.done), n)
		}
	})
}

func TestAfterAnOutageTheQueueDrainsWithFewAndGrowingCalls(t *testing.T) {
	const sessions = 20_000
	bubble(t, persist.Config{}, func(t *testing.T, p *persist.Pipeline, s *store) {
		s.fail = func(persist.Write) error { return errDown }
		for i := range sessions {
			w := save(fmt.Sprint(i), "x")
			w.Expires = time.Now().Add(24 * time.Hour)
			p.Put(w)
		}
		after(time.Hour)
		if per := float64(len(s.calls)) / 3600; per > 3 {
			t.Errorf("%.1f calls a second in an outage", per)
		}
		for _, ids := range s.calls[20:] {
			if len(ids) != 1 {
				t.Fatalf("the store is probed with %d sessions", len(ids))
			}
		}
		s.set(func() { s.fail, s.calls, s.most = nil, nil, 0 })
		after(10 * time.Second)
		if len(s.done) != sessions || s.most > 8 {
			t.Errorf("%d of %d sessions, %d calls at once", len(s.done), sessions, s.most)
		}
		for i, ids := range s.calls[:8] {
			if n := len(ids); n > 1<<i {
				t.Errorf("call %d after the outage is of %d sessions", i, n)
			}
		}
	})
}
