package session

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
)

// inSteps does something for IDs, which are in ascending order, step by step; size says how many of those that are
// left make one step. A few steps may be under way at once. It goes on after a step that failed. If the database
// refuses the values of a step, its halves are tried, down to single sessions, so that one bad row fails alone. What is
// done must be such that it may be done twice. It returns the IDs of what failed or was not begun, with the first cause:
// an outage fails every step alike.
func (s *SQLStore) inSteps(ctx context.Context, ids []string, size func([]string) int, do func([]string) error) (failed []string, cause error) {
	b := sqlSteps{left: ids, size: size}
	work := func() {
		for ctx.Err() == nil && s.open.Load() {
			ids := b.next()
			if len(ids) == 0 {
				return
			}
			b.did(s.step(ctx, ids, do))
		}
	}
	var others sync.WaitGroup
	for range min(s.runner.atOnce(), b.most()) - 1 {
		others.Go(work)
	}
	work()
	others.Wait()
	if len(b.left) > 0 {
		b.did(b.left, ctx.Err())
	}
	return b.failed, b.cause
}

// sqlSteps is a batch that is under way.
type sqlSteps struct {
	mu     sync.Mutex
	left   []string // not begun
	size   func([]string) int
	failed []string
	cause  error // the first
}

// most is one for a batch of one step, else how many steps it may be.
func (b *sqlSteps) most() int {
	if len(b.left) == 0 || b.size(b.left) == len(b.left) {
		return 1
	}
	return len(b.left)
}

func (b *sqlSteps) next() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.left) == 0 {
		return nil
	}
	n := b.size(b.left)
	ids := b.left[:n]
	b.left = b.left[n:]
	return ids
}

func (b *sqlSteps) did(failed []string, cause error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed, b.cause = append(b.failed, failed...), cmp.Or(b.cause, cause)
}

func (s *SQLStore) step(ctx context.Context, ids []string, do func([]string) error) ([]string, error) {
	err := do(ids)
	if err == nil {
		return nil, nil
	}
	if len(ids) == 1 || ctx.Err() != nil || !s.open.Load() || !s.runner.refused(ctx, err) {
		return ids, err
	}
	half := len(ids) / 2
	bad, err := s.step(ctx, ids[:half], do)
	more, err2 := s.step(ctx, ids[half:], do)
	return append(bad[:len(bad):len(bad)], more...), cmp.Or(err, err2)
}

// upTo returns a size for inSteps: as many IDs as a statement may carry.
func upTo(most int) func([]string) int {
	return func(ids []string) int { return min(len(ids), most) }
}

// beginBatch is begin for a call of a BatchStore.
func (s *SQLStore) beginBatch(ctx context.Context, ids []string) (context.Context, context.CancelFunc, error) {
	ctx, done, err := s.begin(ctx)
	if err != nil && err != (ErrStoreClosed{}) && len(ids) > 0 {
		err = &BatchError{SessionIDs: ids, Err: err}
	}
	return ctx, done, err
}

// undone is the error of a call of a BatchStore that failed for these sessions; nil when there are none. A call that
// Close overtook matches ErrStoreClosed too.
func (s *SQLStore) undone(ids []string, cause error) error {
	if len(ids) == 0 {
		return nil
	}
	if !s.open.Load() {
		cause = errors.Join(ErrStoreClosed{}, cause)
	}
	slices.Sort(ids)
	return &BatchError{SessionIDs: ids, Err: cause}
}
