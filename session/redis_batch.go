package session

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

const (
	// redisChunk is how many commands a pipeline carries: few enough that other callers' commands get in between.
	redisChunk = 128

	// redisPipelines is how many pipelines a batch has under way at once, each on a connection of its own.
	redisPipelines = 4
)

// SaveAll writes a batch in pipelines of bounded length, a few of them at once, begun in ID order. Sessions that cannot
// be written do not keep the others from being written. Its error is a *NotSavedError that names those not written, or
// not known to be.
func (r *RedisStore) SaveAll(ctx context.Context, sessions map[string]SessionData) error {
	ctx, done, err := r.begin(ctx)
	if err != nil {
		return batchError(sessions, err)
	}
	defer done()
	good, failed, refused := sortBatch(sessions, r.maxBytes)
	b := redisBatch{store: r, sessions: sessions, ids: good, failed: failed}
	b.run(ctx)
	return batchFailed(r.open.Load(), b.failed, errors.Join(refused, b.cause))
}

// redisBatch is a SaveAll under way.
type redisBatch struct {
	store    *RedisStore
	sessions map[string]SessionData

	mu     sync.Mutex
	ids    []string // not begun yet
	failed []string
	cause  error // the first: an outage fails every pipeline alike
}

// run returns when every pipeline has ended. The caller's goroutine is one of those that send them.
func (b *redisBatch) run(ctx context.Context) {
	var others sync.WaitGroup
	for n, all := 1, len(b.ids); n < redisPipelines && n*redisChunk < all; n++ {
		others.Go(func() { b.work(ctx) })
	}
	b.work(ctx)
	others.Wait()
}

func (b *redisBatch) work(ctx context.Context) {
	for ids := b.take(ctx); len(ids) > 0; ids = b.take(ctx) {
		failed, err := b.store.saveChunk(ctx, ids, b.sessions)
		b.fail(failed, err)
	}
}

// take returns the IDs of the next pipeline. There is none once the context has ended or the store was closed.
func (b *redisBatch) take(ctx context.Context) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.ids) == 0 {
		return nil
	}
	next := b.ids[:batchStep(b.ids, b.sessions, redisChunk)]
	b.ids = b.ids[len(next):]
	if ctx.Err() == nil && b.store.open.Load() {
		return next
	}
	b.failed, b.cause = slices.Concat(b.failed, next, b.ids), cmp.Or(b.cause, ctx.Err())
	b.ids = nil
	return nil
}

func (b *redisBatch) fail(ids []string, cause error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed, b.cause = append(b.failed, ids...), cmp.Or(b.cause, cause)
}

// SaveAllAtomic writes every session of a batch in one MULTI/EXEC, or none; its error is then a *NotSavedError that
// names them all. In a Redis Cluster all keys must lie in one slot, so the IDs need a common hash tag in braces; the
// error is the server's CROSSSLOT if they do not. With a client whose pipelines have no Del, a session of the batch
// that has already expired may be seen for a moment, empty.
func (r *RedisStore) SaveAllAtomic(ctx context.Context, sessions map[string]SessionData) error {
	ctx, done, err := r.begin(ctx)
	if err != nil {
		return batchError(sessions, err)
	}
	defer done()
	good, _, cause := sortBatch(sessions, r.maxBytes)
	if cause != nil {
		return notSaved(sessions, cause)
	}
	if len(good) == 0 {
		return nil
	}
	if err := r.saveAtomic(ctx, good, sessions); err != nil {
		return batchFailed(r.open.Load(), good, err)
	}
	return nil
}

// saveChunk sends one pipeline. It returns the IDs whose commands failed, with one of the causes.
func (r *RedisStore) saveChunk(ctx context.Context, ids []string, sessions map[string]SessionData) ([]string, error) {
	p := r.client.Pipeline()
	_, pipelinesDel := p.(RedisPipelineDeleter)
	var piped, alone []string
	var results []redisResult
	for _, id := range ids {
		if left := redisLeft(sessions[id].ExpiresAt); left > 0 || pipelinesDel {
			piped = append(piped, id)
			results = append(results, r.pipe(ctx, p, id, sessions[id].Data, left))
		} else {
			alone = append(alone, id)
		}
	}
	bad, err := execute(ctx, p, piped, results)
	for _, id := range alone {
		if delErr := r.client.Del(ctx, r.key(id)).Err(); delErr != nil {
			bad, err = append(bad, id), delErr
		}
	}
	return bad, err
}

// saveAtomic sends one transaction.
func (r *RedisStore) saveAtomic(ctx context.Context, ids []string, sessions map[string]SessionData) error {
	p := r.client.TxPipeline()
	_, pipelinesDel := p.(RedisPipelineDeleter)
	var results []redisResult
	var ending []string
	for _, id := range ids {
		left := redisLeft(sessions[id].ExpiresAt)
		results = append(results, r.pipe(ctx, p, id, sessions[id].Data, left))
		if left <= 0 && !pipelinesDel {
			ending = append(ending, id)
		}
	}
	_, err := execute(ctx, p, ids, results)
	if err != nil {
		return err
	}
	for _, id := range ending {
		_ = r.client.Del(ctx, r.key(id)).Err() // sooner than its last millisecond, if it can be
	}
	return nil
}

// redisResult is what all results of commands have in common.
type redisResult interface{ Err() error }

// pipe adds the command that saves a session. For one that has expired, where pipelines have no Del, it is a Set to
// nothing that lives as briefly as Redis can tell.
func (r *RedisStore) pipe(ctx context.Context, p RedisPipeliner, id string, data []byte, left time.Duration) redisResult {
	if left > 0 {
		return p.Set(ctx, r.key(id), redisValue(data), left)
	}
	if d, ok := p.(RedisPipelineDeleter); ok {
		return d.Del(ctx, r.key(id))
	}
	return p.Set(ctx, r.key(id), []byte{}, time.Millisecond)
}

// execute sends a pipeline and returns the IDs whose commands failed. When it failed and no command says so by itself,
// all of them did, as far as anyone knows.
func execute(ctx context.Context, p RedisPipeliner, ids []string, results []redisResult) ([]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	_, execErr := p.Exec(ctx)
	var bad []string
	var first error
	for i, result := range results {
		if err := result.Err(); err != nil {
			bad = append(bad, ids[i])
			if first == nil {
				first = err
			}
		}
	}
	switch {
	case first == nil && execErr == nil:
		return nil, nil
	case first == nil:
		return ids, execErr
	case execErr == nil || errors.Is(execErr, first):
		return bad, first
	}
	return bad, errors.Join(first, execErr)
}
