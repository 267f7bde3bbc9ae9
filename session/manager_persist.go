package session

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/limpet-go/limpet/internal/persist"
)

// storeWriter shows a SessionStore to the pipeline.
type storeWriter struct{ store SessionStore }

func (s storeWriter) Save(ctx context.Context, w persist.Write) error {
	return s.store.Save(ctx, w.ID, w.Data, w.Expires)
}

func (s storeWriter) Touch(ctx context.Context, w persist.Write) error {
	return s.store.Touch(ctx, w.ID, w.Expires)
}

func (s storeWriter) Delete(ctx context.Context, w persist.Write) error {
	return s.store.Delete(ctx, w.ID)
}

func (s storeWriter) SaveAll(ctx context.Context, ws []persist.Write) ([]string, error) {
	batch := make(map[string]SessionData, len(ws))
	for _, w := range ws {
		batch[w.ID] = SessionData{Data: w.Data, ExpiresAt: w.Expires}
	}
	return failedOf(ws, s.store.SaveAll(ctx, batch))
}

// batchWriter is a storeWriter whose store touches and deletes in batches.
type batchWriter struct {
	storeWriter
	batch BatchStore
}

func (s batchWriter) TouchAll(ctx context.Context, ws []persist.Write) ([]string, error) {
	expiries := make(map[string]time.Time, len(ws))
	for _, w := range ws {
		expiries[w.ID] = w.Expires
	}
	return failedOf(ws, s.batch.TouchAll(ctx, expiries))
}

func (s batchWriter) DeleteAll(ctx context.Context, ws []persist.Write) ([]string, error) {
	return failedOf(ws, s.batch.DeleteAll(ctx, idsOf(ws)))
}

// failedOf returns the IDs that a batch's error is about. One that names no sessions, or others than those of the batch,
// is about all of them: a store that wraps another may hand on an error about the other's IDs.
func failedOf(ws []persist.Write, err error) ([]string, error) {
	if err == nil {
		return nil, nil
	}
	all := idsOf(ws)
	named := namedBy(err)
	for _, id := range named {
		if !slices.Contains(all, id) {
			return all, err
		}
	}
	if len(named) == 0 {
		return all, err
	}
	return named, err
}

func namedBy(err error) []string {
	var notSaved *NotSavedError
	var failed *BatchError
	switch {
	case errors.As(err, &notSaved):
		return notSaved.SessionIDs
	case errors.As(err, &failed):
		return failed.SessionIDs
	}
	return nil
}

func idsOf(ws []persist.Write) []string {
	ids := make([]string, len(ws))
	for i, w := range ws {
		ids[i] = w.ID
	}
	return ids
}

// writerOf returns what the pipeline writes to. It does not look beneath a wrapper for a BatchStore: every write goes
// through all layers, or one that caches would go on serving what was deleted beneath it.
func writerOf(store SessionStore) persist.Store {
	if batch, ok := store.(BatchStore); ok {
		return batchWriter{storeWriter{store}, batch}
	}
	return storeWriter{store}
}

func (m *Manager) newPipeline() *persist.Pipeline {
	return persist.New(persist.Config{
		Store:    writerOf(m.store),
		MaxBytes: m.cfg.MaxUnsavedBytes,
		Refused: func(err error) bool {
			return errors.Is(err, ErrInvalidSessionID) || errors.Is(err, ErrSessionTooLarge)
		},
		Done:    m.acknowledged,
		Dropped: m.givenUp,
		Failed: func(n int, err error) {
			m.log.Warn(eventWriteFailed, "sessions", n, "error", err)
		},
	})
}

// window is the resume window, zero when nothing can be resumed.
func (m *Manager) window() int64 { return max(0, int64(m.cfg.ResumeWindow)) }

// connectedUntil is the expiry that a connected session's state is given in the store: after a crash at any time
// before the next keepalive it can be resumed for a whole window.
func (m *Manager) connectedUntil() int64 { return m.now() + m.window() + m.window()/2 }

// keepaliveEvery leaves a sixth of a window for the store to take the next touch.
func (m *Manager) keepaliveEvery() int64 { return m.window() / 3 }

// save puts the newest state in the pipeline.
func (m *Manager) save(rec *record, until int64, owner any) {
	w := m.saveOf(rec, until, owner)
	seq, lost := m.pipe.Put(w)
	m.put(rec, seq, lost)
}

// saveWait is save with a channel that receives the outcome.
func (m *Manager) saveWait(rec *record, until int64, owner any) <-chan error {
	seq, done, lost := m.pipe.PutWait(m.saveOf(rec, until, owner))
	m.put(rec, seq, lost)
	return done
}

func (m *Manager) saveOf(rec *record, until int64, owner any) persist.Write {
	return persist.Write{ID: rec.id, Op: persist.Save, Data: rec.data, Expires: m.at(until), Owner: owner}
}

func (m *Manager) put(rec *record, seq uint64, lost []persist.Write) {
	rec.seq, rec.saved = seq, 0
	for _, w := range lost {
		m.lose(w, persist.ErrOverflow)
	}
}

// extend brings the store to keep the newest state until an instant: by a touch while it certainly has it, by
// a save when it may not.
func (m *Manager) extend(rec *record, until int64) {
	switch {
	case m.pipe == nil || m.window() == 0 || rec.size < 0:
	case rec.refused:
		m.touch(rec.id, until)
	case rec.seq != 0 && (rec.saved == 0 || m.stored(rec)):
		m.touch(rec.id, until)
	case rec.data != nil:
		m.save(rec, until, nil)
	case rec.conn != nil && rec.conn.snapshot != nil:
		m.shots.now(m, rec.conn)
	default:
		m.event(slog.LevelError, eventStateGone, slog.String("session", HashID(rec.id)))
	}
}

func (m *Manager) touch(id string, until int64) {
	m.pipe.Put(persist.Write{ID: id, Op: persist.Touch, Expires: m.at(until)})
}

// acknowledged notes that the store has a write.
func (m *Manager) acknowledged(w persist.Write) {
	m.mu.Lock()
	defer m.unlock()
	if w.Op == persist.Save {
		delete(m.lost, w.ID)
	}
	rec := m.records[w.ID]
	if rec == nil || w.Op == persist.Delete {
		return
	}
	if until := int64(w.Expires.Sub(m.start)); w.Op == persist.Save && w.Seq >= rec.seq && rec.seq != 0 {
		rec.saved, rec.savedTo = until, w.Expires.UnixMilli()
		m.lighten(rec)
	} else if w.Op == persist.Touch && rec.saved != 0 {
		rec.saved, rec.savedTo = until, w.Expires.UnixMilli()
	}
	if c, ok := w.Owner.(*connection); ok && rec.conn == c {
		m.notice(c, w.Data)
	}
}

// lighten frees state that the store has and that a snapshot can bring back.
func (m *Manager) lighten(rec *record) {
	if c := rec.conn; c != nil && !c.held && c.snapshot != nil {
		rec.data = nil
	}
}

// notice tells a connection that a snapshot of it is durable, one at a time and in order.
func (m *Manager) notice(c *connection, data []byte) {
	if c.onDurable == nil {
		return
	}
	c.notices = append(c.notices, data)
	if !c.notifying {
		c.notifying = true
		m.later(func() { m.tell(c) })
	}
}

func (m *Manager) tell(c *connection) {
	for {
		m.mu.Lock()
		if len(c.notices) == 0 || c.rec.conn != c {
			c.notices, c.notifying = nil, false
			m.mu.Unlock()
			return
		}
		data := c.notices[0]
		c.notices = c.notices[1:]
		m.mu.Unlock()
		c.onDurable(data)
	}
}

// givenUp notes that a write will not reach the store.
func (m *Manager) givenUp(w persist.Write, err error) {
	m.mu.Lock()
	defer m.unlock()
	if errors.Is(err, persist.ErrExpired) {
		if rec := m.records[w.ID]; rec == nil {
			m.graves.expire(w.ID, true, m.now(), m.memory())
		} else if w.Op == persist.Save && w.Seq >= rec.seq {
			rec.seq, rec.saved = 0, 0
		}
		return
	}
	m.lose(w, err)
}

// lose counts state that will not reach the store. What of it is still in memory stays there.
func (m *Manager) lose(w persist.Write, err error) {
	m.counts.lost++
	m.event(slog.LevelError, eventStateLost, slog.String("session", HashID(w.ID)), slog.Int("bytes", len(w.Data)), slog.Any("error", err))
	if m.phase == stopping {
		m.shutdownLost(w.ID, err)
	}
	rec := m.records[w.ID]
	if rec == nil || w.Seq < rec.seq {
		return
	}
	rec.seq, rec.saved = 0, 0
	rec.refused = !errors.Is(err, persist.ErrOverflow)
	if c := rec.conn; c != nil && !c.held && c.snapshot != nil && errors.Is(err, persist.ErrOverflow) {
		rec.data = nil
		m.mark(c)
	}
}

// loadContext bounds a load for callers that bring no context.
func loadContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 10*time.Second)
}
