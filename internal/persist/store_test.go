package persist_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpet-go/limpet/internal/persist"
)

var (
	errDown    = errors.New("down")
	errRefused = errors.New("refused")
)

// store notes what it is asked. fail, if set, says how a call ends for each session.
type store struct {
	mu      sync.Mutex
	latency time.Duration
	jitter  time.Duration // some calls take longer by up to seven of these
	fail    func(w persist.Write) error
	done    []string   // "id:data", "id:touch", "id:delete"
	calls   [][]string // the IDs of each
	names   []string   // of the methods that were called
	running int
	most    int // calls at once
	dropped []error
}

func (s *store) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *store) write(ctx context.Context, name string, ws ...persist.Write) (bad []string, err error) {
	var ids []string
	for _, w := range ws {
		ids = append(ids, w.ID)
	}
	latency := s.latency
	s.set(func() {
		latency += s.jitter * time.Duration(len(s.calls)%7)
		s.calls, s.names = append(s.calls, ids), append(s.names, name)
		s.running++
		s.most = max(s.most, s.running)
	})
	defer s.set(func() { s.running-- })
	select {
	case <-time.After(latency):
	case <-ctx.Done():
		return ids, ctx.Err()
	}
	s.set(func() { bad, err = s.outcome(ws) })
	return bad, err
}

func (s *store) outcome(ws []persist.Write) (bad []string, err error) {
	for _, w := range ws {
		if s.fail != nil {
			if e := s.fail(w); e != nil {
				bad, err = append(bad, w.ID), e
				continue
			}
		}
		s.done = append(s.done, w.ID+":"+map[persist.Op]string{
			persist.Save: string(w.Data), persist.Touch: "touch", persist.Delete: "delete"}[w.Op])
	}
	return bad, err
}

func (s *store) Save(ctx context.Context, w persist.Write) error {
	return second(s.write(ctx, "Save", w))
}

func (s *store) Touch(ctx context.Context, w persist.Write) error {
	return second(s.write(ctx, "Touch", w))
}

func (s *store) Delete(ctx context.Context, w persist.Write) error {
	return second(s.write(ctx, "Delete", w))
}

func (s *store) SaveAll(ctx context.Context, ws []persist.Write) ([]string, error) {
	return s.write(ctx, "SaveAll", ws...)
}

// batchStore has batches of every kind.
type batchStore struct{ *store }

func (s batchStore) TouchAll(ctx context.Context, ws []persist.Write) ([]string, error) {
	return s.write(ctx, "TouchAll", ws...)
}

func (s batchStore) DeleteAll(ctx context.Context, ws []persist.Write) ([]string, error) {
	return s.write(ctx, "DeleteAll", ws...)
}

func second(_ []string, err error) error { return err }

// bubble runs a test with a pipeline on a batchStore in virtual time.
func bubble(t *testing.T, cfg persist.Config, test func(t *testing.T, p *persist.Pipeline, s *store)) {
	t.Helper()
	bubbleOn(t, cfg, func(s *store) persist.Store { return batchStore{s} }, test)
}

func bubbleOn(t *testing.T, cfg persist.Config, on func(*store) persist.Store, test func(t *testing.T, p *persist.Pipeline, s *store)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &store{latency: time.Millisecond}
		cfg.Store = on(s)
		cfg.Refused = func(err error) bool { return errors.Is(err, errRefused) }
		cfg.Dropped = func(_ persist.Write, err error) { s.set(func() { s.dropped = append(s.dropped, err) }) }
		p := persist.New(cfg)
		defer after(time.Minute)
		test(t, p, s)
	})
}

func after(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func save(id, data string) persist.Write {
	return persist.Write{ID: id, Op: persist.Save, Data: []byte(data), Expires: time.Now().Add(time.Hour)}
}

func touch(id string, d time.Duration) persist.Write {
	return persist.Write{ID: id, Op: persist.Touch, Expires: time.Now().Add(d)}
}

func remove(id string) persist.Write { return persist.Write{ID: id, Op: persist.Delete} }
