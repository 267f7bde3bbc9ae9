package session_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// SaveAll is atomic on a MemoryStore, which the contract of stores does not ask for: who reads one end of a batch and
// then the other never sees the second behind the first.
func TestMemoryStoreSaveAllIsOneCriticalSection(t *testing.T) {
	m := newMemory(t)
	const last = 499
	write := func(n byte) error {
		batch := map[string]session.SessionData{}
		for i := range last + 1 {
			batch[batchID(i)] = session.SessionData{Data: []byte{n}, ExpiresAt: time.Now().Add(time.Hour)}
		}
		return m.SaveAll(t.Context(), batch)
	}
	if err := write(0); err != nil {
		t.Fatal(err)
	}
	wrote := make(chan error, 1)
	go func() {
		var errs []error
		for n := range byte(200) {
			errs = append(errs, write(n))
		}
		wrote <- errors.Join(errs...)
	}()
	ends := [2]string{batchID(0), batchID(last)}
	for pair := 0; ; pair++ {
		select {
		case err := <-wrote:
			if err != nil {
				t.Error(err)
			}
			return
		default:
		}
		first, second := loadByte(t, m, ends[pair%2]), loadByte(t, m, ends[1-pair%2])
		if second < first {
			t.Fatalf("batch %d is at one end, and after that batch %d at the other", first, second)
		}
	}
}

func batchID(i int) string { return fmt.Sprintf("batch-%03d", i) }

func loadByte(t testing.TB, m *session.MemoryStore, id string) byte {
	t.Helper()
	data, err := m.Load(t.Context(), id)
	if err != nil || len(data) != 1 {
		t.Fatalf("Load: %q, %v", data, err)
	}
	return data[0]
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
