package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

func contextChecks() []check {
	return []check{
		{"a canceled Save fails and writes nothing", canceledSave},
		{"a canceled Load fails, and is not a missing session", canceledLoad},
		{"a canceled Delete fails and deletes nothing", canceledDelete},
		{"a canceled Touch fails and moves nothing", canceledTouch},
		{"a canceled SaveAll fails, writes nothing and names every session", canceledSaveAll},
		{"a deadline that has passed is context.DeadlineExceeded", passedDeadline},
		{"a context that ends after the call changes nothing", endedLater},
	}
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func canceledSave(t testing.TB, k *kit) {
	s := k.store(t)
	fresh, old := newID("fresh"), newID("old")
	s.save(t, old, []byte("old"), later())
	fails(t, "Save", s.Save(canceled(), fresh, []byte("new"), later()), context.Canceled, fresh)
	fails(t, "Save", s.Save(canceled(), old, []byte("new"), later()), context.Canceled, old)
	fails(t, "Save", s.Save(canceled(), old, []byte("new"), time.Time{}), context.Canceled, old)
	s.lacks(t, fresh)
	s.holds(t, old, []byte("old"))
}

func canceledLoad(t testing.TB, k *kit) {
	s := k.store(t)
	id := newID("")
	s.save(t, id, []byte("x"), later())
	for _, id := range []string{id, newID("missing")} {
		data, err := s.Load(canceled(), id)
		fails(t, "Load", err, context.Canceled, id)
		if data != nil {
			t.Fatalf("Load returned %s and an error", brief(data))
		}
	}
}

func canceledDelete(t testing.TB, k *kit) {
	s := k.store(t)
	id := newID("")
	s.save(t, id, []byte("kept"), later())
	fails(t, "Delete", s.Delete(canceled(), id), context.Canceled, id)
	s.holds(t, id, []byte("kept"))
}

func canceledTouch(t testing.TB, k *kit) {
	s := k.store(t)
	id := newID("")
	s.save(t, id, []byte("kept"), later())
	fails(t, "Touch", s.Touch(canceled(), id, time.Now().Add(-time.Hour)), context.Canceled, id)
	s.holds(t, id, []byte("kept"))
}

func canceledSaveAll(t testing.TB, k *kit) {
	s := k.store(t)
	ids := newIDs(20)
	for _, id := range ids[:10] {
		s.save(t, id, []byte("old"), later())
	}
	err := s.SaveAll(canceled(), fill(ids, []byte("new")))
	fails(t, "SaveAll", err, context.Canceled, ids...)
	var unsaved *session.NotSavedError
	if !errors.As(err, &unsaved) || len(unsaved.SessionIDs) != len(ids) {
		t.Fatalf("SaveAll: error %v; want a *NotSavedError of %d sessions", err, len(ids))
	}
	for _, id := range ids[:10] {
		s.holds(t, id, []byte("old"))
	}
	for _, id := range ids[10:] {
		s.lacks(t, id)
	}
}

func passedDeadline(t testing.TB, k *kit) {
	s := k.store(t)
	id := newID("")
	ctx, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancel()
	_, err := s.Load(ctx, id)
	fails(t, "Load", err, context.DeadlineExceeded, id)
	fails(t, "Save", s.Save(ctx, id, []byte("x"), later()), context.DeadlineExceeded, id)
	fails(t, "Delete", s.Delete(ctx, id), context.DeadlineExceeded, id)
	fails(t, "Touch", s.Touch(ctx, id, later()), context.DeadlineExceeded, id)
	fails(t, "SaveAll", s.SaveAll(ctx, batchOf([]string{id}, later())), context.DeadlineExceeded, id)
	if k.opts.Atomic {
		err := s.atomic(t).SaveAllAtomic(ctx, batchOf([]string{id}, later()))
		fails(t, "SaveAllAtomic", err, context.DeadlineExceeded, id)
	}
	s.lacks(t, id)
}

func endedLater(t testing.TB, k *kit) {
	s := k.store(t)
	ids := newIDs(2)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	err := errors.Join(
		s.Save(ctx, ids[0], []byte(ids[0]), later()),
		s.SaveAll(ctx, batchOf(ids[1:], later())))
	if err != nil {
		t.Fatalf("Save and SaveAll: %v", err)
	}
	cancel()
	pause(10 * time.Millisecond) // for whatever may watch the context
	for _, id := range ids {
		s.holds(t, id, []byte(id))
	}
}
