package storm

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/limpet-go/limpet/session"
)

// Load is what a store had to do.
type Load struct {
	Calls, Sessions int // reads
	Useful          int // reads that found one
	AtOnce, Most    int // reads: the most calls at once, the most sessions in one of them
	Missing         int // sessions asked for that are not there
	Writes, Written int // calls and sessions
	WritesAtOnce    int
}

// Counter is a store that counts its calls. It passes all of them on.
type Counter struct {
	store session.SessionStore
	batch session.BatchStore
	gate  gate

	mu     sync.Mutex
	load   Load
	reads  int // under way
	writes int
}

// NewCounter counts the calls of a store, which must be a BatchStore.
func NewCounter(store session.SessionStore) (*Counter, error) {
	batch, ok := session.As[session.BatchStore](store)
	if !ok {
		return nil, errors.New("storm: the store is no BatchStore")
	}
	return &Counter{store: store, batch: batch}, nil
}

// Hold lets so many sessions be saved, counted from now, and has further calls wait. quiet is called once, when one waits and
// none is under way.
func (c *Counter) Hold(sessions int, quiet func()) {
	c.gate.hold(sessions, quiet)
}

// Release ends Hold.
func (c *Counter) Release() { c.gate.release() }

// Take returns what was counted since the last Take.
func (c *Counter) Take() Load {
	c.mu.Lock()
	defer c.mu.Unlock()
	load := c.load
	c.load = Load{AtOnce: c.reads, WritesAtOnce: c.writes}
	return load
}

// read counts a call that asks for so many sessions. done tells how many were found.
func (c *Counter) read(sessions int) (done func(found int)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.load.Calls++
	c.load.Sessions += sessions
	c.load.Most = max(c.load.Most, sessions)
	c.reads++
	c.load.AtOnce = max(c.load.AtOnce, c.reads)
	return func(found int) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.reads--
		c.load.Missing += sessions - found
		if found > 0 {
			c.load.Useful++
		}
	}
}

func (c *Counter) write(sessions int) (done func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.load.Writes++
	c.load.Written += sessions
	c.writes++
	c.load.WritesAtOnce = max(c.load.WritesAtOnce, c.writes)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.writes--
	}
}

// save is write for states, which wait at the gate.
func (c *Counter) save(ctx context.Context, sessions int, do func() error) error {
	entered := c.gate.enter(ctx, sessions)
	if entered {
		defer c.gate.leave()
	}
	defer c.write(sessions)()
	return do()
}

// Save implements session.SessionStore.
func (c *Counter) Save(ctx context.Context, id string, data []byte, expires time.Time) error {
	return c.save(ctx, 1, func() error { return c.store.Save(ctx, id, data, expires) })
}

// SaveAll implements session.SessionStore.
func (c *Counter) SaveAll(ctx context.Context, sessions map[string]session.SessionData) error {
	return c.save(ctx, len(sessions), func() error { return c.store.SaveAll(ctx, sessions) })
}

// Load implements session.SessionStore.
func (c *Counter) Load(ctx context.Context, id string) ([]byte, error) {
	done := c.read(1)
	data, err := c.store.Load(ctx, id)
	if data == nil {
		done(0)
	} else {
		done(1)
	}
	return data, err
}

// LoadAll implements session.BatchStore.
func (c *Counter) LoadAll(ctx context.Context, ids []string) (map[string][]byte, error) {
	done := c.read(len(ids))
	found, err := c.batch.LoadAll(ctx, ids)
	done(len(found))
	return found, err
}

// Touch implements session.SessionStore.
func (c *Counter) Touch(ctx context.Context, id string, expires time.Time) error {
	defer c.write(1)()
	return c.store.Touch(ctx, id, expires)
}

// TouchAll implements session.BatchStore.
func (c *Counter) TouchAll(ctx context.Context, expiries map[string]time.Time) error {
	defer c.write(len(expiries))()
	return c.batch.TouchAll(ctx, expiries)
}

// Delete implements session.SessionStore.
func (c *Counter) Delete(ctx context.Context, id string) error {
	defer c.write(1)()
	return c.store.Delete(ctx, id)
}

// DeleteAll implements session.BatchStore.
func (c *Counter) DeleteAll(ctx context.Context, ids []string) error {
	defer c.write(len(ids))()
	return c.batch.DeleteAll(ctx, ids)
}

// Close implements session.SessionStore.
func (c *Counter) Close() error { return c.store.Close() }
