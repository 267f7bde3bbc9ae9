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

// endsAfter is a context that ends when it has been asked a few times.
type endsAfter struct {
	context.Context
	left int
}

func (c *endsAfter) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestMemoryStoreBatchesNameWhatTheyDidNotGetTo(t *testing.T) {
	m := newMemory(t)
	var ids []string
	for i := range 10 {
		ids = append(ids, fmt.Sprint("s", i))
	}
	saveAll := func() {
		for _, id := range ids {
			saveFor(t, m, id, "x", time.Hour)
		}
	}
	expired := map[string]time.Time{}
	for _, id := range ids {
		expired[id] = time.Time{}
	}
	for name, call := range map[string]func(ctx context.Context) (left []string, err error){
		"LoadAll": func(ctx context.Context) ([]string, error) {
			loaded, err := m.LoadAll(ctx, append([]string{"not valid"}, ids...))
			return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return loaded[id] != nil }), err
		},
		"TouchAll": func(ctx context.Context) ([]string, error) {
			err := m.TouchAll(ctx, expired)
			return stillThere(t, m, ids), err
		},
		"DeleteAll": func(ctx context.Context) ([]string, error) {
			err := m.DeleteAll(ctx, append([]string{ids[0], ids[0]}, ids...))
			return stillThere(t, m, ids), err
		},
	} {
		for calls := range 10 {
			saveAll()
			left, err := call(&endsAfter{t.Context(), calls})
			var failed *session.BatchError
			if !errors.As(err, &failed) || !errors.Is(err, context.Canceled) || len(left) == 0 || !slices.Equal(failed.SessionIDs, left) {
				t.Errorf("%s in a context that ends at look %d: error %v; want a *BatchError of the %d that are left", name, calls, err, len(left))
			}
		}
	}
}

func stillThere(t *testing.T, m *session.MemoryStore, ids []string) []string {
	t.Helper()
	loaded, err := m.LoadAll(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return loaded[id] == nil })
}
