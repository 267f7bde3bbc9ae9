package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// stalled is a SQLite store whose first statement waits until release is called, and as many writers as asked for that
// came meanwhile. It must run in a synctest bubble.
type stalled struct {
	fake    *fakeSQL
	store   *SQLStore
	release func()
	errs    []error
	writers sync.WaitGroup
}

func newStalled(t *testing.T, writers int, answer func(text string) error) *stalled {
	t.Helper()
	gate := make(chan struct{})
	s := &stalled{release: sync.OnceFunc(func() { close(gate) }), errs: make([]error, writers)}
	var first sync.Once
	s.fake = &fakeSQL{answer: func(_ context.Context, text string) error {
		first.Do(func() { <-gate })
		return answer(text)
	}}
	s.store = sqlStore(t, s.fake.open(t), WithSQLDialect(DialectSQLite), WithSQLCleanupInterval(-1))
	s.writers.Go(func() { _ = s.save("first") })
	synctest.Wait()
	for i := range writers {
		s.writers.Go(func() { s.errs[i] = s.save(fmt.Sprint(i)) })
	}
	synctest.Wait()
	return s
}

func (s *stalled) save(id string) error {
	return s.store.Save(context.Background(), id, []byte(id), time.Now().Add(time.Hour))
}

func (s *stalled) finish() error {
	s.release()
	s.writers.Wait()
	return errors.Join(s.errs...)
}

func always(string) error { return nil }

func TestLoneSQLiteWriteGoesStraightThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStalled(t, 0, always)
		start := time.Now()
		if err := s.finish(); err != nil {
			t.Fatal(err)
		}
		if got := s.fake.said(); !slices.Equal(got, []string{"INSERT"}) || time.Since(start) > 0 {
			t.Errorf("statements %q after %v, want one INSERT at once", got, time.Since(start))
		}
	})
}

func TestSQLiteWritesThatWaitShareATransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStalled(t, 100, always)
		if err := s.finish(); err != nil {
			t.Fatal(err)
		}
		want := slices.Concat([]string{"INSERT", "BEGIN"}, slices.Repeat([]string{"INSERT"}, 100), []string{"COMMIT"})
		if got := s.fake.said(); !slices.Equal(got, want) {
			t.Errorf("statements %q", got)
		}
	})
}

func TestSQLiteGroupsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStalled(t, 2*maxGroupWrites+10, always)
		if err := s.finish(); err != nil {
			t.Fatal(err)
		}
		begins := 0
		for _, word := range s.fake.said() {
			if word == "BEGIN" {
				begins++
			}
		}
		if begins != 3 {
			t.Errorf("%d transactions, want 3", begins)
		}
	})
}

// A batch never shares its transaction: it must be able to fail alone.
func TestSQLiteBatchHasATransactionOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStalled(t, 3, always)
		s.writers.Go(func() {
			later := time.Now().Add(time.Hour)
			err := s.store.SaveAllAtomic(context.Background(), map[string]SessionData{"live": {ExpiresAt: later}, "gone": {}})
			if err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		if err := s.finish(); err != nil {
			t.Fatal(err)
		}
		want := strings.Fields("INSERT BEGIN INSERT INSERT INSERT COMMIT BEGIN INSERT DELETE COMMIT")
		if got := s.fake.said(); !slices.Equal(got, want) {
			t.Errorf("statements %q, want %q", got, want)
		}
	})
}

func TestSQLiteBusyIsRiddenOut(t *testing.T) {
	for _, at := range []string{"INSERT", "BEGIN", "COMMIT"} {
		synctest.Test(t, func(t *testing.T) {
			busy := 20
			s := newStalled(t, 5, func(text string) error {
				if strings.HasPrefix(text, at) && busy > 0 {
					busy--
					return methodCode(5)
				}
				return nil
			})
			if err := s.finish(); err != nil || busy > 0 {
				t.Errorf("busy at %s: %v after all but %d failures", at, err, busy)
			}
		})
	}
}

func TestSQLiteBusyForEverEndsWithTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStalled(t, 5, func(string) error { return methodCode(5) })
		start := time.Now()
		err := s.finish()
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != sqlCallTimeout {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

// How long a write waits for others is for its callers to say.
func TestSQLiteBusyEndsWithItsOwnCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		free := start.Add(50 * time.Second)
		s := newStalled(t, 1, func(string) error {
			if time.Now().Before(free) {
				return methodCode(5)
			}
			return nil
		})
		for _, patience := range []time.Duration{45 * time.Second, 55 * time.Second, time.Hour} {
			s.writers.Go(func() {
				ctx, cancel := context.WithTimeout(context.Background(), patience)
				defer cancel()
				err := s.store.Save(ctx, patience.String(), nil, time.Now().Add(time.Hour))
				if took := time.Since(start); took > 51*time.Second || patience < 50*time.Second != errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("patience of %v: %v after %v", patience, err, took)
				}
			})
		}
		synctest.Wait()
		if err := s.finish(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a call without a deadline: %v", err)
		}
	})
}

func TestCloseEndsSQLiteWritesThatAreBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStalled(t, 1, func(string) error { return methodCode(5) })
		s.release()
		synctest.Wait()
		start := time.Now()
		if err := s.store.Close(); err != nil || time.Since(start) > time.Second {
			t.Errorf("Close: %v after %v", err, time.Since(start))
		}
		if err := s.finish(); err != (error)(nil) && !errors.Is(err, ErrStoreClosed{}) {
			t.Errorf("Save: %v", err)
		}
	})
}

// A transaction that cannot be committed is not the end of its writes: each is tried by itself.
func TestSQLiteGroupThatFailsIsTriedOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := methodCode(13)
		s := newStalled(t, 3, func(text string) error {
			if text == "COMMIT" {
				return full
			}
			return nil
		})
		if err := s.finish(); err != nil {
			t.Fatal(err)
		}
		want := strings.Fields("INSERT BEGIN INSERT INSERT INSERT COMMIT ROLLBACK INSERT INSERT INSERT")
		if got := s.fake.said(); !slices.Equal(got, want) {
			t.Errorf("statements %q, want %q", got, want)
		}
	})
}

func TestSQLiteWriteGivenUpInTheQueueIsNeverDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStalled(t, 2, always)
		ctx, cancel := context.WithCancel(t.Context())
		data := []byte("data")
		s.writers.Go(func() {
			if err := s.store.SaveAllAtomic(ctx, map[string]SessionData{"a": {Data: data, ExpiresAt: time.Now().Add(time.Hour)}, "b": {}}); !errors.Is(err, context.Canceled) {
				t.Errorf("SaveAllAtomic: %v", err)
			}
			clear(data) // the caller's again
		})
		synctest.Wait()
		cancel()
		synctest.Wait()
		if err := s.finish(); err != nil {
			t.Fatal(err)
		}
		if got := s.fake.said(); slices.Contains(got, "DELETE") {
			t.Errorf("statements %q, want none of the batch", got)
		}
	})
}

// A write that has begun may still take effect after its caller gave up: it must not read what is the caller's again.
func TestSQLiteWriteGivenUpUnderWayReadsItsOwnCopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		fake := &fakeSQL{answer: func(context.Context, string) error {
			<-gate
			return nil
		}}
		store := sqlStore(t, fake.open(t), WithSQLDialect(DialectSQLite), WithSQLCleanupInterval(-1))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		data := []byte("as it was")
		if err := store.Save(ctx, "s1", data, time.Now().Add(time.Hour)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Save: %v", err)
		}
		copy(data, "scribbles")
		close(gate)
		synctest.Wait()
		if got := fmt.Sprintf("%s", fake.data); got != "[as it was]" {
			t.Errorf("data %s", got)
		}
	})
}

// A row that is refused costs its neighbours nothing: they are not written twice.
func TestSQLiteRefusedRowStaysOutOfItsGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inserts := 0
		s := newStalled(t, 3, func(text string) error {
			if strings.HasPrefix(text, "INSERT") {
				if inserts++; inserts == 3 {
					return methodCode(19)
				}
			}
			return nil
		})
		if err := s.finish(); !errors.Is(err, methodCode(19)) || strings.Count(err.Error(), "method") != 1 {
			t.Errorf("errors %v, want one", err)
		}
		want := strings.Fields("INSERT BEGIN INSERT INSERT INSERT COMMIT")
		if got := s.fake.said(); !slices.Equal(got, want) {
			t.Errorf("statements %q, want %q", got, want)
		}
	})
}

func TestCloseRefusesSQLiteWritesThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStalled(t, 4, always)
		s.writers.Go(func() {
			if err := s.store.Close(); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		_ = s.finish()
		for _, err := range s.errs {
			if err != (ErrStoreClosed{}) {
				t.Errorf("Save: %v, want ErrStoreClosed", err)
			}
		}
	})
}
