package loader

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestStress has many callers come and go at random and checks that each gets what is its own, within its time, and
// that the limits hold.
func TestStress(t *testing.T) {
	for _, cfg := range []Config{
		{MaxCalls: 3, MaxWaiting: 300, BatchSize: 7, Timeout: 50 * time.Millisecond},
		{MaxCalls: 1, MaxWaiting: 150, Timeout: 50 * time.Millisecond, Store: (*fakeStore)(nil)},
	} {
		run(t, cfg, func(tr *trial) {
			tr.store.call, tr.store.load = time.Millisecond, 100*time.Microsecond
			var all sync.WaitGroup
			for worker := range 400 {
				all.Go(func() { tr.visits(rand.New(rand.NewPCG(1, uint64(worker)))) })
			}
			all.Wait()
			synctest.Wait()
			if most := tr.cfg.MaxCalls; tr.store.most > most {
				tr.Errorf("%d calls at once, want %d at most", tr.store.most, most)
			}
			if s := tr.Stats(); s.Waiting != 0 || s.Found == 0 || s.Missed == 0 || s.Refused == 0 {
				tr.Errorf("stats %+v", s)
			}
		})
	}
}

func (tr *trial) visits(r *rand.Rand) {
	var under *Load
	for range 50 {
		id := fmt.Sprint([]string{"s", "no"}[r.IntN(2)], r.IntN(1000))
		if under != nil && r.IntN(4) > 0 {
			under = nil
		}
		if under != nil {
			id = under.id
		}
		ld, err := tr.Enter(id, fmt.Sprint("g", r.IntN(9)), under)
		if err == nil {
			under, err = ld, tr.visit(ld, time.Duration(r.IntN(100))*time.Millisecond)
		}
		var overloaded *OverloadedError
		if errors.As(err, &overloaded) && (overloaded.RetryAfter < minRetry || overloaded.RetryAfter > maxRetry) {
			tr.Errorf("come back in %v", overloaded.RetryAfter)
		}
		<-time.After(time.Duration(r.IntN(20)) * time.Millisecond)
	}
}

func (tr *trial) visit(ld *Load, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	began := time.Now()
	r, err := ld.Wait(ctx)
	if took := time.Since(began); took > min(patience, tr.cfg.Timeout) {
		tr.Errorf("waited %v", took)
	}
	if want := tr.store.value(ld.id); err == nil && r.Err == nil && string(r.Data) != string(want) {
		tr.Errorf("%s: got %q", ld.id, r.Data)
	}
	return err
}
