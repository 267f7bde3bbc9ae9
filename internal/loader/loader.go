// Package loader loads values from a store for many callers at once: few calls at a time, many values in a call, and
// no caller at the expense of another.
//
// What it promises:
//
//   - A lone load starts at once. While as many calls are under way as may be, others wait, and go together in one call
//     as soon as one ends, if the store can do that.
//   - Callers are grouped, by address for example, and groups take turns load by load. How many loads a group may have
//     under way begins small, grows with each value that is found and shrinks with each that is not.
//   - Who asks for what does not exist ends up doubted. All such groups together have 64 loads in a tenth of a second:
//     a few go along with calls for others, or what has gathered goes in a call of its own. So a flood takes little of
//     the store's time. It costs the innocent caller in a doubted group: its load waits for those in front of it, a tenth
//     of a second for every 64 of this group and as many of each other doubted one, and while the group's queue is
//     full it is sent away like the rest. Once what it asks for is found, the group is doubted no more.
//   - The number of waiting callers is bounded, and a group's part of it. Beyond that a caller is told at once when
//     to come back.
//   - A caller waits no longer than its context and Timeout allow, whatever the store does. A load that nobody waits
//     for any more before its call starts is not made.
//   - An error of the store is never taken for a missing value.
//
// It has no goroutine while it is idle, and one for each call of the store.
package loader

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"
)

// Store is where the values are. Load returns nil for a missing one, and an error only when the store could not say.
type Store interface {
	Load(ctx context.Context, id string) ([]byte, error)
}

// BatchStore is a Store that loads many values in a call.
type BatchStore interface {
	Store

	LoadAll(ctx context.Context, ids []string) Batch
}

// Batch is what a BatchStore says about many IDs: one that is neither found nor failed is missing.
type Batch struct {
	Found  map[string][]byte
	Failed []string // the IDs that Err is about; none: all that are not found
	Err    error
}

// Config configures a Loader. Every field but Store may be zero.
type Config struct {
	Store Store // or a BatchStore

	// MaxCalls is how many calls run at once. A Store that is no BatchStore, which has one load in a call, is asked
	// by four times as many at once. Default: 4. Negative: no limit.
	MaxCalls int

	// MaxWaiting is how many callers wait at once. A group has a sixteenth of that, or 64 if that is more, but never
	// more than half. Default: 10000. Negative: no limit, for a group neither.
	MaxWaiting int

	// Timeout is how long a caller waits, and how long a call of the store may take. Default: 10 s. Negative: no limit;
	// a call then ends when nobody waits for it.
	Timeout time.Duration

	BatchSize  int // loads in one call; default 256
	BatchBytes int // about how many bytes one call brings, going by the values found lately; default 8 MiB
}

const (
	singlesPerCall = 4  // calls of one load in place of a batch
	shareOfGroup   = 16 // a group may have this part of MaxWaiting,
	minShare       = 64 // and at least so many
)

// Loader is what the package says. Its methods are safe for use by many goroutines.
type Loader struct {
	cfg   Config
	batch BatchStore // nil if the store is none
	share int        // how many callers of a group may wait
	start time.Time  // instants are nanoseconds since then
	ctx   context.Context
	stop  context.CancelFunc

	mu      sync.Mutex
	stopped bool
	groups  map[string]*group
	turns   list.List // groups that have a load which may start now, in the order of their turns
	doubted list.List // the same of those whose loads were missed
	resting list.List // of groups that do nothing and are remembered, longest first
	waiting int       // callers
	calls   int       // under way
	dubious int       // loads of doubted groups in them
	begun   float64   // sum of the instants at which they began
	resume  int64     // when a load of a doubted group may begin again
	wakes   bool      // a timer will see to it
	pace    pace
	retry   int64         // when the next caller that is sent away may come back
	idle    chan struct{} // closed when no call is under way any more
	stats   Stats
}

// Stats is what a Loader does and did.
type Stats struct {
	Waiting int // callers that wait for the store, or for their turn

	Found, Missed, Failed uint64 // loads, by their outcome
	Refused               uint64 // callers that were sent away
}

// ErrStopped says that the loader was stopped.
var ErrStopped = errors.New("loader: stopped")

// OverloadedError says that too many wait.
type OverloadedError struct {
	RetryAfter time.Duration // when to come back
}

func (e *OverloadedError) Error() string {
	return fmt.Sprintf("loader: too many wait, try again in %v", e.RetryAfter)
}

// New makes a loader.
func New(cfg Config) *Loader {
	orDefault(&cfg.MaxCalls, 4)
	orDefault(&cfg.MaxWaiting, 10000)
	orDefault(&cfg.Timeout, 10*time.Second)
	orDefault(&cfg.BatchSize, 256)
	orDefault(&cfg.BatchBytes, 8<<20)
	if cfg.MaxWaiting < 0 {
		cfg.MaxWaiting = math.MaxInt
	}
	l := &Loader{cfg: cfg, start: time.Now(), groups: map[string]*group{}}
	l.share = min(max(minShare, cfg.MaxWaiting/shareOfGroup), max(1, cfg.MaxWaiting/2))
	var many bool
	if l.batch, many = cfg.Store.(BatchStore); !many {
		l.cfg.BatchSize = 1
		l.cfg.MaxCalls = min(l.cfg.MaxCalls, math.MaxInt32) * singlesPerCall
	}
	if l.cfg.MaxCalls < 0 {
		l.cfg.MaxCalls = math.MaxInt
	}
	l.ctx, l.stop = context.WithCancel(context.Background())
	return l
}

func orDefault[T int | time.Duration](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}

func (l *Loader) now() int64 { return int64(time.Since(l.start)) }

// Stats returns what the loader does and did.
func (l *Loader) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Waiting = l.waiting
	return s
}

// Stop ends the waiting of every caller with ErrStopped, and the contexts of the calls under way. It does not wait for
// them; Drained does.
func (l *Loader) Stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped = true
	l.stop()
}

// Drained waits until no call is under way, or until ctx ends.
func (l *Loader) Drained(ctx context.Context) {
	l.mu.Lock()
	if l.calls == 0 {
		l.mu.Unlock()
		return
	}
	if l.idle == nil {
		l.idle = make(chan struct{})
	}
	idle := l.idle
	l.mu.Unlock()
	select {
	case <-idle:
	case <-ctx.Done():
	}
}
