package storetest

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// scanSteady lists sessions while others come, go and change, and the listed ones are saved and touched again.
func scanSteady(t testing.TB, k *kit) {
	clients := k.peers(t, 4)
	ids := spreadIDs(300)
	clients[0].saveAll(t, batchOf(ids, later()))
	scanner := clients[0].scanner(t)
	var done atomic.Bool
	err := together(len(clients), func(i int) error {
		if i > 0 {
			return clients[i].churn(ids, &done)
		}
		defer done.Store(true)
		for round := range 5 {
			l, err := clients[0].scan(scanner, "", 40)
			if err != nil {
				return err
			}
			if n := l.misses(ids); n > 0 {
				return fmt.Errorf("round %d: %d of %d sessions that were live throughout are not listed", round, n, len(ids))
			}
			pause(time.Millisecond)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
}

// churn writes until it is done: to kept sessions, which stay live, and to others that come and go.
func (s *subject) churn(kept []string, done *atomic.Bool) error {
	var former []string
	for n := 0; !done.Load(); n++ {
		others := spreadIDs(30)
		err := errors.Join(
			s.SaveAll(s.ctx, batchOf(others, later())),
			s.Save(s.ctx, kept[n%len(kept)], page(n), later()),
			s.Touch(s.ctx, kept[n*7%len(kept)], later().Add(time.Minute)),
			s.SaveAll(s.ctx, batchOf(kept[n%200:n%200+20], later())),
			s.SaveAll(s.ctx, endedAt(append(former, others[5:]...))),
			s.Delete(s.ctx, others[0]))
		if err != nil {
			return err
		}
		former = others[1:5]
		pause(100 * time.Microsecond) // virtual time stands still while a goroutine is busy
	}
	return nil
}

// scanCursors goes on from one cursor several times, after everything around its position has gone or come.
func scanCursors(t testing.TB, k *kit) {
	s := k.store(t)
	ids := spreadIDs(400)
	s.saveAll(t, batchOf(ids, later()))
	scanner := s.scanner(t)
	first, cursor, err := scanner.Scan(s.ctx, "", 100)
	if err != nil || cursor == "" {
		t.Fatalf("Scan: %v, a cursor: %v; want one after the first page of 400 sessions", err, cursor != "")
	}
	var gone, kept []string
	for i, id := range ids {
		if i%3 == 0 {
			gone = append(gone, id)
		} else {
			kept = append(kept, id)
		}
	}
	for round := range 3 {
		l, err := s.scan(scanner, cursor, 100)
		if err != nil {
			t.Fatalf("%v", err)
		}
		if l.add(first); l.misses(kept) > 0 {
			t.Fatalf("%d of %d sessions that were live throughout are not listed", l.misses(kept), len(kept))
		}
		if round > 0 {
			gone = nil
			s.saveAll(t, batchOf(spreadIDs(300), later()))
		}
		s.saveAll(t, endedAt(gone))
		pause(20 * time.Millisecond)
	}
}

func scanMalformed(t testing.TB, k *kit) {
	s := k.store(t)
	s.saveAll(t, batchOf(spreadIDs(400), later()))
	_, cursor, err := s.scanner(t).Scan(s.ctx, "", 100)
	if err != nil || cursor == "" {
		t.Fatalf("Scan: %v, a cursor: %v; want one after the first page of 400 sessions", err, cursor != "")
	}
	for _, bad := range []string{" ", "\x00", "no cursor", "§", "'", cursor + "§", " " + cursor, strings.Repeat("9", 1000)} {
		if page, _, err := s.scanner(t).Scan(s.ctx, bad, 100); err == nil {
			t.Fatalf("Scan from a malformed cursor, %q made from %q, returned %d sessions and no error", bad, cursor, len(page))
		} else if strings.Contains(err.Error(), cursor) {
			t.Fatalf("the error of a malformed cursor holds the cursor, which is a secret")
		}
	}
}
