// Package persist is a write-behind queue: callers say what the newest state of a session is and go on; workers
// bring it to a store.
//
// What it promises: the writes of one session reach the store one at a time and in order, a newer state replaces
// an older one that waits, a delete wins over a save and follows the one in flight, and a write that fails is tried
// again until it is acknowledged, superseded, expired, refused for good, or pushed out by the limit on bytes. The
// limit is for all that waits: touches are pushed out before states, and deletes never are.
// No method but Drain waits for the store.
package persist

import (
	"context"
	"errors"
	"time"
)

// Op is a kind of write.
type Op uint8

// The kinds of write.
const (
	None Op = iota
	Touch
	Save
	Delete
)

// Write is one write of one session.
type Write struct {
	ID      string
	Op      Op
	Data    []byte    // of a Save: never changed by anyone once it was Put
	Expires time.Time // of a Save or Touch
	Spare   bool      // of a Touch: the store keeps the session for as long without it
	Owner   any       // given back with the outcome
	Seq     uint64    // set by Put: larger for each
}

// Store is what the pipeline needs of a store.
type Store interface {
	Save(ctx context.Context, w Write) error
	Touch(ctx context.Context, w Write) error
	Delete(ctx context.Context, w Write) error

	// SaveAll returns the IDs that were not saved, and why.
	SaveAll(ctx context.Context, ws []Write) (notSaved []string, err error)
}

// BatchStore is a Store that touches and deletes many sessions in a call, too. With a Store that is none, each touch
// and delete is a call of its own.
type BatchStore interface {
	Store

	// TouchAll returns the IDs for which it failed, and why.
	TouchAll(ctx context.Context, ws []Write) (notTouched []string, err error)

	// DeleteAll returns the IDs for which it failed, and why.
	DeleteAll(ctx context.Context, ws []Write) (notDeleted []string, err error)
}

// Why a write was given up.
var (
	ErrExpired  = errors.New("expired before it was saved")
	ErrOverflow = errors.New("pushed out by newer unsaved bytes")
	ErrDeleted  = errors.New("deleted")
)

// Config configures a Pipeline. Every field but Store may be zero. The functions are called outside locks, for one
// session in the order of its writes.
type Config struct {
	Store Store // or a BatchStore

	// Refused says that an error is the store's last word on a write.
	Refused func(err error) bool

	// Done is called when the store acknowledged writes, those of one call of it at once, before a later one of these
	// sessions is tried. It must not keep the slice.
	Done func(ws []Write)

	// Dropped is called when a write was given up: ErrExpired or a refusal.
	Dropped func(w Write, err error)

	// Failed is called when n writes failed and will be tried again.
	Failed func(n int, err error)

	MaxBytes   int64         // of all that waits, with what it costs beside the state; not positive: no limit
	Workers    int           // how many store calls run at once, half of them only while full batches wait; default 8
	BatchSize  int           // sessions in one call; default 256
	BatchBytes int           // bytes in one call; default 4 MiB
	MinBackoff time.Duration // default 50 ms
	MaxBackoff time.Duration // default 5 s
	Timeout    time.Duration // of a store call; default 10 s
}

func (c Config) withDefaults() Config {
	if c.Refused == nil {
		c.Refused = func(error) bool { return false }
	}
	if c.Done == nil {
		c.Done = func([]Write) {}
	}
	if c.Dropped == nil {
		c.Dropped = func(Write, error) {}
	}
	if c.Failed == nil {
		c.Failed = func(int, error) {}
	}
	positive(&c.Workers, 8)
	positive(&c.BatchSize, 256)
	positive(&c.BatchBytes, 4<<20)
	positive(&c.MinBackoff, 50*time.Millisecond)
	positive(&c.MaxBackoff, 5*time.Second)
	positive(&c.Timeout, 10*time.Second)
	return c
}

func positive[T int | time.Duration](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}
