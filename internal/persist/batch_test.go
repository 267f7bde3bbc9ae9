package persist_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpet-go/limpet/internal/persist"
)

// kinds are the three writes of a session.
var kinds = []struct {
	one, all string
	of       func(id string) persist.Write
	done     string
}{
	{"Save", "SaveAll", func(id string) persist.Write { return save(id, "x") }, "x"},
	{"Touch", "TouchAll", func(id string) persist.Write { return touch(id, time.Hour) }, "touch"},
	{"Delete", "DeleteAll", remove, "delete"},
}

// busy occupies the only worker of a pipeline, so that what a test puts now waits and makes batches.
func busy(p *persist.Pipeline) {
	p.Put(save("first", "x"))
	synctest.Wait()
}

func TestEveryKindOfWriteIsBatchedWithItsOwn(t *testing.T) {
	bubble(t, persist.Config{Workers: 1, BatchSize: 10}, func(t *testing.T, p *persist.Pipeline, s *store) {
		busy(p)
		for i := range 25 {
			for _, k := range kinds {
				p.Put(k.of(fmt.Sprint(k.one, i)))
			}
		}
		after(time.Second)
		for _, k := range kinds {
			var sizes []int
			for i, name := range s.names {
				if name == k.all {
					sizes = append(sizes, len(s.calls[i]))
				}
			}
			if want := []int{10, 10, 5}; !slices.Equal(sizes, want) {
				t.Errorf("%s with %d sessions, want %d", k.all, sizes, want)
			}
		}
		if len(s.done) != 76 || len(s.calls) != 10 {
			t.Errorf("%d writes in %d calls, want 76 in 10", len(s.done), len(s.calls))
		}
	})
}

func TestALoneWriteOfAnyKindIsASingleCall(t *testing.T) {
	bubble(t, persist.Config{}, func(t *testing.T, p *persist.Pipeline, s *store) {
		for i, k := range kinds {
			p.Put(k.of("a"))
			after(time.Second)
			if len(s.names) != i+1 || s.names[i] != k.one {
				t.Errorf("calls %q, want %s last", s.names, k.one)
			}
		}
	})
}

func TestAStoreWithoutBatchesIsCalledForEachTouchAndDelete(t *testing.T) {
	plain := func(s *store) persist.Store { return s }
	bubbleOn(t, persist.Config{Workers: 4}, plain, func(t *testing.T, p *persist.Pipeline, s *store) {
		for i := range 20 {
			p.Put(touch(fmt.Sprint("t", i), time.Hour))
			p.Put(remove(fmt.Sprint("d", i)))
		}
		began := time.Now()
		if left, err := p.Drain(context.Background()); left != nil || err != nil {
			t.Fatalf("left %q, %v", left, err)
		}
		if took := time.Since(began); len(s.calls) != 40 || took != 10*s.latency {
			t.Errorf("%d calls in %v, want 40 in %v: four at once", len(s.calls), took, 10*s.latency)
		}
	})
}

func TestWhatFailsInABatchIsTriedAgainWithoutTheOthers(t *testing.T) {
	for _, k := range kinds {
		bubble(t, persist.Config{Workers: 1}, func(t *testing.T, p *persist.Pipeline, s *store) {
			bad := []string{"3", "7", "8"}
			s.fail = func(w persist.Write) error {
				if slices.Contains(bad, w.ID) {
					return errDown
				}
				return nil
			}
			busy(p)
			for i := range 10 {
				p.Put(k.of(fmt.Sprint(i)))
			}
			after(10 * time.Millisecond)
			if len(s.done) != 8 || p.Stats().Sessions != 3 {
				t.Errorf("%s: done %q, left %d", k.all, s.done, p.Stats().Sessions)
			}
			s.set(func() { s.fail = nil })
			after(10 * time.Second)
			for _, id := range bad {
				if !slices.Contains(s.done, id+":"+k.done) {
					t.Errorf("%s: %s was not tried again", k.all, id)
				}
			}
			if len(s.done) != 11 || len(s.dropped) != 0 {
				t.Errorf("%s: done %q, dropped %v", k.all, s.done, s.dropped)
			}
		})
	}
}

func TestARefusedDeleteIsNeverGivenUpAndKeepsNobodyBack(t *testing.T) {
	bubble(t, persist.Config{Workers: 1}, func(t *testing.T, p *persist.Pipeline, s *store) {
		s.fail = func(w persist.Write) error {
			if w.ID == "poison" {
				return errRefused
			}
			return nil
		}
		busy(p)
		for _, id := range []string{"a", "poison", "b"} {
			p.Put(remove(id))
		}
		after(time.Minute)
		if len(s.done) != 3 || len(s.dropped) != 0 || p.Lookup("poison").Op != persist.Delete {
			t.Errorf("done %q, dropped %v, stats %+v", s.done, s.dropped, p.Stats())
		}
		s.set(func() { s.fail = nil })
		after(10 * time.Second)
		if p.Stats().Sessions != 0 {
			t.Errorf("stats %+v", p.Stats())
		}
	})
}

func TestKindsOfWritesTakeTurns(t *testing.T) {
	for _, many := range kinds {
		bubble(t, persist.Config{Workers: 1, BatchSize: 10}, func(t *testing.T, p *persist.Pipeline, s *store) {
			busy(p)
			for i := range 1000 {
				p.Put(many.of(fmt.Sprint(i)))
			}
			for _, k := range kinds {
				p.Put(k.of("late " + k.one))
			}
			after(8 * s.latency)
			s.set(func() {
				for _, k := range kinds {
					if k.one != many.one && !slices.Contains(s.done, "late "+k.one+":"+k.done) {
						t.Errorf("a %s has not had its turn among many of %s in %d calls", k.one, many.all, len(s.calls))
					}
				}
			})
		})
	}
}

func TestAWriteThatChangedItsKindWhileItWaitedGoesWithItsOwn(t *testing.T) {
	bubble(t, persist.Config{Workers: 1}, func(t *testing.T, p *persist.Pipeline, s *store) {
		busy(p)
		for _, id := range []string{"a", "b", "c", "d"} {
			p.Put(touch(id, time.Hour))
		}
		p.Put(save("a", "1"))
		p.Put(remove("b"))
		after(time.Second)
		want := []string{"a:1", "b:delete", "c:touch", "d:touch", "first:x"}
		by := []string{"Delete", "Save", "Save", "TouchAll"}
		slices.Sort(s.done)
		slices.Sort(s.names)
		if !slices.Equal(s.done, want) || !slices.Equal(s.names, by) {
			t.Errorf("done %q by %q, want %q by %q", s.done, s.names, want, by)
		}
	})
}

func TestMoreCallsAtOnceAreMadeOnlyForFullBatches(t *testing.T) {
	for _, k := range kinds {
		bubble(t, persist.Config{Workers: 8, BatchSize: 16}, func(t *testing.T, p *persist.Pipeline, s *store) {
			s.jitter = 130 * time.Microsecond
			for i := range 1000 {
				p.Put(k.of(fmt.Sprint("storm", i)))
			}
			var callers sync.WaitGroup
			for i := range 12 {
				callers.Go(func() {
					for range 100 {
						_, done, _ := p.PutWait(k.of(fmt.Sprint(i)))
						<-done
					}
				})
			}
			after(50 * time.Millisecond) // the storm is over
			s.set(func() {
				if s.most != 8 {
					t.Errorf("%s: %d calls at once in a storm, want 8", k.all, s.most)
				}
				s.most = 0
			})
			callers.Wait()
			if s.most != 4 {
				t.Errorf("%s: %d calls at once for 12 callers, want 4", k.all, s.most)
			}
		})
	}
}
