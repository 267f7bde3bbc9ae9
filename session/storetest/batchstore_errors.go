package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// batchErrorChecks are for stores declared Batch, too.
func batchErrorChecks() []check {
	return ifDeclared("Batch", func(o Options) bool { return o.Batch }, []check{
		{"a batch in a context that has ended does nothing, and its error names every session once", batchCanceled},
		{"a deadline that has passed is context.DeadlineExceeded", batchPastDeadline},
		{"LoadAll that its context ends names what it did not load", loadAllInterrupted},
		{"TouchAll that its context ends names what it did not touch", touchAllInterrupted},
		{"DeleteAll that its context ends names what it did not delete", deleteAllInterrupted},
		{"after Close every batch is ErrStoreClosed, the empty one too", batchClosed},
	})
}

// contains looks for an ID among IDs in ascending order.
func contains(ids []string, id string) bool {
	_, found := slices.BinarySearch(ids, id)
	return found
}

// namesOf returns what a failed call of a BatchStore names, which are some of these IDs (in
// ascending order), in order and each once.
func namesOf(t testing.TB, call string, err error, ids []string) []string {
	t.Helper()
	var failed *session.BatchError
	if !errors.As(err, &failed) {
		t.Fatalf("%s: error %v; want a *BatchError", call, err)
	}
	if !slices.IsSorted(failed.SessionIDs) || len(slices.Compact(slices.Clone(failed.SessionIDs))) != len(failed.SessionIDs) {
		t.Fatalf("%s: the error does not name %d sessions in ascending order, each once", call, len(failed.SessionIDs))
	}
	for _, id := range failed.SessionIDs {
		if !contains(ids, id) {
			t.Fatalf("%s: the error names a session that was not in the batch", call)
		}
	}
	if number := fmt.Sprintf(" %d sessions", len(failed.SessionIDs)); !strings.Contains(err.Error(), number) {
		t.Fatalf("%s: error text %q does not say that it is about%s", call, err, number)
	}
	return failed.SessionIDs
}

func batchCanceled(t testing.TB, k *kit) {
	s := k.store(t)
	ids := spreadIDs(40)
	s.saveAll(t, batchOf(ids, later()))
	twice := slices.Concat(ids, ids)
	slices.Reverse(twice)
	loaded, loadErr := s.batch(t).LoadAll(canceled(), twice)
	for call, err := range map[string]error{
		"LoadAll":   loadErr,
		"TouchAll":  s.batch(t).TouchAll(canceled(), allAt(ids, time.Time{})),
		"DeleteAll": s.batch(t).DeleteAll(canceled(), twice),
	} {
		fails(t, call, err, context.Canceled, ids...)
		if named := namesOf(t, call, err, ids); len(named) != len(ids) {
			t.Fatalf("%s: the error names %d sessions; want all %d", call, len(named), len(ids))
		}
	}
	if len(loaded) > 0 {
		t.Fatalf("LoadAll in a context that had ended returned %d sessions", len(loaded))
	}
	s.holdsAll(t, ids, themselves(ids))
}

func batchPastDeadline(t testing.TB, k *kit) {
	s := k.store(t)
	ids := spreadIDs(3)
	s.saveAll(t, batchOf(ids, later()))
	ctx, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancel()
	_, err := s.batch(t).LoadAll(ctx, ids)
	fails(t, "LoadAll", err, context.DeadlineExceeded, ids...)
	fails(t, "TouchAll", s.batch(t).TouchAll(ctx, allAt(ids, time.Time{})), context.DeadlineExceeded, ids...)
	fails(t, "DeleteAll", s.batch(t).DeleteAll(ctx, ids), context.DeadlineExceeded, ids...)
	s.holdsAll(t, ids, themselves(ids))
}

// interrupted makes a call again and again in a context that ends a little later each time, until one is done in time.
// It returns what the last that failed named.
func interrupted(t testing.TB, call string, ids []string, f func(ctx context.Context) error) (named []string) {
	t.Helper()
	for patience := 100 * time.Microsecond; patience < time.Minute; patience *= 3 {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		err := f(ctx)
		cancel()
		if err == nil {
			return named
		}
		fails(t, call, err, context.DeadlineExceeded, ids[0], ids[len(ids)-1])
		named = namesOf(t, call, err, ids)
	}
	t.Fatalf("%s of %d sessions does not end", call, len(ids))
	return nil
}

func loadAllInterrupted(t testing.TB, k *kit) {
	s := k.store(t)
	ids := spreadIDs(1000)
	s.saveAll(t, batchOf(ids, later()))
	interrupted(t, "LoadAll", ids, func(ctx context.Context) error {
		loaded, err := s.batch(t).LoadAll(ctx, ids)
		var failed *session.BatchError
		if errors.As(err, &failed) && len(loaded)+len(failed.SessionIDs) != len(ids) {
			t.Fatalf("LoadAll of %d sessions returned %d and named %d", len(ids), len(loaded), len(failed.SessionIDs))
		}
		for id, data := range loaded {
			if string(data) != id || failed != nil && contains(failed.SessionIDs, id) {
				t.Fatalf("LoadAll returned %s for a session, or named what it loaded", brief(data))
			}
		}
		return err
	})
}

func touchAllInterrupted(t testing.TB, k *kit) {
	s := k.store(t)
	ids := spreadIDs(1000)
	s.saveAll(t, batchOf(ids, later()))
	past := allAt(ids, time.Now().Add(-time.Second))
	s.dropsWhatItDoesNotName(t, "TouchAll", ids, func(ctx context.Context) error { return s.batch(t).TouchAll(ctx, past) })
}

func deleteAllInterrupted(t testing.TB, k *kit) {
	s := k.store(t)
	ids := spreadIDs(1000)
	s.saveAll(t, batchOf(ids, later()))
	s.dropsWhatItDoesNotName(t, "DeleteAll", ids, func(ctx context.Context) error { return s.batch(t).DeleteAll(ctx, ids) })
}

// dropsWhatItDoesNotName interrupts a call that ends sessions.
func (s *subject) dropsWhatItDoesNotName(t testing.TB, call string, ids []string, f func(ctx context.Context) error) {
	t.Helper()
	interrupted(t, call, ids, func(ctx context.Context) error {
		err := f(ctx)
		var failed *session.BatchError
		if err != nil && !errors.As(err, &failed) {
			return err
		}
		for id := range s.loadAll(t, ids) {
			if failed == nil || !contains(failed.SessionIDs, id) {
				t.Fatalf("%s: a session is still there and not named by the error %v", call, err)
			}
		}
		return err
	})
}

func batchClosed(t testing.TB, k *kit) {
	s := k.store(t)
	b, closed := s.batch(t), session.ErrStoreClosed{}
	ids := spreadIDs(2)
	s.saveAll(t, batchOf(ids, later()))
	s.close(t)
	for _, named := range [][]string{ids, nil, {}, {"bad ID"}} {
		_, err := b.LoadAll(s.ctx, named)
		fails(t, "LoadAll", err, closed, ids...)
		fails(t, "TouchAll", b.TouchAll(s.ctx, allAt(named, later())), closed, ids...)
		fails(t, "DeleteAll", b.DeleteAll(s.ctx, named), closed, ids...)
	}
}
