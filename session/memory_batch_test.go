package session_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// SaveAll is atomic on a MemoryStore, which the contract of stores does not ask for: who reads one session and then
// the other never sees the second behind the first.
func TestMemoryStoreSaveAllIsOneCriticalSection(t *testing.T) {
	m := newMemory(t)
	ctx, later := t.Context(), time.Now().Add(time.Hour)
	write := func(n byte) error {
		return m.SaveAll(ctx, map[string]session.SessionData{
			"a": {Data: []byte{n}, ExpiresAt: later},
			"b": {Data: []byte{n}, ExpiresAt: later},
		})
	}
	if err := write(0); err != nil {
		t.Fatal(err)
	}
	wrote := make(chan error)
	go func() {
		var errs []error
		for n := range byte(250) {
			errs = append(errs, write(n))
		}
		wrote <- errors.Join(errs...)
	}()
	for pair := range 2000 {
		first, second := "a", "b"
		if pair%2 == 1 {
			first, second = second, first
		}
		x, errX := m.Load(ctx, first)
		y, errY := m.Load(ctx, second)
		if err := errors.Join(errX, errY); err != nil {
			t.Fatal(err)
		}
		if y[0] < x[0] {
			t.Errorf("batch %d is in %s, and after that batch %d in %s", x[0], first, y[0], second)
			break
		}
	}
	if err := <-wrote; err != nil {
		t.Fatal(err)
	}
}

func TestMemoryStoreAtomicErrorNamesTheWholeBatch(t *testing.T) {
	m := newMemory(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx   context.Context
		extra string
		want  error
	}{
		"an invalid ID":    {t.Context(), "c d", session.ErrInvalidSessionID},
		"an ended context": {ended, "c", context.Canceled},
	} {
		err := m.SaveAllAtomic(c.ctx, map[string]session.SessionData{"b": {}, "a": {}, c.extra: {}})
		var unsaved *session.NotSavedError
		if !errors.As(err, &unsaved) || !slices.Equal(unsaved.SessionIDs, []string{"a", "b", c.extra}) {
			t.Errorf("%s: %v; want a *NotSavedError of three sessions", name, err)
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v; want %v", name, err, c.want)
		}
	}
	wantCount(t, m, 0)
}
