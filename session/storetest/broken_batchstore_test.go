package storetest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/limpet-go/limpet/session"
)

func brokenBatchStore() []brokenStore {
	const (
		live    = "batchstore/LoadAll returns the live sessions and no entry for the missing"
		moves   = "batchstore/TouchAll moves each expiry to its own, to the millisecond"
		invalid = "batchstore/invalid IDs count as missing"
		tenK    = "batchstore/10,000 sessions are loaded, touched and deleted at once"
	)
	return []brokenStore{
		{
			name:  "has an entry without data for what is missing",
			fails: []string{live, invalid, "batchstore/naming a session twice is as good as once"},
			make: loadingAll(func(m *session.MemoryStore, ids []string, got map[string][]byte) {
				for _, id := range ids {
					if _, found := got[id]; !found {
						got[id] = nil
					}
				}
			}),
		},
		{
			name:  "loads empty data as nil",
			fails: []string{live},
			make: loadingAll(func(m *session.MemoryStore, ids []string, got map[string][]byte) {
				for id, data := range got {
					if len(data) == 0 {
						got[id] = nil
					}
				}
			}),
		},
		{
			name:  "reads no more than 1,000 rows",
			fails: []string{tenK},
			make: loadingAll(func(m *session.MemoryStore, ids []string, got map[string][]byte) {
				for i, id := range ids {
					if i >= 1000 {
						delete(got, id)
					}
				}
			}),
		},
		{
			name:  "reads answers of no more than 16 MiB",
			fails: []string{"batchstore/20 MiB are loaded at once"},
			make: loadingAll(func(m *session.MemoryStore, ids []string, got map[string][]byte) {
				size := 0
				for id, data := range got {
					if size += len(data); size > 16<<20 {
						delete(got, id)
					}
				}
			}),
		},
		{
			name:  "returns what it has in a cache",
			fails: []string{"batchstore/the caller owns what LoadAll returns"},
			make:  cachesBatches,
		},
		{
			name:  "sorts its caller's slice",
			fails: []string{"batchstore/the caller's slices and maps stay as they are"},
			make: hook(func(m *session.MemoryStore, h *hooked) {
				h.removeAll = func(ctx context.Context, ids []string) error {
					slices.Sort(ids)
					return m.DeleteAll(ctx, ids)
				}
			}),
		},
		{
			name:  "touches all with one expiry",
			fails: []string{moves},
			make: touchingAll(func(m *session.MemoryStore, expiries map[string]time.Time) {
				latest := slices.MaxFunc(slices.Collect(maps.Values(expiries)), time.Time.Compare)
				for id := range expiries {
					expiries[id] = latest
				}
			}),
		},
		{
			name:  "touches to the second",
			fails: []string{moves},
			make: touchingAll(func(m *session.MemoryStore, expiries map[string]time.Time) {
				for id, at := range expiries {
					expiries[id] = at.Add(time.Second).Truncate(time.Second)
				}
			}),
		},
		{
			name:  "saves what it touches",
			fails: []string{"batchstore/TouchAll never creates and never revives"},
			make: touchingAll(func(m *session.MemoryStore, expiries map[string]time.Time) {
				for id, at := range expiries {
					if data, err := m.Load(context.Background(), id); err == nil {
						_ = m.Save(context.Background(), id, append(data, id[len(data):]...), at) // as sound as the rest
					}
				}
			}),
		},
		{
			name:  "deletes a range",
			fails: []string{"batchstore/DeleteAll removes these sessions and no other"},
			make: hook(func(m *session.MemoryStore, h *hooked) {
				h.removeAll = func(ctx context.Context, ids []string) error {
					if len(ids) == 0 {
						return m.DeleteAll(ctx, ids)
					}
					before := strings.TrimSuffix(ids[0], "100") + "099"
					return m.DeleteAll(ctx, append(slices.Clone(ids), before))
				}
			}),
		},
		{
			name:  "refuses an ID named twice",
			fails: []string{"batchstore/naming a session twice is as good as once"},
			make: refusing(func(ids []string) bool {
				return len(slices.Compact(slices.Sorted(slices.Values(ids)))) < len(ids)
			}),
		},
		{
			name:  "refuses invalid IDs",
			fails: []string{invalid},
			make:  refusing(func(ids []string) bool { return slices.Contains(ids, "") }),
		},
		{
			name:  "refuses an empty batch of deletes",
			fails: []string{"batchstore/an empty batch does nothing"},
			make:  refusing(func(ids []string) bool { return len(ids) == 0 }),
		},
		{
			name:  "binds no more than 5,000 IDs",
			fails: []string{tenK},
			make:  refusing(func(ids []string) bool { return len(ids) > 5000 }),
		},
		{
			name:  "deadlocks on batches of deletes with the same sessions",
			fails: []string{"batchstore/batches of the same sessions from 8 clients at once all succeed"},
			make:  deadlocksDeleting,
		},
	}
}

// loadingAll is a store that does something to what LoadAll returns without an error.
func loadingAll(
	f func(m *session.MemoryStore, ids []string, got map[string][]byte),
) func(m *session.MemoryStore) session.SessionStore {
	return hook(func(m *session.MemoryStore, h *hooked) {
		h.loadAll = func(ctx context.Context, ids []string) (map[string][]byte, error) {
			got, err := m.LoadAll(ctx, ids)
			if err == nil {
				f(m, ids, got)
			}
			return got, err
		}
	})
}

// touchingAll is a store that does something to the expiries of TouchAll before it uses them.
func touchingAll(
	f func(m *session.MemoryStore, expiries map[string]time.Time),
) func(m *session.MemoryStore) session.SessionStore {
	return hook(func(m *session.MemoryStore, h *hooked) {
		h.touchAll = func(ctx context.Context, expiries map[string]time.Time) error {
			if expiries = maps.Clone(expiries); len(expiries) > 0 {
				f(m, expiries)
			}
			return m.TouchAll(ctx, expiries)
		}
	})
}

// refusing is a store whose DeleteAll does not take some batches.
func refusing(refused func(ids []string) bool) func(m *session.MemoryStore) session.SessionStore {
	return hook(func(m *session.MemoryStore, h *hooked) {
		h.removeAll = func(ctx context.Context, ids []string) error {
			if refused(ids) {
				return errors.New("session: syntax error")
			}
			return m.DeleteAll(ctx, ids)
		}
	})
}

func cachesBatches(m *session.MemoryStore) session.SessionStore {
	var seen memo
	return &hooked{MemoryStore: m, capabilityHooks: capabilityHooks{
		loadAll: func(ctx context.Context, ids []string) (map[string][]byte, error) {
			got, err := m.LoadAll(ctx, ids)
			for id, data := range got {
				if old, ok := seen.get(id); ok && len(old) == len(data) {
					got[id] = old
				} else {
					seen.set(id, data)
				}
			}
			return got, err
		},
	}}
}

func deadlocksDeleting(m *session.MemoryStore) session.SessionStore {
	var busy sync.Mutex
	return &hooked{MemoryStore: m, capabilityHooks: capabilityHooks{
		removeAll: func(ctx context.Context, ids []string) error {
			if !busy.TryLock() {
				return &session.BatchError{SessionIDs: ids, Err: errors.New("deadlock found")}
			}
			defer busy.Unlock()
			pause(time.Millisecond)
			return m.DeleteAll(ctx, ids)
		},
	}}
}
