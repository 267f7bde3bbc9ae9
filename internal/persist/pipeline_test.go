package persist_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpet-go/limpet/internal/persist"
)

func TestALoneWriteGoesOutAtOnceAndManyInBatches(t *testing.T) {
	bubble(t, persist.Config{Workers: 2, BatchSize: 10}, func(t *testing.T, p *persist.Pipeline, s *store) {
		p.Put(save("lone", "x"))
		synctest.Wait()
		if len(s.calls) != 1 {
			t.Fatalf("calls %q", s.calls)
		}
		after(time.Second)
		for i := range 42 {
			p.Put(save(fmt.Sprint(i), "x"))
		}
		after(time.Second)
		if n := len(s.calls); n > 1+2+5 || len(s.done) != 43 {
			t.Errorf("%d calls for %d writes", n, len(s.done))
		}
		if !slices.ContainsFunc(s.calls, func(ids []string) bool { return len(ids) == 10 }) {
			t.Errorf("no full batch in %q", s.calls)
		}
	})
}

func TestTheNewestStateOfASessionIsWrittenInOrder(t *testing.T) {
	bubble(t, persist.Config{}, func(t *testing.T, p *persist.Pipeline, s *store) {
		p.Put(save("a", "1"))
		synctest.Wait() // 1 is in flight
		p.Put(save("a", "2"))
		p.Put(save("a", "3"))
		if w := p.Lookup("a"); w.Op != persist.Save || string(w.Data) != "3" {
			t.Errorf("lookup: %q", w.Data)
		}
		p.Put(touch("a", 2*time.Hour)) // moves the expiry of 3
		if w := p.Lookup("a"); string(w.Data) != "3" || time.Until(w.Expires) != 2*time.Hour {
			t.Errorf("lookup after a touch: %q until %v", w.Data, w.Expires)
		}
		after(time.Second)
		p.Put(touch("a", time.Hour))
		after(time.Second)
		if want := []string{"a:1", "a:3", "a:touch"}; !slices.Equal(s.done, want) {
			t.Errorf("done %q, want %q", s.done, want)
		}
		if w := p.Lookup("a"); w.Op != persist.None {
			t.Errorf("lookup at the end: %v", w.Op)
		}
	})
}

func TestATouchThatFollowsAFailedSaveExtendsIt(t *testing.T) {
	bubble(t, persist.Config{}, func(t *testing.T, p *persist.Pipeline, s *store) {
		s.fail = func(persist.Write) error { return errDown }
		p.Put(save("a", "1"))
		synctest.Wait()
		p.Put(touch("a", 3*time.Hour))
		if w := p.Lookup("a"); w.Op != persist.Save || time.Until(w.Expires) != 3*time.Hour {
			t.Errorf("lookup: %v for %v", w.Op, time.Until(w.Expires))
		}
		after(90 * time.Minute) // past the save's own expiry
		s.set(func() { s.fail = nil })
		after(10 * time.Second)
		if want := []string{"a:1"}; !slices.Equal(s.done, want) {
			t.Errorf("done %q, want %q", s.done, want)
		}
	})
}

func TestADeleteWinsAndFollowsTheSaveInFlight(t *testing.T) {
	bubble(t, persist.Config{}, func(t *testing.T, p *persist.Pipeline, s *store) {
		_, done, _ := p.PutWait(save("a", "1"))
		synctest.Wait()
		p.Put(save("a", "2"))
		p.Put(remove("a"))
		if seq, _ := p.Put(save("a", "3")); seq != 0 {
			t.Error("a save after a delete counted")
		}
		if err := <-done; !errors.Is(err, persist.ErrDeleted) {
			t.Errorf("outcome of the save: %v", err)
		}
		s.set(func() {
			s.fail = func(w persist.Write) error {
				if w.Op == persist.Delete {
					return errDown
				}
				return nil
			}
		})
		after(time.Hour)
		if w := p.Lookup("a"); w.Op != persist.Delete {
			t.Errorf("lookup: %v, want the delete that fails", w.Op)
		}
		s.set(func() { s.fail = nil })
		after(10 * time.Second)
		if want := []string{"a:1", "a:delete"}; !slices.Equal(s.done, want) {
			t.Errorf("done %q, want %q", s.done, want)
		}
		if st := p.Stats(); st.Sessions != 0 || st.Bytes != 0 {
			t.Errorf("stats %+v", st)
		}
	})
}

func TestWhatExpiresBeforeItIsWrittenIsGivenUp(t *testing.T) {
	bubble(t, persist.Config{}, func(t *testing.T, p *persist.Pipeline, s *store) {
		s.fail = func(persist.Write) error { return errDown }
		_, done, _ := p.PutWait(save("a", "1"))
		after(2 * time.Hour)
		if err := <-done; !errors.Is(err, persist.ErrExpired) {
			t.Errorf("outcome %v", err)
		}
		if st := p.Stats(); st.Sessions != 0 || st.Bytes != 0 || len(s.dropped) != 1 {
			t.Errorf("stats %+v, dropped %v", st, s.dropped)
		}
	})
}

func TestTheOldestBytesGoPastTheLimit(t *testing.T) {
	bubble(t, persist.Config{MaxBytes: 3 * (100 + 256)}, func(t *testing.T, p *persist.Pipeline, s *store) {
		s.fail = func(persist.Write) error { return errDown }
		state := func(i int) string { return fmt.Sprintf("%0100d", i) }
		for i := range 3 {
			p.Put(save(fmt.Sprint(i), state(i)))
			after(time.Second)
		}
		p.Put(save("0", state(9))) // the newest now
		var lost []string
		for i := range 2 {
			_, out := p.Put(save(fmt.Sprint("x", i), state(i)))
			for _, w := range out {
				lost = append(lost, w.ID)
			}
			if st := p.Stats(); st.Bytes > 300 {
				t.Errorf("stats %+v", st)
			}
		}
		slices.Sort(lost)
		if len(lost) != 2 || slices.Contains(lost, "x0") || slices.Contains(lost, "x1") {
			t.Errorf("lost %q, want the two oldest", lost)
		}
	})
}

func TestARefusedEntryDoesNotKeepItsNeighboursBack(t *testing.T) {
	for _, err := range []error{errRefused, errDown} { // errDown: a poison that no type tells
		for _, k := range kinds[:2] {
			bubble(t, persist.Config{Workers: 1}, func(t *testing.T, p *persist.Pipeline, s *store) {
				s.fail = func(w persist.Write) error {
					if w.ID == "poison" {
						return err
					}
					return nil
				}
				busy(p)
				for i := range 20 {
					p.Put(k.of(fmt.Sprint(i)))
				}
				p.Put(k.of("poison"))
				after(time.Second)
				if len(s.done) != 21 {
					t.Errorf("%v: done %q", err, s.done)
				}
				if gone := p.Stats().Sessions == 0; gone != (err == errRefused) || gone != (len(s.dropped) == 1) {
					t.Errorf("%v: stats %+v, dropped %v", err, p.Stats(), s.dropped)
				}
				s.set(func() { s.fail = nil })
			})
		}
	}
}

func TestABatchRefusedWholeCostsOnlyItsPoison(t *testing.T) {
	for _, k := range kinds[:2] {
		bubble(t, persist.Config{Workers: 1}, func(t *testing.T, p *persist.Pipeline, s *store) {
			s.fail = func(persist.Write) error {
				if last := s.calls[len(s.calls)-1]; slices.Contains(last, "poison") {
					return errRefused
				}
				return nil
			}
			busy(p)
			for i := range 20 {
				p.Put(k.of(fmt.Sprint(i)))
			}
			p.Put(k.of("poison"))
			after(time.Second)
			if len(s.done) != 21 || p.Stats().Sessions != 0 || len(s.dropped) != 1 {
				t.Errorf("done %d of 21, stats %+v, dropped %v", len(s.done), p.Stats(), s.dropped)
			}
		})
	}
}

func TestAPoisonedBatchThatFailsWholeIsTakenApart(t *testing.T) {
	bubble(t, persist.Config{Workers: 1}, func(t *testing.T, p *persist.Pipeline, s *store) {
		s.fail = func(w persist.Write) error {
			if last := s.calls[len(s.calls)-1]; slices.Contains(last, "poison") {
				return errDown
			}
			return nil
		}
		p.Put(save("first", "x"))
		for i := range 20 {
			p.Put(save(fmt.Sprint(i), "x"))
		}
		p.Put(save("poison", "x"))
		after(time.Minute)
		if len(s.done) != 21 || p.Stats().Sessions != 1 {
			t.Errorf("done %d of 21, left %d", len(s.done), p.Stats().Sessions)
		}
		s.set(func() { s.fail = nil })
	})
}

func TestAFailingStoreIsNotHammered(t *testing.T) {
	bubble(t, persist.Config{}, func(t *testing.T, p *persist.Pipeline, s *store) {
		s.fail = func(persist.Write) error { return errDown }
		for i := range 5000 {
			p.Put(save(fmt.Sprint(i), "x"))
		}
		after(time.Minute)
		if n := len(s.calls); n > 200 {
			t.Errorf("%d calls in a minute", n)
		}
		if n := len(s.calls[len(s.calls)-1]); n != 1 {
			t.Errorf("the store is probed with %d sessions", n)
		}
		s.set(func() { s.fail = nil })
		after(10 * time.Second)
		if len(s.done) != 5000 {
			t.Errorf("done %d of 5000", len(s.done))
		}
	})
}

func TestDrainSaysWhatIsLeftAndGoesOn(t *testing.T) {
	bubble(t, persist.Config{}, func(t *testing.T, p *persist.Pipeline, s *store) {
		if left, err := p.Drain(context.Background()); left != nil || err != nil {
			t.Fatalf("empty: %q, %v", left, err)
		}
		s.fail = func(w persist.Write) error {
			if w.ID < "m" {
				return errDown
			}
			return nil
		}
		for _, w := range []persist.Write{save("b", "x"), save("z", "x"), remove("a"), touch("c", time.Hour)} {
			p.Put(w)
		}
		for range 2 {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			left, err := p.Drain(ctx)
			cancel()
			if want := []string{"a", "b", "c"}; !slices.Equal(left, want) || !errors.Is(err, errDown) {
				t.Errorf("left %q, %v", left, err)
			}
			calls := len(s.calls)
			after(time.Hour / 4) // it is paused
			if len(s.calls) != calls {
				t.Errorf("%d calls after a drain that failed", len(s.calls)-calls)
			}
		}
		s.set(func() { s.fail = nil })
		if left, err := p.Drain(context.Background()); left != nil || err != nil {
			t.Errorf("at last: %q, %v", left, err)
		}
	})
}

func TestWaitersLearnTheOutcome(t *testing.T) {
	bubble(t, persist.Config{}, func(t *testing.T, p *persist.Pipeline, s *store) {
		_, first, _ := p.PutWait(save("a", "1"))
		_, second, _ := p.PutWait(save("a", "2")) // supersedes the first, or follows it
		third := p.Await("a")
		for i, done := range []<-chan error{first, second, third} {
			if err := <-done; err != nil {
				t.Errorf("waiter %d: %v", i+1, err)
			}
		}
		after(time.Second)
		if p.Await("a") != nil {
			t.Error("something to wait for when all is done")
		}
		s.set(func() { s.fail = func(persist.Write) error { return errRefused } })
		_, done, _ := p.PutWait(save("a", "3"))
		if err := <-done; !errors.Is(err, errRefused) {
			t.Errorf("refused: %v", err)
		}
	})
}
