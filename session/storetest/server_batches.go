package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// faultsHalfway are what interrupts a batch: the server goes away, or it does not answer for as long as the call waits.
func faultsHalfway(t testing.TB, server Server) []func() (resume func()) {
	return []func() func(){
		func() func() { server.Disconnect(t); return func() {} },
		func() func() { return server.Stall(t) },
		func() func() { server.Restart(t); return func() {} },
	}
}

// halfway makes a call and brings about a fault as soon as the call has begun to have an effect.
func (s *subject) halfway(t testing.TB, call string, f func(ctx context.Context) error, effect func() bool, fault func() func()) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*stallTime)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- f(ctx) }()
	for len(ended) == 0 && !effect() {
		pause(100 * time.Microsecond)
	}
	resume := fault()
	defer resume()
	return within(t, 5*stallTime+grace, call+" that a fault interrupts", func() error { return <-ended })
}

func interruptedSaveAll(t testing.TB, k *kit) {
	s, server := k.disturbable(t)
	data := noise(2000)
	for _, fault := range faultsHalfway(t, server) {
		ids := spreadIDs(4000)
		err := s.halfway(t, "SaveAll",
			func(ctx context.Context) error { return s.SaveAll(ctx, fill(ids, data)) },
			func() bool { return s.sees(ids[0]) }, fault)
		s.recovers(t)
		unsaved := notSavedOf(t, err, ids)
		for i, id := range ids {
			if i%7 == 0 && !contains(unsaved, id) {
				s.holds(t, id, data)
			}
		}
	}
}

// sees says whether a session is there, as far as the store can say.
func (s *subject) sees(id string) bool {
	ctx, cancel := context.WithTimeout(s.ctx, stallTime)
	defer cancel()
	data, err := s.Load(ctx, id)
	return err == nil && data != nil
}

// notSavedOf returns what a call of SaveAll names that failed, or nothing for one that succeeded.
func notSavedOf(t testing.TB, err error, ids []string) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	fails(t, "SaveAll", err, err, ids[0], ids[len(ids)-1])
	var unsaved *session.NotSavedError
	if !errors.As(err, &unsaved) || len(unsaved.SessionIDs) == 0 {
		t.Fatalf("SaveAll: error %v; want a *NotSavedError that names sessions", err)
	}
	if !slices.IsSorted(unsaved.SessionIDs) {
		t.Fatalf("SaveAll: the error does not name %d sessions in ascending order", len(unsaved.SessionIDs))
	}
	for _, id := range unsaved.SessionIDs {
		if !contains(ids, id) {
			t.Fatalf("SaveAll: the error names a session that was not in the batch")
		}
	}
	return unsaved.SessionIDs
}

func interruptedDeleteAll(t testing.TB, k *kit) {
	if !k.opts.Batch {
		t.Skip("Options.Batch is not set")
	}
	s, server := k.disturbable(t)
	for _, fault := range faultsHalfway(t, server) {
		ids := spreadIDs(4000)
		s.saveAll(t, batchOf(ids, later()))
		err := s.halfway(t, "DeleteAll",
			func(ctx context.Context) error { return s.batch(t).DeleteAll(ctx, ids) },
			func() bool { return !s.sees(ids[0]) }, fault)
		s.recovers(t)
		var failed []string
		if err != nil {
			failed = namesOf(t, "DeleteAll", err, ids)
		}
		for id := range s.loadAll(t, ids) {
			if !contains(failed, id) {
				t.Fatalf("DeleteAll: a session is still there and not named by the error %v", err)
			}
		}
	}
}
