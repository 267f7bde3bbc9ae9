package storetest

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/limpet-go/limpet/session"
)

func dataChecks() []check {
	return []check{
		{"Save then Load returns the same bytes", roundTrip},
		{"Save copies data in", saveCopiesIn},
		{"Load copies data out", loadCopiesOut},
		{"SaveAll copies data in", saveAllCopiesIn},
		{"Save and SaveAll leave the caller's data as it was", callersDataUnchanged},
		{"nil and empty data load as empty, non-nil bytes", emptyData},
		{"Save replaces what was there, longer or shorter", overwrite},
		{"a missing session loads as nil without an error", missing},
		{"Delete removes a session and no other", deleteOne},
		{"Delete of a missing session is nil", deleteMissing},
		{"70 KB are kept whole", large},
		{"data of exactly the limit is kept", atLimit},
		{"one byte more is a SizeError that names the size and the limit", overLimit},
		{"a negative limit is none", noLimit},
	}
}

// noise returns n bytes that do not compress and are the same for the same n.
func noise(n int) []byte {
	b := make([]byte, n)
	src := rand.NewChaCha8([32]byte{byte(n), byte(n >> 8), byte(n >> 16)})
	_, _ = src.Read(b) // never fails
	return b
}

func roundTrip(t testing.TB, k *kit) {
	s := k.store(t)
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	for _, data := range [][]byte{every, {0}, []byte("\xff\xfe"), []byte("é\u2028"), []byte(`\x00'";`), noise(5000)} {
		id := newID("")
		s.save(t, id, data, later())
		s.holds(t, id, data)
		s.holds(t, id, data)
	}
}

func saveCopiesIn(t testing.TB, k *kit) {
	s := k.store(t)
	id, data := newID(""), []byte("as it was saved")
	s.save(t, id, data, later())
	clear(data)
	s.holds(t, id, []byte("as it was saved"))
	copy(data, "other bytes")
	s.save(t, id, data[:11], later())
	clear(data)
	s.holds(t, id, []byte("other bytes"))
}

func loadCopiesOut(t testing.TB, k *kit) {
	s := k.store(t)
	id, want := newID(""), []byte("as it was saved")
	s.save(t, id, want, later())
	first, second := s.load(t, id), s.load(t, id)
	clear(first)
	_ = append(first, "more"...)
	if !bytes.Equal(second, want) {
		t.Fatalf("two Loads share memory")
	}
	s.holds(t, id, want)
	s.save(t, id, []byte("AS IT IS NOW..."), later())
	if !bytes.Equal(second, want) {
		t.Fatalf("a Save changed bytes that an earlier Load returned")
	}
}

func saveAllCopiesIn(t testing.TB, k *kit) {
	s := k.store(t)
	id, data := newID(""), []byte("as it was saved")
	batch := map[string]session.SessionData{id: {Data: data, ExpiresAt: later()}}
	s.saveAll(t, batch)
	clear(data)
	clear(batch)
	s.holds(t, id, []byte("as it was saved"))
}

func callersDataUnchanged(t testing.TB, k *kit) {
	s := k.store(t)
	room := append(make([]byte, 0, 64), "data, and room behind it"...)
	want := bytes.Clone(room[:cap(room)])
	id, expiresAt := newID(""), later()
	batch := map[string]session.SessionData{
		id:       {Data: room, ExpiresAt: expiresAt},
		"bad ID": {Data: room, ExpiresAt: expiresAt},
	}
	s.save(t, id, room, expiresAt)
	fails(t, "SaveAll", s.SaveAll(s.ctx, batch), session.ErrInvalidSessionID)
	if !bytes.Equal(room[:cap(room)], want) {
		t.Fatalf("the store wrote to the caller's slice")
	}
	if len(batch) != 2 || !batch[id].ExpiresAt.Equal(expiresAt) {
		t.Fatalf("SaveAll changed the caller's map")
	}
}

func emptyData(t testing.TB, k *kit) {
	s := k.store(t)
	ids := []string{newID("nil"), newID("empty"), newID("batch-nil"), newID("batch-empty"), newID("emptied")}
	s.save(t, ids[0], nil, later())
	s.save(t, ids[1], []byte{}, later())
	s.saveAll(t, map[string]session.SessionData{
		ids[2]: {Data: nil, ExpiresAt: later()},
		ids[3]: {Data: []byte{}, ExpiresAt: later()},
	})
	s.save(t, ids[4], []byte("full"), later())
	s.save(t, ids[4], nil, later())
	for _, id := range ids {
		s.holds(t, id, []byte{})
	}
}

func overwrite(t testing.TB, k *kit) {
	s := k.store(t)
	id := newID("")
	for _, n := range []int{10, 20, 10_000, 5, 9_999, 0, 70_000, 1} {
		s.save(t, id, noise(n), later())
		s.holds(t, id, noise(n))
	}
}

func missing(t testing.TB, k *kit) {
	s := k.store(t)
	s.lacks(t, newID(""))
	id := newID("")
	s.save(t, id, []byte("x"), later())
	s.delete(t, id)
	s.lacks(t, id)
}

func deleteOne(t testing.TB, k *kit) {
	s := k.store(t)
	gone, kept := newID("gone"), newID("kept")
	s.save(t, gone, []byte("gone"), later())
	s.save(t, kept, []byte("kept"), later())
	s.delete(t, gone)
	s.lacks(t, gone)
	s.holds(t, kept, []byte("kept"))
	s.save(t, gone, []byte("again"), later())
	s.holds(t, gone, []byte("again"))
}

func deleteMissing(t testing.TB, k *kit) {
	s := k.store(t)
	id := newID("")
	s.delete(t, id)
	s.save(t, id, nil, later())
	s.delete(t, id)
	s.delete(t, id)
	s.lacks(t, id)
}

func large(t testing.TB, k *kit) {
	if limit, limited := k.limit(); limited && limit < 70_000 {
		t.Skip("the store's limit is below 70 KB")
	}
	s := k.store(t)
	ids := newIDs(3)
	s.save(t, ids[0], noise(70_000), later())
	s.saveAll(t, fill(ids[1:2], noise(70_000)))
	s.holds(t, ids[0], noise(70_000))
	s.holds(t, ids[1], noise(70_000))
	if k.opts.Atomic {
		s.saveAtomic(t, fill(ids[2:], noise(70_000)))
		s.holds(t, ids[2], noise(70_000))
	}
}

func atLimit(t testing.TB, k *kit) {
	limit, limited := k.limit()
	if !limited {
		t.Skip("the store has no limit")
	}
	s := k.store(t)
	one, two := newID("save"), newID("batch")
	s.save(t, one, noise(limit), later())
	s.saveAll(t, map[string]session.SessionData{two: {Data: noise(limit), ExpiresAt: later()}})
	s.holds(t, one, noise(limit))
	s.holds(t, two, noise(limit))
}

func overLimit(t testing.TB, k *kit) {
	limit, limited := k.limit()
	if !limited {
		t.Skip("the store has no limit")
	}
	s := k.store(t)
	id := newID("")
	s.save(t, id, []byte("kept"), later())
	tooMuch := make([]byte, limit+1)
	refused := map[string]session.SessionData{id: {Data: tooMuch, ExpiresAt: later()}}
	for call, err := range map[string]error{
		"Save":    s.Save(s.ctx, id, tooMuch, later()),
		"SaveAll": s.SaveAll(s.ctx, refused),
	} {
		fails(t, call, err, session.ErrSessionTooLarge, id)
		var size *session.SizeError
		if !errors.As(err, &size) || size.Size != limit+1 || size.Limit != limit {
			t.Fatalf("%s: error %v; want a *SizeError of %d over %d", call, err, limit+1, limit)
		}
	}
	s.holds(t, id, []byte("kept"))
}

func noLimit(t testing.TB, k *kit) {
	if _, limited := k.limit(); limited {
		t.Skip("the store has a limit")
	}
	s := k.store(t)
	id := newID("")
	s.save(t, id, noise(session.DefaultMaxSessionBytes+1), later())
	s.holds(t, id, noise(session.DefaultMaxSessionBytes+1))
}
