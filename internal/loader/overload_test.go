package loader

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// refused returns when a caller that is sent away is told to come back.
func (tr *trial) refused(group string) time.Duration {
	tr.Helper()
	var overloaded *OverloadedError
	if _, err := tr.Enter("x", group, nil); !errors.As(err, &overloaded) {
		tr.Fatalf("not sent away: %v", err)
	}
	return overloaded.RetryAfter
}

func TestWhoIsSentAwayComesBackWhenItsTurnWouldBe(t *testing.T) {
	run(t, Config{MaxCalls: 2, MaxWaiting: 1000, BatchSize: 10}, func(tr *trial) {
		tr.store.call = 100 * time.Millisecond // so a load ends every 5 ms
		tr.get("", named("s", 1000)...)
		after(900 * time.Millisecond)
		tr.get("", named("t", 170)...)
		for i := range 900 {
			want := 2600*time.Millisecond + time.Duration(i)*10*time.Millisecond/3
			if got := tr.refused("g"); got < want*9/10 || got > want*11/10 {
				tr.Errorf("%d: come back in %v, want about %v", i, got, want)
			}
		}
		for range 20_000 {
			tr.refused("g")
		}
		if got := tr.refused("g"); got != maxRetry {
			tr.Errorf("come back in %v", got)
		}
		after(time.Minute)
		tr.want("data", named("s", 1000)...)
	})
}

func TestAFloodOfOneGroupDoesNotTellOthersToStayAway(t *testing.T) {
	run(t, Config{MaxCalls: 1, MaxWaiting: 200}, func(tr *trial) {
		tr.store.call = 10 * time.Millisecond
		tr.get("bad", named("no", 164)...)
		after(time.Second)
		tr.get("bad", named("no", 164)...)
		for range 100_000 {
			tr.refused("bad")
		}
		if got := tr.refused("bad"); got != maxRetry {
			tr.Errorf("the flood is told to come back in %v", got)
		}
		tr.get("", named("s", 200)...)
		if got := tr.refused("good"); got > time.Second {
			tr.Errorf("another address is told to come back in %v", got)
		}
		after(time.Minute)
	})
}

func TestWhileTheStoreHangsTheTimeGrows(t *testing.T) {
	run(t, Config{MaxCalls: 1, MaxWaiting: 10, Timeout: time.Hour}, func(tr *trial) {
		open := tr.store.close()
		tr.get("", named("s", 10)...)
		synctest.Wait()
		if got := tr.refused("g"); got != minRetry {
			tr.Errorf("at first: come back in %v", got)
		}
		after(time.Second)
		if got := tr.refused("g"); got < time.Second || got > 2*time.Second {
			tr.Errorf("after a second: come back in %v", got)
		}
		after(time.Minute)
		if got := tr.refused("g"); got != maxRetry {
			tr.Errorf("after a minute: come back in %v", got)
		}
		open()
	})
}
