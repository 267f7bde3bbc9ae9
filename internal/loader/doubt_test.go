package loader

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// wantSizes checks how many loads were in each call.
func (tr *trial) wantSizes(want ...int) {
	tr.Helper()
	synctest.Wait()
	tr.store.mu.Lock()
	defer tr.store.mu.Unlock()
	var got []int
	for _, ids := range tr.store.calls {
		got = append(got, len(ids))
	}
	if !slices.Equal(got, want) {
		tr.Errorf("calls of %v loads, want %v", got, want)
	}
}

// doubt has groups ask in vain until they are doubted.
func (tr *trial) doubt(groups ...string) {
	tr.store.call = time.Millisecond
	for _, group := range groups {
		tr.get(group, named("none-of-"+group, 50)...)
	}
	after(2 * time.Second)
	tr.store.with(func() { tr.store.calls, tr.store.call, tr.store.most = nil, 0, 0 })
}

func TestADoubtedGroupGoesAlongWithOthersOrAlone(t *testing.T) {
	run(t, Config{}, func(tr *trial) {
		tr.doubt("bad")
		open := tr.store.close()
		tr.get("good", "a")
		synctest.Wait()
		tr.get("bad", "no1", "no2", "no3")
		tr.wantCalls("a")
		tr.get("other", "b")
		tr.wantCalls("a", "no1,b")
		open()
		tr.wantCalls("a", "no1,b")
		after(pauseOf(1))
		tr.wantCalls("a", "no1,b", "no2,no3")
	})
}

func TestFewLoadsOfDoubtedGroupsGoAlong(t *testing.T) {
	run(t, Config{MaxCalls: 1}, func(tr *trial) {
		tr.doubt(named("bad", 20)...)
		open := tr.store.close()
		tr.get("good", "a")
		synctest.Wait()
		for _, group := range named("bad", 20) {
			tr.get(group, "no-"+group)
		}
		tr.get("good", "b", "c")
		open()
		synctest.Wait()
		tr.wantSizes(1, mostAlong+2)
		after(pauseOf(mostAlong))
		tr.wantSizes(1, mostAlong+2, 12)
	})
}

func TestWithoutBatchesDoubtedGroupsHaveOneCallAtATime(t *testing.T) {
	run(t, single, func(tr *trial) {
		tr.doubt(named("bad", 20)...)
		open := tr.store.close()
		tr.get("good", named("s", 8)...)
		for _, group := range named("bad", 20) {
			tr.get(group, "no-"+group)
		}
		after(time.Second)
		if tr.store.most != 9 {
			tr.Errorf("%d calls at once, want 8 and one", tr.store.most)
		}
		open()
	})
}

func TestDoubtedGroupsAloneAreNotAskedForAllTheTime(t *testing.T) {
	run(t, Config{}, func(tr *trial) {
		tr.doubt("bad", "worse")
		tr.store.call = time.Millisecond
		tr.get("bad", named("no", 200)...)
		tr.get("worse", named("none", 8)...)
		tr.wantSizes(1)
		after(doubtedEvery - time.Millisecond)
		tr.wantSizes(1)
		after(time.Millisecond)
		tr.wantSizes(1, 32+8)
		for range 3 {
			after(doubtedEvery)
		}
		after(time.Millisecond)
		tr.wantSizes(1, 32+8, mostAlone, mostAlone, 208-1-40-2*mostAlone)
		tr.want("missing", named("no", 200)...)

		after(doubtedEvery) // after a pause the first goes at once
		tr.get("worse", "none")
		tr.wantSizes(1, 32+8, mostAlone, mostAlone, 208-1-40-2*mostAlone, 1)
		after(time.Millisecond)
		tr.want("missing", "none")
	})
}

func TestWithoutBatchesDoubtedGroupsWaitBetweenLoads(t *testing.T) {
	run(t, single, func(tr *trial) {
		tr.doubt("bad")
		tr.get("bad", named("no", 200)...)
		after(doubtedEvery - time.Millisecond)
		if n := tr.calls(); n != mostAlone {
			tr.Errorf("%d calls in %v", n, doubtedEvery)
		}
		after(doubtedEvery)
		if n := tr.calls(); n > 2*mostAlone {
			tr.Errorf("%d calls in twice as long", n)
		}
		after(2 * doubtedEvery)
		tr.want("missing", named("no", 200)...)
	})
}

func TestAnInnocentCallerOfADoubtedGroupGetsIn(t *testing.T) {
	for name, store := range map[string]Store{"batches": nil, "single": (*fakeStore)(nil)} {
		t.Run(name, func(t *testing.T) {
			run(t, Config{Store: store}, func(tr *trial) {
				tr.doubt("office")
				tr.store.call = time.Millisecond
				tr.get("office", named("no", 600)...)
				tr.get("office", "sess")
				for range 24 {
					after(doubtedEvery / 2)
					tr.get("office", named("none", 32)...) // it never ends
				}
				tr.want("data", "sess")
				after(2 * time.Second)
				if wait, most := tr.waits["sess"], (600/mostAlone+2)*doubtedEvery; wait > most {
					tr.Errorf("it waited %v, want %v at most", wait, most)
				}
			})
		})
	}
}

func TestAGroupThatIsFoundAgainIsNotDoubted(t *testing.T) {
	run(t, Config{}, func(tr *trial) {
		tr.doubt("office")
		tr.store.call = time.Millisecond
		tr.get("office", named("s", 16)...)
		after(20 * time.Millisecond)
		tr.want("data", "s0")
		after(doubtedEvery)
		tr.get("office", named("t", 100)...)
		after(time.Millisecond)
		if n := tr.flying("office"); n < newWindow {
			tr.Errorf("%d under way", n)
		}
		after(time.Second)
	})
}

func TestADoubtedGroupIsToldToComeBackWhenItsTurnWouldBe(t *testing.T) {
	run(t, Config{}, func(tr *trial) {
		tr.doubt("bad")
		tr.store.call = time.Millisecond
		tr.get("bad", named("no", 625)...)
		synctest.Wait()
		for i := range 3 * mostAlone {
			want := doubtedEvery * time.Duration(625/2+mostAlone+i*2/3) / mostAlone
			if got := tr.refused("bad"); got < want*9/10 || got > want*11/10 {
				tr.Fatalf("%d: come back in %v, want about %v", i, got, want)
			}
		}
		after(2 * time.Second)
	})
}

func TestAGroupIsForgottenAfterAWhile(t *testing.T) {
	run(t, Config{}, func(tr *trial) {
		tr.store.call = time.Millisecond
		tr.get("bad", named("no", 50)...)
		after(time.Second)
		after(memory)
		tr.get("bad", named("s", 100)...)
		if n := tr.flying("bad"); n == 1 {
			tr.Error("it has one at a time still")
		}
		after(time.Second)
	})
}
