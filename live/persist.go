package live

import (
	"context"
	"errors"
	"hash/maphash"
	"log/slog"
	"sync"
	"time"

	"github.com/limpet-go/limpet/state"
)

var errTabEnded = errors.New("live: the connection has ended")

// snapshot returns the session's bytes, taken on its loop. It is called from any goroutine; with a context that
// marks the loop itself they are taken at once.
func (t *tab) snapshot(ctx context.Context) ([]byte, error) {
	if ctx.Value(loopKey{}) == t {
		return t.serialize()
	}
	type result struct {
		data []byte
		err  error
	}
	taken := make(chan result, 1)
	if !t.mail.post(func() {
		data, err := t.serialize()
		taken <- result{data, err}
	}) {
		return nil, errTabEnded
	}
	select {
	case r := <-taken:
		return r.data, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// serialize returns the session's sealed bytes, which say how far inputs are applied. It runs on the loop.
func (t *tab) serialize() (data []byte, err error) {
	defer recoverTo(&err, "serialize")
	progressKey.Set(t.session, t.progress)
	payload, err := t.session.Serialize()
	if err != nil {
		return nil, err
	}
	data, err = t.host.keyring.Encode(t.session.ID(), payload, t.session.Schema().Hash(), state.SchemaVersionID)
	if err != nil {
		return nil, err
	}
	t.ledger.note(data, t.progress.Applied)
	return data, nil
}

// finalState returns the bytes to keep after the connection. nil, after an error, leaves the last known ones.
func (t *tab) finalState() []byte {
	data, err := t.serialize()
	if err != nil {
		t.event(slog.LevelError, eventFinalStateNotTaken, slog.Any("error", err))
		return nil
	}
	return data
}

// durable is told by the manager which bytes the store acknowledged.
func (t *tab) durable(data []byte) {
	if m, ok := t.ledger.acknowledge(data); ok {
		t.out.saved(m.applied, m.taken)
	}
}

// maxMarks bounds the snapshots whose fate is not known. Of a snapshot that a newer one replaced nothing is ever
// heard; forgetting the oldest costs at most one acknowledgement, and the next one says as much.
const maxMarks = 64

var seed = maphash.MakeSeed()

// ledger remembers how far inputs were applied in each snapshot. It is safe for use by many goroutines.
type ledger struct {
	mu    sync.Mutex
	marks []mark // oldest first
}

type mark struct {
	sum     uint64
	applied uint64
	taken   time.Time
}

func (l *ledger) note(data []byte, applied uint64) {
	m := mark{sum: maphash.Bytes(seed, data), applied: applied, taken: time.Now()}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.marks) == maxMarks {
		l.marks = append(l.marks[:0], l.marks[1:]...)
	}
	l.marks = append(l.marks, m)
}

// acknowledge returns what is known about the snapshot with these bytes, and forgets it and the older ones.
func (l *ledger) acknowledge(data []byte) (mark, bool) {
	sum := maphash.Bytes(seed, data)
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, m := range l.marks {
		if m.sum == sum {
			l.marks = append(l.marks[:0], l.marks[i+1:]...)
			return m, true
		}
	}
	return mark{}, false
}
