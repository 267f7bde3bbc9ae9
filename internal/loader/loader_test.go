package loader

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var errDown = errors.New("down")

// single says that the store makes no batches.
var single = Config{Store: (*fakeStore)(nil)}

func TestALoneLoadStartsAtOnceAndAlone(t *testing.T) {
	run(t, Config{}, func(tr *trial) {
		tr.store.call = time.Millisecond
		for _, id := range []string{"a", "b", "none"} {
			tr.get("g", id)
			after(time.Millisecond)
		}
		tr.want("data", "a", "b")
		tr.want("missing", "none")
		tr.wantCalls("a", "b", "none")
		if s := tr.Stats(); s != (Stats{Found: 2, Missed: 1}) {
			tr.Errorf("stats %+v", s)
		}
	})
}

func TestWhatWaitsGoesTogether(t *testing.T) {
	run(t, Config{MaxCalls: 2}, func(tr *trial) {
		open := tr.store.close()
		tr.get("g", "a")
		synctest.Wait()
		tr.get("g", "b", "c", "none", "e")
		tr.wantCalls("a", "b")
		if s := tr.Stats(); s.Waiting != 5 {
			tr.Errorf("%d wait", s.Waiting)
		}
		open()
		tr.wantCalls("a", "b", "c,none,e")
		tr.want("data", "a", "b", "c", "e")
		tr.want("missing", "none")
	})
}

func TestABatchHasALimitOfLoadsAndOfBytes(t *testing.T) {
	for _, cfg := range []Config{{MaxCalls: 1, BatchSize: 4}, {MaxCalls: 1, BatchBytes: 4000}} {
		run(t, cfg, func(tr *trial) {
			tr.store.size = 1000
			tr.get("", "first")
			synctest.Wait()
			open := tr.store.close()
			tr.get("", named("", 10)...)
			open()
			tr.wantCalls("first", "0", "1,2,3,4", "5,6,7,8", "9")
		})
	}
}

func TestAStoreWithoutBatchesIsAskedForEachBySixteenAtOnce(t *testing.T) {
	run(t, single, func(tr *trial) {
		tr.store.call = time.Millisecond
		tr.get("", named("s", 100)...)
		after(7 * time.Millisecond)
		tr.want("data", named("s", 100)...)
		if tr.store.most != 16 || len(tr.store.calls) != 100 {
			tr.Errorf("%d calls, %d at once", len(tr.store.calls), tr.store.most)
		}
	})
}

func TestNoLimitOfCalls(t *testing.T) {
	run(t, Config{MaxCalls: -1, MaxWaiting: -1, Timeout: -1}, func(tr *trial) {
		open := tr.store.close()
		tr.get("", named("s", 1000)...)
		synctest.Wait()
		if tr.store.most != 1000 {
			tr.Errorf("%d calls at once", tr.store.most)
		}
		open()
		tr.want("data", named("s", 1000)...)
	})
}

func TestCallersShareALoadThatTheySayTheyMay(t *testing.T) {
	run(t, Config{MaxCalls: 1}, func(tr *trial) {
		open := tr.store.close()
		first, err := tr.Enter("a", "g", nil)
		if err != nil {
			tr.Fatal(err)
		}
		for range 3 {
			if ld, err := tr.Enter("a", "other", first); ld != first || err != nil {
				tr.Errorf("joined %p, %v", ld, err)
			}
		}
		if other, err := tr.Enter("a", "g", nil); other == first || err != nil {
			tr.Errorf("not joined %p, %v", other, err)
		} else {
			go func() { _, _ = other.Wait(context.Background()) }()
		}
		if s := tr.Stats(); s.Waiting != 5 {
			tr.Errorf("%d wait", s.Waiting)
		}
		open()
		for range 4 {
			if r, err := first.Wait(context.Background()); string(r.Data) != "a" || r.Err != nil || err != nil {
				tr.Errorf("%+v, %v", r, err)
			}
		}
		if ld, err := tr.Enter("a", "g", first); ld != first || err != nil {
			tr.Errorf("a load whose result is there is not joined: %v", err)
		}
		tr.wantCalls("a", "a")
	})
}

func TestALoadThatNobodyWaitsForIsNotMadeNorJoined(t *testing.T) {
	run(t, Config{MaxCalls: 1}, func(tr *trial) {
		open := tr.store.close()
		ctx, cancel := context.WithCancel(context.Background())
		flying, _ := tr.Enter("a", "g", nil)
		queued, _ := tr.Enter("b", "g", nil)
		go func() { _, _ = flying.Wait(ctx) }()
		go func() { _, _ = queued.Wait(ctx) }()
		synctest.Wait()
		cancel()
		synctest.Wait()
		if !flying.Deserted() || !queued.Deserted() {
			tr.Error("somebody waits")
		}
		for _, old := range []*Load{flying, queued} {
			ld, err := tr.Enter(old.id+"2", "g", old)
			if ld == old || err != nil {
				tr.Errorf("joined a load that nobody waits for: %v", err)
			}
			go func() { _, _ = ld.Wait(context.Background()) }()
		}
		open()
		tr.wantCalls("a", "a2,b2")
		if !flying.Deserted() {
			tr.Error("since its call has ended, the result is somebody's")
		}
	})
}

func TestACallerLeavesWithItsContextAndTheOthersStay(t *testing.T) {
	run(t, Config{MaxCalls: 1}, func(tr *trial) {
		open := tr.store.close()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		tr.getWithin(ctx, "g", "a")
		tr.getWithin(ctx, "g", "b")
		tr.get("g", "c")
		after(time.Second)
		tr.want(context.DeadlineExceeded.Error(), "a", "b")
		tr.want("", "c")
		open()
		tr.want("data", "c")
		tr.wantCalls("a", "c")
	})
}

func TestTimeout(t *testing.T) {
	for _, deaf := range []bool{false, true} {
		run(t, Config{MaxCalls: 1, Timeout: time.Second}, func(tr *trial) {
			tr.store.deaf = deaf
			open := tr.store.close()
			tr.get("g", "slow")
			after(time.Second / 2)
			tr.get("g", "queued")
			after(time.Second / 2)
			tr.wantDeadline("slow")
			after(time.Second / 2)
			if deaf {
				if got := tr.outcomes["queued"]; !strings.HasPrefix(got, "loader: too many wait, try again in ") {
					tr.Errorf("waited for its turn: %q", got)
				}
			} else {
				tr.wantDeadline("queued")
			}
			for id, wait := range tr.waits {
				if wait != time.Second {
					tr.Errorf("%s waited %v", id, wait)
				}
			}
			open()
		})
	}
}

// wantDeadline checks that the time of a call was not enough, be it the caller's or the call's.
func (tr *trial) wantDeadline(id string) {
	tr.Helper()
	synctest.Wait()
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if got := tr.outcomes[id]; strings.TrimPrefix(got, "store: ") != context.DeadlineExceeded.Error() {
		tr.Errorf("%s: %q", id, got)
	}
}

func TestWithoutATimeoutACallEndsWhenNobodyWaits(t *testing.T) {
	run(t, Config{MaxCalls: 1, Timeout: -1}, func(tr *trial) {
		defer tr.store.close()()
		ctx, cancel := context.WithCancel(context.Background())
		tr.getWithin(ctx, "g", "a")
		after(24 * time.Hour)
		tr.want("", "a")
		cancel()
		synctest.Wait()
		if tr.store.now != 0 {
			tr.Error("the call goes on")
		}
	})
}

func TestAnErrorConcernsThoseItIsAbout(t *testing.T) {
	run(t, Config{MaxCalls: 1}, func(tr *trial) {
		open := tr.store.close()
		tr.store.lost = map[string]bool{"b": true, "none": true}
		tr.get("g", "first", "a", "b", "none", "nothing")
		open()
		tr.want("data", "a")
		tr.want("store: down", "b", "none")
		tr.want("missing", "nothing")

		open = tr.store.close()
		tr.store.fail = errDown
		tr.get("g", "c", "d", "nobody", "e")
		open()
		tr.want("store: down", "c", "d", "nobody", "e")
	})
}

func TestStopEndsEveryWaiting(t *testing.T) {
	run(t, Config{MaxCalls: 1}, func(tr *trial) {
		defer tr.store.close()()
		tr.get("g", "a", "b", "c")
		synctest.Wait()
		tr.Stop()
		tr.want(ErrStopped.Error(), "a", "b", "c")
		tr.get("g", "d")
		tr.want(ErrStopped.Error(), "d")
		tr.wantCalls("a")
	})
}

func TestDrainedWaitsForCalls(t *testing.T) {
	run(t, Config{}, func(tr *trial) {
		tr.store.deaf = true
		tr.store.call = time.Minute
		tr.get("g", "a")
		tr.Stop()
		began := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		tr.Drained(ctx)
		if took := time.Since(began); took != time.Second {
			tr.Errorf("gave up after %v", took)
		}
		tr.Drained(context.Background())
		if took := time.Since(began); took != time.Minute {
			tr.Errorf("drained after %v", took)
		}
	})
}

func TestCallersOfOneLoadAreCountedEach(t *testing.T) {
	run(t, Config{MaxCalls: 1, MaxWaiting: 4}, func(tr *trial) {
		defer tr.store.close()()
		first, err := tr.Enter("a", "", nil)
		for range 3 {
			_, err = tr.Enter("a", "", first)
		}
		if err != nil {
			tr.Fatal(err)
		}
		var overloaded *OverloadedError
		if _, err = tr.Enter("a", "", first); !errors.As(err, &overloaded) {
			tr.Errorf("a fifth caller: %v", err)
		}
		for range 4 {
			go func() { _, _ = first.Wait(context.Background()) }()
		}
		synctest.Wait()
		tr.Stop()
		if s := tr.Stats(); fmt.Sprint(s.Refused) != "1" {
			tr.Errorf("stats %+v", s)
		}
	})
}
