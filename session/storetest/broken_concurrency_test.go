package storetest

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

func brokenConcurrency() []brokenStore {
	const wholeReads = "concurrency/Load never sees half a write"
	return []brokenStore{
		{
			name:  "loses Saves while it is busy",
			fails: []string{"concurrency/640 Saves at once all arrive", "concurrency/the newest Save of each session wins while others write"},
			make:  losesWhenBusy,
		},
		{
			name: "writes in two halves",
			fails: []string{
				wholeReads,
				"concurrency/640 Saves of one session at once leave one of them whole",
				"concurrency/all calls at once",
			},
			make: writesHalves,
		},
		{
			name:  "deadlocks on batches with the same sessions",
			fails: []string{"concurrency/SaveAll of the same sessions from 8 clients ends and leaves one of them in each"},
			make:  deadlocks,
		},
		{
			name:  "has a cache in each client",
			fails: []string{"concurrency/a write is seen by every client at once"},
			make:  cached,
			opts: func(o *Options) {
				o.Clients = func(_ *testing.T, n int) []session.SessionStore {
					m := sound()
					clients := make([]session.SessionStore, n)
					for i := range clients {
						clients[i] = cached(m)
					}
					return clients
				}
			},
		},
	}
}

func losesWhenBusy(m *session.MemoryStore) session.SessionStore {
	var busy sync.Mutex
	return &hooked{MemoryStore: m, save: func(ctx context.Context, id string, data []byte, at time.Time) error {
		if !busy.TryLock() {
			return nil
		}
		defer busy.Unlock()
		pause(time.Millisecond)
		return m.Save(ctx, id, data, at)
	}}
}

// writesHalves writes the first half of the data, and then appends the other to what it finds.
func writesHalves(m *session.MemoryStore) session.SessionStore {
	return &hooked{MemoryStore: m, save: func(ctx context.Context, id string, data []byte, at time.Time) error {
		half := len(data) / 2
		if err := m.Save(ctx, id, data[:half], at); err != nil {
			return err
		}
		pause(time.Millisecond)
		first, err := m.Load(ctx, id)
		if err != nil {
			return err
		}
		return m.Save(ctx, id, append(bytes.Clone(first), data[half:]...), at)
	}}
}

// deadlocks notices when a batch meets one that is being written, as a database does when two lock rows in different
// orders.
func deadlocks(m *session.MemoryStore) session.SessionStore {
	var busy sync.Mutex
	return &hooked{MemoryStore: m, saveAll: func(ctx context.Context, b batch) error {
		if !busy.TryLock() {
			return errors.New("session: deadlock found")
		}
		defer busy.Unlock()
		pause(time.Millisecond)
		return m.SaveAll(ctx, b)
	}}
}

// cached loads a session from the store once.
func cached(m *session.MemoryStore) session.SessionStore {
	var seen memo
	return &hooked{
		MemoryStore: m,
		save: func(ctx context.Context, id string, data []byte, at time.Time) error {
			seen.set(id, bytes.Clone(data))
			return m.Save(ctx, id, data, at)
		},
		load: func(ctx context.Context, id string) ([]byte, error) {
			if data, ok := seen.get(id); ok && ctx.Err() == nil {
				return bytes.Clone(data), nil
			}
			return m.Load(ctx, id)
		},
	}
}
