package storetest

import (
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

func saveMovesSame(t testing.TB, k *kit) {
	s := k.store(t)
	s.moves(t, func(batch map[string]session.SessionData) {
		for id, one := range batch {
			s.save(t, id, one.Data, one.ExpiresAt)
		}
	})
}

func saveAllMoves(t testing.TB, k *kit) {
	s := k.store(t)
	s.moves(t, func(batch map[string]session.SessionData) { s.saveAll(t, batch) })
}

func atomicMoves(t testing.TB, k *kit) {
	s := k.store(t)
	s.moves(t, func(batch map[string]session.SessionData) { s.saveAtomic(t, batch) })
}

// moves checks that the expiry of the last write counts, be it nearer or later than the one before, for a session that
// is written again as it was and for one whose data changes.
func (s *subject) moves(t testing.TB, write func(batch map[string]session.SessionData)) {
	t.Helper()
	ids := newIDs(4)
	away, closer := ids[:2], ids[2:]
	again := func(ids []string, at time.Time) map[string]session.SessionData {
		batch := batchOf(ids, at)
		batch[ids[1]] = session.SessionData{Data: []byte("new"), ExpiresAt: at}
		return batch
	}
	near := s.kit.expiring(func(at time.Time) { write(batchOf(away, at)) })
	write(batchOf(closer, later()))
	write(again(away, later()))
	for _, id := range closer {
		l := s.kit.expiring(func(at time.Time) { write(again(closer, at)) })
		s.expires(t, id, l)
		write(batchOf(closer, later()))
	}
	s.outlives(t, away[0], []byte(away[0]), near)
	s.holds(t, away[1], []byte("new"))
}
