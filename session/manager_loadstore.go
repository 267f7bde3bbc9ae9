package session

import (
	"context"
	"slices"

	"github.com/limpet-go/limpet/internal/loader"
)

// batchLoads shows a BatchStore to the loader.
type batchLoads struct {
	SessionStore
	batch BatchStore
}

func (s batchLoads) LoadAll(ctx context.Context, ids []string) loader.Batch {
	found, err := s.batch.LoadAll(ctx, ids)
	b := loader.Batch{Found: found, Failed: namedAmong(ids, err), Err: err}
	if failed, ok := err.(*BatchError); ok && failed.Err != nil {
		b.Err = failed.Err // those who wait need not know of each other
	}
	return b
}

// namedAmong returns the IDs that a batch's error names; none, which is as good as all, if it names others: a store that
// wraps another may hand on an error about the other's IDs.
func namedAmong(ids []string, err error) []string {
	named := namedBy(err)
	if len(named) == 0 {
		return nil
	}
	known := slices.Sorted(slices.Values(ids))
	for _, id := range named {
		if _, ok := slices.BinarySearch(known, id); !ok {
			return nil
		}
	}
	return named
}

// loadsFrom returns what the loader asks. Like the pipeline it does not look beneath a wrapper for a BatchStore.
func loadsFrom(store SessionStore) loader.Store {
	if batch, ok := store.(BatchStore); ok {
		return batchLoads{store, batch}
	}
	return store
}
