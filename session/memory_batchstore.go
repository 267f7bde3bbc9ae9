package session

import (
	"context"
	"maps"
	"slices"
	"time"
)

// LoadAll returns copies of the data of the live sessions among these. See BatchStore for the contract.
func (m *MemoryStore) LoadAll(ctx context.Context, sessionIDs []string) (map[string][]byte, error) {
	loaded := map[string][]byte{}
	err := m.each(ctx, sessionIDs, func(id string) error {
		data, err := m.Load(ctx, id)
		if data != nil {
			loaded[id] = data
		}
		return err
	})
	return loaded, err
}

// TouchAll moves the expiries of the live sessions among these. See BatchStore for the contract.
func (m *MemoryStore) TouchAll(ctx context.Context, expiries map[string]time.Time) error {
	return m.each(ctx, slices.Collect(maps.Keys(expiries)), func(id string) error {
		return m.Touch(ctx, id, expiries[id])
	})
}

// DeleteAll removes these sessions. See BatchStore for the contract.
func (m *MemoryStore) DeleteAll(ctx context.Context, sessionIDs []string) error {
	return m.each(ctx, sessionIDs, func(id string) error { return m.Delete(ctx, id) })
}

// each makes one call for every session, under one lock each, until one fails, as happens when ctx ends or the store
// is closed; the error then names it and those not reached.
func (m *MemoryStore) each(ctx context.Context, ids []string, call func(id string) error) error {
	err := m.ready(ctx)
	ids = namedSessions(ids)
	for len(ids) > 0 && err == nil {
		if err = call(ids[0]); err == nil {
			ids = ids[1:]
		}
	}
	if len(ids) > 0 && err != (ErrStoreClosed{}) {
		err = &BatchError{SessionIDs: ids, Err: err}
	}
	return err
}

var _ BatchStore = (*MemoryStore)(nil)
