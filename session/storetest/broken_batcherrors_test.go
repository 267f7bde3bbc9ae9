package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/limpet-go/limpet/session"
)

func brokenBatchErrors() []brokenStore {
	const (
		ended    = "batchstore errors/a batch in a context that has ended does nothing, and its error names every session once"
		deadline = "batchstore errors/a deadline that has passed is context.DeadlineExceeded"
		loads    = "batchstore errors/LoadAll that its context ends names what it did not load"
		touches  = "batchstore errors/TouchAll that its context ends names what it did not touch"
		deletes  = "batchstore errors/DeleteAll that its context ends names what it did not delete"
	)
	return []brokenStore{
		{
			name:  "ignores the contexts of batches",
			fails: []string{ended, deadline},
			make: hook(func(m *session.MemoryStore, h *hooked) {
				h.removeAll = func(ctx context.Context, ids []string) error {
					return m.DeleteAll(context.WithoutCancel(ctx), ids)
				}
			}),
		},
		{
			name:  "says of a batch only that it failed",
			fails: []string{ended, loads, touches, deletes},
			make:  halfway(func(err error, rest []string) error { return err }),
		},
		{
			name:  "names nobody when a batch fails half-way",
			fails: []string{loads, touches, deletes},
			make:  halfway(func(err error, rest []string) error { return &session.BatchError{Err: err} }),
		},
		{
			name:  "names one too few when a batch fails half-way",
			fails: []string{loads, touches, deletes},
			make: halfway(func(err error, rest []string) error {
				return &session.BatchError{SessionIDs: rest[1:], Err: err}
			}),
		},
		{
			name:  "names what was not in the batch",
			fails: []string{ended, deletes},
			make: halfway(func(err error, rest []string) error {
				return &session.BatchError{SessionIDs: append(rest, "~"), Err: err}
			}),
		},
		{
			name:  "names sessions in any order",
			fails: []string{ended, deletes},
			make: halfway(func(err error, rest []string) error {
				slices.Reverse(rest)
				return &session.BatchError{SessionIDs: rest, Err: err}
			}),
		},
		{
			name:  "names sessions as often as they were named",
			fails: []string{ended},
			make: halfway(func(err error, rest []string) error {
				return &session.BatchError{SessionIDs: slices.Sorted(slices.Values(append(rest, rest...))), Err: err}
			}),
		},
		{
			name:  "lists the IDs of a failed batch",
			fails: []string{ended, deadline, loads, touches, deletes},
			make: halfway(func(err error, rest []string) error {
				return fmt.Errorf("%v: %w", rest, &session.BatchError{SessionIDs: rest, Err: err})
			}),
		},
		{
			name:  "has a text of its own for a failed batch",
			fails: []string{ended},
			make: halfway(func(err error, rest []string) error {
				return wordless{&session.BatchError{SessionIDs: rest, Err: err}}
			}),
		},
		{
			name:  "calls every end of a context the end of the batch",
			fails: []string{ended, deadline, loads, touches, deletes},
			make: halfway(func(err error, rest []string) error {
				return &session.BatchError{SessionIDs: rest, Err: errors.New("interrupted")}
			}),
		},
		{
			name:  "has nothing to do for an empty batch of deletes, closed or not",
			fails: []string{"batchstore errors/after Close every batch is ErrStoreClosed, the empty one too"},
			make: hook(func(m *session.MemoryStore, h *hooked) {
				h.removeAll = func(ctx context.Context, ids []string) error {
					if len(ids) == 0 {
						return nil
					}
					return m.DeleteAll(ctx, ids)
				}
			}),
		},
	}
}

type wordless struct{ error }

func (wordless) Error() string   { return "session: it did not work" }
func (w wordless) Unwrap() error { return w.error }

// halfway is a store whose batches take a while: they do half of the work, and the other half if their context has not
// ended by then. Else the error is made from that of the context and the sessions that are left.
func halfway(failed func(err error, rest []string) error) func(m *session.MemoryStore) session.SessionStore {
	inHalves := func(ctx context.Context, ids []string, do func(ids []string) error) error {
		ids = slices.Compact(slices.Sorted(slices.Values(ids)))
		if err := ctx.Err(); err != nil {
			return failed(err, ids)
		}
		if err := do(ids[:len(ids)/2]); err != nil {
			return err
		}
		pause(time.Millisecond)
		if rest := ids[len(ids)/2:]; ctx.Err() != nil {
			return failed(ctx.Err(), rest)
		} else {
			return do(rest)
		}
	}
	return hook(func(m *session.MemoryStore, h *hooked) {
		h.loadAll = func(ctx context.Context, ids []string) (map[string][]byte, error) {
			loaded := map[string][]byte{}
			err := inHalves(ctx, ids, func(ids []string) error {
				some, err := m.LoadAll(context.Background(), ids)
				maps.Copy(loaded, some)
				return err
			})
			return loaded, err
		}
		h.touchAll = func(ctx context.Context, expiries map[string]time.Time) error {
			return inHalves(ctx, slices.Collect(maps.Keys(expiries)), func(ids []string) error {
				some := map[string]time.Time{}
				for _, id := range ids {
					some[id] = expiries[id]
				}
				return m.TouchAll(context.Background(), some)
			})
		}
		h.removeAll = func(ctx context.Context, ids []string) error {
			return inHalves(ctx, ids, func(ids []string) error { return m.DeleteAll(context.Background(), ids) })
		}
	})
}
