package redis

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/limpet-go/limpet/session"
)

// LoadAll returns the data of the live sessions among these, read in pipelines of bounded length. See session.BatchStore
// for the contract.
func (s *Store) LoadAll(ctx context.Context, sessionIDs []string) (map[string][]byte, error) {
	ids := named(sessionIDs)
	ctx, done, err := s.beginBatch(ctx, ids)
	if err != nil {
		return nil, err
	}
	defer done()
	found := make(map[string][]byte, len(ids))
	err = s.inPipelines(ctx, ids, func(id string) goredis.Cmder {
		return goredis.NewStringCmd(ctx, "get", s.key(id))
	}, func(id string, cmd goredis.Cmder) {
		data, _ := cmd.(*goredis.StringCmd).Bytes()
		found[id] = append([]byte{}, data...)
	})
	return found, err
}

// TouchAll moves the expiries of live sessions; a past one removes its session. See session.BatchStore for the contract.
func (s *Store) TouchAll(ctx context.Context, expiries map[string]time.Time) error {
	ids := named(slices.Collect(maps.Keys(expiries)))
	ctx, done, err := s.beginBatch(ctx, ids)
	if err != nil {
		return err
	}
	defer done()
	return s.inPipelines(ctx, ids, func(id string) goredis.Cmder {
		if left := left(expiries[id]); left > 0 {
			return pexpireCmd(ctx, s.key(id), left)
		}
		return delCmd(ctx, s.key(id))
	}, nil)
}

// DeleteAll removes sessions. See session.BatchStore for the contract.
func (s *Store) DeleteAll(ctx context.Context, sessionIDs []string) error {
	ids := named(sessionIDs)
	ctx, done, err := s.beginBatch(ctx, ids)
	if err != nil {
		return err
	}
	defer done()
	return s.inPipelines(ctx, ids, func(id string) goredis.Cmder { return delCmd(ctx, s.key(id)) }, nil)
}

// beginBatch is begin for a call of a BatchStore.
func (s *Store) beginBatch(ctx context.Context, ids []string) (context.Context, context.CancelFunc, error) {
	ctx, done, err := s.begin(ctx)
	if err != nil && err != (session.ErrStoreClosed{}) && len(ids) > 0 {
		err = &session.BatchError{SessionIDs: ids, Err: err}
	}
	return ctx, done, err
}

// inPipelines sends a command for each of these IDs, chunk by chunk, and goes on after one that failed. took is told
// of the commands that succeeded and found something.
func (s *Store) inPipelines(
	ctx context.Context, ids []string, command func(id string) goredis.Cmder, took func(id string, cmd goredis.Cmder),
) error {
	var failed []string
	var cause error // the first: an outage fails every pipeline alike
	for chunk := range slices.Chunk(ids, pipelineLength) {
		if ctx.Err() != nil || !s.open.Load() {
			failed, cause = append(failed, chunk...), cmp.Or(cause, ctx.Err())
			continue
		}
		cmds := make([]goredis.Cmder, len(chunk))
		for i, id := range chunk {
			cmds[i] = command(id)
		}
		err := send(ctx, s.client, cmds)
		cause = cmp.Or(cause, err)
		for i, id := range chunk {
			switch err := cmds[i].Err(); {
			case isFailure(err):
				failed = append(failed, id)
			case err == nil && took != nil:
				took(id, cmds[i])
			}
		}
	}
	return s.undone(failed, cause)
}

// undone is the error of a call of a BatchStore that failed for these sessions; nil when there are none. A call that
// Close overtook matches session.ErrStoreClosed too.
func (s *Store) undone(ids []string, cause error) error {
	if len(ids) == 0 {
		return nil
	}
	if !s.open.Load() {
		cause = errors.Join(session.ErrStoreClosed{}, cause)
	}
	return &session.BatchError{SessionIDs: ids, Err: cause}
}

// named returns the valid ones among these IDs in ascending order, each once.
func named(sessionIDs []string) []string {
	ids := slices.DeleteFunc(slices.Clone(sessionIDs), func(id string) bool { return !validID(id) })
	slices.Sort(ids)
	return slices.Compact(ids)
}
