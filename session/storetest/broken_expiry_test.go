package storetest

import (
	"context"
	"time"

	"github.com/limpet-go/limpet/session"
)

func brokenExpiry() []brokenStore {
	retime := func(f func(at time.Time) time.Time) func(m *session.MemoryStore) session.SessionStore {
		return func(m *session.MemoryStore) session.SessionStore { return timing(m, f) }
	}
	const (
		moves       = "expiry/Save moves the expiry of the same data too"
		movesAll    = "expiry/SaveAll moves expiries away and closer, of the same data too"
		movesAtomic = "atomic/expiries move away and closer, of the same data too"
	)
	toTheMillisecond := []string{
		"expiry/a saved session is missing from the millisecond it expires",
		"expiry/a session of a batch is missing from the millisecond it expires",
		"expiry/Touch moves an expiry closer, to the millisecond",
		"expiry/Save moves an expiry closer",
		"atomic/a session is missing from the millisecond it expires",
	}
	return []brokenStore{
		{
			name:  "rounds expiry down to seconds",
			fails: toTheMillisecond,
			make:  retime(func(at time.Time) time.Time { return at.Truncate(time.Second) }),
		},
		{
			name:  "rounds expiry up to seconds",
			fails: toTheMillisecond,
			make:  retime(func(at time.Time) time.Time { return at.Add(time.Second - 1).Truncate(time.Second) }),
		},
		{
			name:  "reads expiry off the clock on the wall of a zone",
			fails: []string{"expiry/the zone of an expiry does not matter"},
			make: retime(func(at time.Time) time.Time {
				_, offset := at.Zone()
				return at.Add(time.Duration(offset) * time.Second)
			}),
		},
		{
			name:  "keeps expiries as the local time of Berlin",
			fails: []string{"expiry/an expiry in an hour that clocks skip or repeat is kept"},
			make: retime(func(at time.Time) time.Time {
				utc := at.UTC()
				if skipped := utc.Month() == time.March && utc.Weekday() == time.Sunday && utc.Hour() == 2; skipped {
					return at.Add(time.Hour)
				}
				return at
			}),
		},
		{
			name:  "wants a monotonic reading",
			fails: []string{"expiry/an expiry without a monotonic reading counts all the same"},
			make: retime(func(at time.Time) time.Time {
				if at == at.Round(0) {
					return time.Time{}
				}
				return at
			}),
		},
		{
			name:  "counts nanoseconds since 1970",
			fails: []string{"expiry/an expiry centuries ahead is kept"},
			make:  retime(func(at time.Time) time.Time { return time.Unix(0, at.UnixNano()) }),
		},
		{
			name:  "takes the zero time for never",
			fails: []string{"expiry/the zero time is past"},
			make: retime(func(at time.Time) time.Time {
				if at.IsZero() {
					return time.Now().Add(time.Hour)
				}
				return at
			}),
		},
		{
			name: "keeps what was there when the new expiry is past",
			fails: []string{
				"expiry/Save with a past expiry leaves no record",
				"expiry/SaveAll with a past expiry leaves no record",
				"atomic/a past expiry leaves no record",
			},
			make: ignoresPast,
		},
		{
			name:  "does not touch",
			fails: []string{"expiry/Touch moves an expiry away and keeps the data"},
			make:  touching(func(context.Context, *session.MemoryStore, string, time.Time) error { return nil }),
		},
		{
			name:  "forgets data on Touch",
			fails: []string{"expiry/Touch moves an expiry away and keeps the data"},
			make: touching(func(ctx context.Context, m *session.MemoryStore, id string, at time.Time) error {
				if data, _ := m.Load(ctx, id); data == nil {
					return nil
				}
				return m.Save(ctx, id, nil, at)
			}),
		},
		{
			name:  "does not touch backwards",
			fails: []string{"expiry/Touch with a past expiry ends the session"},
			make: touching(func(ctx context.Context, m *session.MemoryStore, id string, at time.Time) error {
				if at.Before(time.Now()) {
					return nil
				}
				return m.Touch(ctx, id, at)
			}),
		},
		{
			name:  "creates on Touch",
			fails: []string{"expiry/Touch never creates"},
			make: touching(func(ctx context.Context, m *session.MemoryStore, id string, at time.Time) error {
				data, _ := m.Load(ctx, id)
				return m.Save(ctx, id, data, at)
			}),
		},
		{name: "revives on Touch", fails: []string{"expiry/Touch never revives an expired session"}, make: revives},
		{
			name:  "keeps the first expiry",
			fails: []string{"expiry/Save moves an expiry away", "expiry/Save moves an expiry closer"},
			make:  firstExpiry,
		},
		{
			name:  "does not write what did not change",
			fails: []string{moves, movesAll, movesAtomic},
			make:  skipsUnchanged,
		},
		{
			name:  "keeps the longer expiry",
			fails: []string{moves, movesAll, movesAtomic},
			make: bounding(func(old, at time.Time) time.Time {
				if at.Before(old) {
					return old
				}
				return at
			}),
		},
		{
			name:  "keeps the nearer expiry",
			fails: []string{moves, movesAll, movesAtomic},
			make: bounding(func(old, at time.Time) time.Time {
				if !old.IsZero() && at.After(old) {
					return old
				}
				return at
			}),
		},
		{
			name:  "refuses to overwrite what has expired and was not swept",
			fails: []string{"expiry/an expired session can be saved anew"},
			make:  expiredStays,
		},
	}
}

func touching(
	f func(ctx context.Context, m *session.MemoryStore, id string, at time.Time) error,
) func(m *session.MemoryStore) session.SessionStore {
	return func(m *session.MemoryStore) session.SessionStore {
		return &hooked{MemoryStore: m, touch: func(ctx context.Context, id string, at time.Time) error {
			return f(ctx, m, id, at)
		}}
	}
}

func ignoresPast(m *session.MemoryStore) session.SessionStore {
	live := func(b batch) batch {
		kept := batch{}
		for id, s := range b {
			if s.ExpiresAt.After(time.Now()) {
				kept[id] = s
			}
		}
		return kept
	}
	return &hooked{
		MemoryStore: m,
		save: func(ctx context.Context, id string, data []byte, at time.Time) error {
			if at.Before(time.Now()) {
				return nil
			}
			return m.Save(ctx, id, data, at)
		},
		saveAll:       func(ctx context.Context, b batch) error { return m.SaveAll(ctx, live(b)) },
		saveAllAtomic: func(ctx context.Context, b batch) error { return m.SaveAllAtomic(ctx, live(b)) },
	}
}

// revives remembers what it saved until it is deleted, as a store does that only marks what expired.
func revives(m *session.MemoryStore) session.SessionStore {
	var seen memo
	return &hooked{
		MemoryStore: m,
		save: func(ctx context.Context, id string, data []byte, at time.Time) error {
			seen.set(id, data)
			return m.Save(ctx, id, data, at)
		},
		touch: func(ctx context.Context, id string, at time.Time) error {
			if data, ok := seen.get(id); ok {
				return m.Save(ctx, id, data, at)
			}
			return nil
		},
	}
}

func firstExpiry(m *session.MemoryStore) session.SessionStore {
	first := map[string]time.Time{}
	var lock memo
	return &hooked{MemoryStore: m, save: func(ctx context.Context, id string, data []byte, at time.Time) error {
		lock.mu.Lock()
		defer lock.mu.Unlock()
		if _, known := first[id]; !known {
			first[id] = at
		}
		return m.Save(ctx, id, data, first[id])
	}}
}

func expiredStays(m *session.MemoryStore) session.SessionStore {
	var seen memo
	return &hooked{MemoryStore: m, save: func(ctx context.Context, id string, data []byte, at time.Time) error {
		old, _ := m.Load(ctx, id)
		if _, known := seen.get(id); known && old == nil {
			return nil
		}
		seen.set(id, nil)
		return m.Save(ctx, id, data, at)
	}}
}
