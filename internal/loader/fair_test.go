package loader

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestGroupsTakeTurns(t *testing.T) {
	run(t, Config{MaxCalls: 1, BatchSize: 5}, func(tr *trial) {
		open := tr.store.close()
		tr.get("", "first")
		tr.get("a", "a1", "a2", "a3", "a4", "a5")
		tr.get("b", "b1", "b2")
		tr.get("c", "c1")
		open()
		tr.wantCalls("first", "a1,b1,c1,a2,b2", "a3,a4,a5")
	})
}

func TestAGroupMayHaveAShareOfWhatWaits(t *testing.T) {
	run(t, Config{MaxCalls: 1, MaxWaiting: 3200}, func(tr *trial) {
		defer tr.store.close()()
		tr.get("a", named("a", 300)...)
		tr.get("b", named("b", 200)...)
		tr.get("", named("s", 3000)...)
		synctest.Wait()
		if s := tr.Stats(); s.Waiting != 3200 || s.Refused != 300 {
			tr.Errorf("stats %+v", s)
		}
		tr.want("", named("a", 200)...)
		tr.want("", named("b", 200)...)
		tr.want("", named("s", 2800)...)
	})
}

func TestASmallLimitIsNotOneGroups(t *testing.T) {
	run(t, Config{MaxCalls: 1, MaxWaiting: 10}, func(tr *trial) {
		defer tr.store.close()()
		tr.get("a", named("a", 20)...)
		tr.get("b", named("b", 20)...)
		synctest.Wait()
		tr.want("", named("a", 5)...)
		tr.want("", named("b", 5)...)
		if s := tr.Stats(); s.Waiting != 10 || s.Refused != 30 {
			tr.Errorf("stats %+v", s)
		}
	})
}

// calls is how many calls were made.
func (tr *trial) calls() (n int) {
	synctest.Wait()
	tr.store.with(func() { n = len(tr.store.calls) })
	return n
}

// flying is how many loads of a group are under way.
func (tr *trial) flying(name string) int {
	synctest.Wait()
	tr.Loader.mu.Lock()
	defer tr.Loader.mu.Unlock()
	if g := tr.groups[name]; g != nil {
		return g.flying
	}
	return 0
}

func TestAGroupWhoseLoadsAreFoundMayHaveMoreUnderWay(t *testing.T) {
	run(t, Config{MaxCalls: 4}, func(tr *trial) {
		tr.store.call = time.Millisecond
		tr.get("office", named("s", 600)...)
		var most []int
		for range 8 {
			most = append(most, tr.flying("office"))
			after(time.Millisecond)
		}
		if !slices.IsSorted(most[:6]) || most[0] > newWindow || slices.Max(most) < 8*newWindow {
			tr.Errorf("under way: %v", most)
		}
		after(time.Second)
		tr.want("data", named("s", 600)...)
		if n := tr.calls(); n > 40 {
			tr.Errorf("%d calls", n)
		}
	})
}

func TestFewGroupsAreRemembered(t *testing.T) {
	run(t, Config{}, func(tr *trial) {
		for i := range 3 * mostRemember {
			tr.get(fmt.Sprint("bad", i), "none")
			synctest.Wait()
		}
		if n := tr.resting.Len(); n != mostRemember {
			tr.Errorf("%d are remembered", n)
		}
		tr.get("good", "a")
		synctest.Wait()
		if tr.groups["good"] != nil {
			tr.Error("a group of which nothing bad is known is remembered")
		}
	})
}

func TestErrorsTeachNothing(t *testing.T) {
	run(t, Config{}, func(tr *trial) {
		tr.store.fail = errDown
		tr.get("g", named("s", 100)...)
		tr.want("store: down", named("s", 100)...)
		if n := tr.resting.Len(); n != 0 {
			tr.Errorf("%d groups are remembered for an outage", n)
		}
	})
}

func TestAFloodFromOneAddressDoesNotSlowTheOthers(t *testing.T) {
	for name, store := range map[string]Store{"batches": nil, "single": (*fakeStore)(nil)} {
		t.Run(name, func(t *testing.T) {
			quiet := honest(t, store, 0)
			flooded := honest(t, store, 100_000)
			t.Logf("p99 %v, with a flood %v", quiet, flooded)
			if flooded > 2*quiet {
				t.Errorf("p99 of the others %v, without the flood %v", flooded, quiet)
			}
		})
	}
}

// honest returns the 99th percentile of the waits of 5,000 callers from addresses of their own, five a millisecond,
// while a flood of unknown IDs comes from one address.
func honest(t *testing.T, store Store, flood int) time.Duration {
	var p99 time.Duration
	run(t, Config{Store: store}, func(tr *trial) {
		tr.store.call, tr.store.load = time.Millisecond, 20*time.Microsecond
		for i := range 5000 {
			for j := range flood / 5000 {
				tr.get("bad", fmt.Sprint("no", i, "-", j))
			}
			tr.get(fmt.Sprint("address", i), fmt.Sprint("s", i))
			if i%5 == 4 {
				after(time.Millisecond)
			}
		}
		after(20 * time.Second)
		var waits []time.Duration
		for id, wait := range tr.waits {
			if strings.HasPrefix(id, "s") {
				waits = append(waits, wait)
			}
		}
		slices.Sort(waits)
		p99 = waits[len(waits)*99/100]
		tr.want("data", named("s", 5000)...)
	})
	return p99
}
