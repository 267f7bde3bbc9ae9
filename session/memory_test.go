package session_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/session/storetest"
)

func openMemory(opts ...session.MemoryStoreOption) func(t *testing.T) session.SessionStore {
	return func(t *testing.T) session.SessionStore { return session.NewMemoryStore(opts...) }
}

// memoryKit is what a MemoryStore says it can do.
func memoryKit(virtualTime bool) storetest.Options {
	return storetest.Options{Atomic: true, Batch: true, Scan: true, Ping: true, Users: true, VirtualTime: virtualTime}
}

func TestMemoryStoreKeepsTheContract(t *testing.T) {
	storetest.Run(t, openMemory(), memoryKit(false))
}

func TestMemoryStoreKeepsTheContractInVirtualTime(t *testing.T) {
	storetest.Run(t, openMemory(), memoryKit(true))
}

func TestMemoryStoreKeepsTheContractWithASizeLimitOfItsOwn(t *testing.T) {
	for _, limit := range []int{80_000, -1} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			opts := memoryKit(true)
			opts.MaxBytes = limit
			storetest.Run(t, openMemory(session.WithMemoryMaxBytes(limit)), opts)
		})
	}
}

// newMemory opens a store that is closed when the test ends.
func newMemory(t testing.TB, opts ...session.MemoryStoreOption) *session.MemoryStore {
	t.Helper()
	m := session.NewMemoryStore(opts...)
	t.Cleanup(func() { _ = m.Close() }) // always nil
	return m
}

func saveFor(t testing.TB, m *session.MemoryStore, id, data string, in time.Duration) {
	t.Helper()
	if err := m.Save(t.Context(), id, []byte(data), time.Now().Add(in)); err != nil {
		t.Fatalf("Save: %v", err)
	}
}

func wantCount(t testing.TB, m *session.MemoryStore, want int) {
	t.Helper()
	if got := m.Count(); got != want {
		t.Fatalf("Count is %d; want %d", got, want)
	}
}

func TestMemoryStoreCountsWhatItHolds(t *testing.T) {
	m := newMemory(t)
	wantCount(t, m, 0)
	for i := range 200 {
		saveFor(t, m, fmt.Sprint("s", i), "x", time.Hour)
	}
	saveFor(t, m, "s7", "y", time.Hour)
	wantCount(t, m, 200)
	if err := m.Delete(t.Context(), "s7"); err != nil {
		t.Fatal(err)
	}
	saveFor(t, m, "s8", "y", -time.Second)
	wantCount(t, m, 198)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	wantCount(t, m, 0)
}

// A nil store and one that NewMemoryStore did not make behave as closed ones.
func TestMemoryStoreNilAndZeroAreClosed(t *testing.T) {
	for name, m := range map[string]*session.MemoryStore{"nil": nil, "zero": {}} {
		t.Run(name, func(t *testing.T) {
			ctx, later := t.Context(), time.Now().Add(time.Hour)
			batch := map[string]session.SessionData{"a": {ExpiresAt: later}}
			_, loadErr := m.Load(ctx, "a")
			_, allErr := m.LoadAll(ctx, nil)
			_, _, scanErr := m.Scan(ctx, "", 0)
			_, userErr := m.UserSessions(ctx, "ann")
			_, revokeErr := m.RevokeUser(ctx, "ann")
			for call, err := range map[string]error{
				"Load":          loadErr,
				"Save":          m.Save(ctx, "a", nil, later),
				"Touch":         m.Touch(ctx, "a", later),
				"Delete":        m.Delete(ctx, "a"),
				"SaveAll":       m.SaveAll(ctx, batch),
				"SaveAllAtomic": m.SaveAllAtomic(ctx, nil),
				"LoadAll":       allErr,
				"TouchAll":      m.TouchAll(ctx, nil),
				"DeleteAll":     m.DeleteAll(ctx, nil),
				"Scan":          scanErr,
				"Ping":          m.Ping(ctx),
				"SetUser":       m.SetUser(ctx, "a", "ann", later),
				"UserSessions":  userErr,
				"RevokeUser":    revokeErr,
			} {
				if err != (session.ErrStoreClosed{}) {
					t.Errorf("%s: %v; want ErrStoreClosed", call, err)
				}
			}
			wantCount(t, m, 0)
			if err := m.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
}

func TestMemoryStoreTakesAnyOption(t *testing.T) {
	for _, opt := range []session.MemoryStoreOption{
		nil,
		session.WithCleanupInterval(0), session.WithCleanupInterval(-1), session.WithCleanupInterval(1<<63 - 1),
		session.WithMemoryMaxBytes(0), session.WithMemoryMaxBytes(-1 << 63), session.WithMemoryMaxBytes(1<<63 - 1),
	} {
		m := newMemory(t, nil, opt)
		saveFor(t, m, "a", "x", time.Hour)
		wantCount(t, m, 1)
	}
}

func TestMemoryStoreMaxBytes(t *testing.T) {
	m := newMemory(t, session.WithMemoryMaxBytes(3))
	saveFor(t, m, "a", "abc", time.Hour)
	err := m.Save(t.Context(), "a", []byte("abcd"), time.Now().Add(time.Hour))
	var size *session.SizeError
	if !errors.As(err, &size) || *size != (session.SizeError{Size: 4, Limit: 3}) {
		t.Fatalf("Save of 4 bytes: %v; want a *SizeError of 4 over 3", err)
	}
}

// A wall clock that is set back or forward cannot be had in a test; that the deadline does not depend on the
// location or wall time of what Save was given is what the contract kit checks.
func TestMemoryStoreExpiresAtTheNanosecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(t)
		saveFor(t, m, "a", "x", time.Second)
		time.Sleep(time.Second - 1)
		if data, err := m.Load(t.Context(), "a"); string(data) != "x" || err != nil {
			t.Errorf("a nanosecond before it expires the session has %q, %v", data, err)
		}
		time.Sleep(time.Nanosecond)
		if data, err := m.Load(t.Context(), "a"); data != nil || err != nil {
			t.Errorf("when it expires the session has %q, %v", data, err)
		}
	})
}

func TestMemoryStoreOverwriteAllocatesNothing(t *testing.T) {
	m := newMemory(t)
	ctx, at, data := context.Background(), time.Now().Add(time.Hour), bytes.Repeat([]byte("x"), 1024)
	id := "a-session-id-of-forty-three-bytes-or-so-0000"
	saveFor(t, m, id, string(data), time.Hour)
	for name, call := range map[string]func() error{
		"Save":           func() error { return m.Save(ctx, id, data, at) },
		"Save of less":   func() error { return m.Save(ctx, id, data[:10], at) },
		"Touch":          func() error { return m.Touch(ctx, id, at) },
		"Load of no one": func() error { _, err := m.Load(ctx, "b"); return err },
	} {
		n := testing.AllocsPerRun(100, func() {
			if err := call(); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("%s allocates %v times; want 0", name, n)
		}
	}
}
