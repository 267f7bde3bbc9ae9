package session_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpet-go/limpet/session"
)

func TestMemoryStoreSweepsAtTheInterval(t *testing.T) {
	for name, c := range map[string]struct {
		interval, swept time.Duration
	}{
		"by default":   {0, time.Minute},
		"as it is set": {7 * time.Second, 7 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory(t, session.WithCleanupInterval(c.interval))
				for i := range 1000 {
					saveFor(t, m, fmt.Sprint("short", i), "x", time.Second)
				}
				saveFor(t, m, "due-with-the-sweep", "x", c.swept)
				saveFor(t, m, "long", "x", c.swept+1)
				time.Sleep(c.swept - 1)
				synctest.Wait()
				wantCount(t, m, 1002)
				time.Sleep(time.Nanosecond)
				synctest.Wait()
				wantCount(t, m, 1)
				time.Sleep(c.swept)
				synctest.Wait()
				wantCount(t, m, 0)
			})
		})
	}
}

func TestMemoryStoreNegativeIntervalNeverSweeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(t, session.WithCleanupInterval(-1))
		saveFor(t, m, "a", "x", time.Second)
		time.Sleep(1000 * time.Hour)
		wantCount(t, m, 1)
		if data, err := m.Load(t.Context(), "a"); data != nil || err != nil {
			t.Errorf("the expired session has %q, %v", data, err)
		}
	})
}

// The sweep goes by the newest deadline of each session, whatever moved it.
func TestMemoryStoreSweepsByTheNewestDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(t, session.WithCleanupInterval(time.Minute))
		saveFor(t, m, "touched-later", "x", time.Second)
		saveFor(t, m, "touched-sooner", "x", time.Hour)
		saveFor(t, m, "saved-later", "x", time.Second)
		saveFor(t, m, "saved-sooner", "x", time.Hour)
		touchFor(t, m, "touched-later", 90*time.Second)
		touchFor(t, m, "touched-sooner", time.Second)
		saveFor(t, m, "saved-later", "y", 90*time.Second)
		saveFor(t, m, "saved-sooner", "y", time.Second)
		time.Sleep(time.Minute)
		synctest.Wait()
		wantCount(t, m, 2)
		time.Sleep(time.Minute)
		synctest.Wait()
		wantCount(t, m, 0)
	})
}

func touchFor(t testing.TB, m *session.MemoryStore, id string, in time.Duration) {
	t.Helper()
	if err := m.Touch(t.Context(), id, time.Now().Add(in)); err != nil {
		t.Fatalf("Touch: %v", err)
	}
}
