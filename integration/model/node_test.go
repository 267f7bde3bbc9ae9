package model

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/limpet-go/limpet/session"
)

var errStore = errors.New("the store fails")

// node is the store as one process sees it: once the process has crashed nothing of it reaches the disk any more.
type node struct {
	disk    *disk
	crashed chan struct{}

	// What the process was told, under the lock of the disk.
	acked   map[string]version   // newest state acknowledged
	until   map[string]time.Time // newest expiry acknowledged
	heard   map[string]time.Time // when that was
	deleted map[string]version   // newest deletion acknowledged, by the newest state made before it was asked for
	removed map[string]version   // newest deletion asked for
}

func newNode(d *disk) *node {
	return &node{
		disk: d, crashed: make(chan struct{}), acked: map[string]version{}, until: map[string]time.Time{},
		heard:   map[string]time.Time{},
		deleted: map[string]version{}, removed: map[string]version{},
	}
}

// batchNode is a node whose store has batches of every kind.
type batchNode struct{ *node }

func (n *node) dead() bool {
	select {
	case <-n.crashed:
		return true
	default:
		return false
	}
}

// wait lets the latency pass. It reports whether the call goes on.
func (n *node) wait(ctx context.Context, write bool) error {
	n.disk.mu.Lock()
	latency, m := n.disk.latency, n.disk.mood
	n.disk.mu.Unlock()
	if m == hanging && write {
		latency = time.Hour
	}
	if latency == 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(latency)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-n.crashed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// write makes one change for each of some sessions and returns those for which that failed. After a crash it lies, so
// that what is left of the process comes to rest.
func (n *node) write(ctx context.Context, ids []string, change func(id string), heard func(id string)) (failed []string) {
	d := n.disk
	d.mu.Lock()
	if n.dead() {
		d.mu.Unlock()
		return nil
	}
	for _, id := range ids {
		if d.busy[id] {
			d.fault("two writes of %s at once", id)
		}
		d.busy[id] = true
		d.calls[id]++
	}
	d.mu.Unlock()
	err := n.wait(ctx, true)
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, id := range ids {
		delete(d.busy, id)
	}
	if n.dead() {
		return nil
	}
	for _, id := range ids {
		lost := err != nil || d.mood == down || d.mood == hanging || d.mood == partly && id[len(id)-1]%2 == 0
		if !lost {
			change(id)
		}
		if lost || d.mood == unheard {
			failed = append(failed, id)
			continue
		}
		heard(id)
		n.heard[id] = time.Now()
	}
	return failed
}

func one(failed []string) error {
	if len(failed) > 0 {
		return errStore
	}
	return nil
}

func (n *node) Save(ctx context.Context, id string, data []byte, until time.Time) error {
	return one(n.saveAll(ctx, map[string]session.SessionData{id: {Data: data, ExpiresAt: until}}))
}

func (n *node) SaveAll(ctx context.Context, sessions map[string]session.SessionData) error {
	if failed := n.saveAll(ctx, sessions); failed != nil {
		return &session.NotSavedError{SessionIDs: failed, Err: errStore}
	}
	return nil
}

func (n *node) saveAll(ctx context.Context, sessions map[string]session.SessionData) []string {
	return n.write(ctx, slices.Sorted(maps.Keys(sessions)),
		func(id string) { n.disk.put(id, sessions[id].Data, sessions[id].ExpiresAt) },
		func(id string) { n.acked[id], n.until[id] = versionOf(sessions[id].Data), sessions[id].ExpiresAt })
}

func (n *node) Touch(ctx context.Context, id string, until time.Time) error {
	return one(n.touchAll(ctx, map[string]time.Time{id: until}))
}

func (n *node) touchAll(ctx context.Context, expiries map[string]time.Time) []string {
	return n.write(ctx, slices.Sorted(maps.Keys(expiries)),
		func(id string) { n.disk.extend(id, expiries[id]) },
		func(id string) { n.until[id] = expiries[id] })
}

func (n *node) Delete(ctx context.Context, id string) error {
	return one(n.deleteAll(ctx, []string{id}))
}

func (n *node) deleteAll(ctx context.Context, ids []string) []string {
	n.disk.mu.Lock()
	asked := maps.Clone(n.removed)
	n.disk.mu.Unlock()
	return n.write(ctx, ids, func(id string) {
		delete(n.disk.rows, id)
		n.disk.buried[id] = asked[id]
	}, func(id string) { n.deleted[id] = asked[id] })
}

func (n *node) load(ctx context.Context) error {
	if n.dead() {
		return errStore
	}
	if err := n.wait(ctx, false); err != nil {
		return err
	}
	n.disk.mu.Lock()
	defer n.disk.mu.Unlock()
	if n.disk.mood == unread || n.dead() {
		return errStore
	}
	return nil
}

func (n *node) Load(ctx context.Context, id string) ([]byte, error) {
	r, ok := n.disk.peek(id) // before the wait: what changes meanwhile is not in the answer
	if err := n.load(ctx); err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	if !ok {
		return nil, nil
	}
	return slices.Clone(r.data), nil
}

func (n *node) Close() error { return nil }

func (b batchNode) LoadAll(ctx context.Context, ids []string) (map[string][]byte, error) {
	found := map[string][]byte{}
	for _, id := range ids {
		if r, ok := b.disk.peek(id); ok {
			found[id] = slices.Clone(r.data)
		}
	}
	if err := b.load(ctx); err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	return found, nil
}

func (b batchNode) TouchAll(ctx context.Context, expiries map[string]time.Time) error {
	return batchError(b.touchAll(ctx, expiries))
}

func (b batchNode) DeleteAll(ctx context.Context, ids []string) error {
	return batchError(b.deleteAll(ctx, ids))
}

func batchError(failed []string) error {
	if failed != nil {
		return &session.BatchError{SessionIDs: failed, Err: errStore}
	}
	return nil
}
