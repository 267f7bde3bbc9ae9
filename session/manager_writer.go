package session

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/limpet-go/limpet/internal/persist"
)

// storeWriter shows a SessionStore to the pipeline.
type storeWriter struct {
	store SessionStore
	maps  *sync.Pool // of maps for SaveAll
}

func (s storeWriter) Save(ctx context.Context, w persist.Write) error {
	return s.store.Save(ctx, w.ID, w.Data, w.Expires)
}

func (s storeWriter) Touch(ctx context.Context, w persist.Write) error {
	return s.store.Touch(ctx, w.ID, w.Expires)
}

func (s storeWriter) Delete(ctx context.Context, w persist.Write) error {
	return s.store.Delete(ctx, w.ID)
}

func (s storeWriter) SaveAll(ctx context.Context, ws []persist.Write) ([]string, error) {
	batch := s.maps.Get().(map[string]SessionData)
	for i := range ws {
		batch[ws[i].ID] = SessionData{Data: ws[i].Data, ExpiresAt: ws[i].Expires}
	}
	err := s.store.SaveAll(ctx, batch)
	giveBack(s.maps, batch, err)
	return failedOf(ws, err)
}

// giveBack lets a map be used again. A store that failed may have left work to itself that still reads it.
func giveBack[V any](maps *sync.Pool, batch map[string]V, err error) {
	if err == nil {
		clear(batch)
		maps.Put(batch)
	}
}

// batchWriter is a storeWriter whose store touches and deletes in batches.
type batchWriter struct {
	storeWriter
	batch    BatchStore
	expiries *sync.Pool // of maps for TouchAll
}

func (s batchWriter) TouchAll(ctx context.Context, ws []persist.Write) ([]string, error) {
	expiries := s.expiries.Get().(map[string]time.Time)
	for i := range ws {
		expiries[ws[i].ID] = ws[i].Expires
	}
	err := s.batch.TouchAll(ctx, expiries)
	giveBack(s.expiries, expiries, err)
	return failedOf(ws, err)
}

func (s batchWriter) DeleteAll(ctx context.Context, ws []persist.Write) ([]string, error) {
	return failedOf(ws, s.batch.DeleteAll(ctx, idsOf(ws)))
}

// failedOf returns the IDs that a batch's error is about. One that names no sessions, or others than those of the batch,
// is about all of them: a store that wraps another may hand on an error about the other's IDs.
func failedOf(ws []persist.Write, err error) ([]string, error) {
	if err == nil {
		return nil, nil
	}
	all, named := idsOf(ws), namedBy(err)
	slices.Sort(all)
	for _, id := range named {
		if _, ours := slices.BinarySearch(all, id); !ours {
			return all, err
		}
	}
	if len(named) == 0 {
		return all, err
	}
	return named, err
}

func namedBy(err error) []string {
	var notSaved *NotSavedError
	var failed *BatchError
	switch {
	case errors.As(err, &notSaved):
		return notSaved.SessionIDs
	case errors.As(err, &failed):
		return failed.SessionIDs
	}
	return nil
}

func idsOf(ws []persist.Write) []string {
	ids := make([]string, len(ws))
	for i, w := range ws {
		ids[i] = w.ID
	}
	return ids
}

// writerOf returns what the pipeline writes to. It does not look beneath a wrapper for a BatchStore: every write goes
// through all layers, or one that caches would go on serving what was deleted beneath it.
func writerOf(store SessionStore) persist.Store {
	w := storeWriter{store, &sync.Pool{New: func() any { return map[string]SessionData{} }}}
	if batch, ok := store.(BatchStore); ok {
		return batchWriter{w, batch, &sync.Pool{New: func() any { return map[string]time.Time{} }}}
	}
	return w
}
