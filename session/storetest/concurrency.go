package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"
)

func concurrencyChecks() []check {
	return []check{
		{"640 Saves at once all arrive", manySaves},
		{"640 Saves of one session at once leave one of them whole", oneSession},
		{"SaveAll of the same sessions from 8 clients ends and leaves one of them in each", sameBatch},
		{"the newest Save of each session wins while others write", newestWins},
		{"a write is seen by every client at once", seenByAll},
		{"Load never sees half a write", wholeReads},
		{"all calls at once", everything},
	}
}

func manySaves(t testing.TB, k *kit) {
	s := k.store(t)
	ids := newIDs(640)
	err := together(len(ids), func(i int) error { return s.Save(s.ctx, ids[i], []byte(ids[i]), later()) })
	if err != nil {
		t.Fatalf("Save: %v", err)
	}
	for _, id := range ids {
		s.holds(t, id, []byte(id))
	}
}

// page is a write that can be told whole from torn: one byte, many times, and how many depends on the byte.
func page(i int) []byte { return bytes.Repeat([]byte{byte(i)}, 100+i%256*16) }

func whole(data []byte) bool { return len(data) > 0 && bytes.Equal(data, page(int(data[0]))) }

func oneSession(t testing.TB, k *kit) {
	s := k.store(t)
	id := newID("")
	if err := together(640, func(i int) error { return s.Save(s.ctx, id, page(i), later()) }); err != nil {
		t.Fatalf("Save: %v", err)
	}
	if data := s.load(t, id); !whole(data) {
		t.Fatalf("the session has %s, which nobody saved", brief(data))
	}
}

func sameBatch(t testing.TB, k *kit) {
	clients := k.peers(t, 8)
	ids := spreadIDs(300)
	err := together(len(clients), func(i int) error {
		for range 3 {
			if err := clients[i].SaveAll(clients[i].ctx, fill(ids, page(i))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("SaveAll: %v", err)
	}
	for _, id := range ids {
		if data := clients[0].load(t, id); !whole(data) || int(data[0]) >= len(clients) {
			t.Fatalf("a session has %s, which nobody saved", brief(data))
		}
	}
}

func newestWins(t testing.TB, k *kit) {
	clients := k.peers(t, 8)
	ids := newIDs(len(clients))
	err := together(len(clients), func(i int) error {
		s := clients[i]
		for n := range 25 {
			want := fmt.Appendf(nil, "%d of client %d", n, i)
			if err := s.Save(s.ctx, ids[i], want, later()); err != nil {
				return err
			}
			got, err := s.Load(s.ctx, ids[i])
			if err != nil {
				return err
			}
			if !bytes.Equal(got, want) {
				return fmt.Errorf("after the Save of %q the session has %q", want, got)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
}

func seenByAll(t testing.TB, k *kit) {
	clients := k.peers(t, 3)
	id := newID("")
	for i, writer := range clients {
		writer.save(t, id, page(i), later())
		for _, reader := range clients {
			reader.holds(t, id, page(i))
		}
	}
	clients[1].delete(t, id)
	for _, reader := range clients {
		reader.lacks(t, id)
	}
}

func wholeReads(t testing.TB, k *kit) {
	s := k.store(t)
	id := newID("")
	s.save(t, id, page(0), later())
	err := together(6, func(i int) error {
		for n := range 60 {
			if i < 3 {
				if err := s.Save(s.ctx, id, page(i*60+n), later()); err != nil {
					return err
				}
				continue
			}
			data, err := s.Load(s.ctx, id)
			if err != nil {
				return err
			}
			if !whole(data) {
				return fmt.Errorf("a Load saw %s, which nobody saved", brief(data))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
}

// everything mixes all calls on few sessions; the race detector and the store's own checks are the judges, and no
// Load sees what nobody saved.
func everything(t testing.TB, k *kit) {
	clients := k.peers(t, 4)
	ids := newIDs(6)
	err := together(16, func(i int) error {
		s := clients[i%len(clients)]
		for n := range 12 {
			id := ids[(i+n)%len(ids)]
			expiresAt := later()
			if n%4 == 3 {
				expiresAt = time.Now().Add(time.Millisecond)
			}
			data, loadErr := s.Load(s.ctx, id)
			if data != nil && !whole(data) {
				return fmt.Errorf("a Load saw %s, which nobody saved", brief(data))
			}
			err := errors.Join(loadErr,
				s.Save(s.ctx, id, page(i), expiresAt),
				s.Touch(s.ctx, id, expiresAt),
				s.SaveAll(s.ctx, fill(ids, page(n))))
			if n%5 == 4 {
				err = errors.Join(err, s.Delete(s.ctx, id))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%v", err)
	}
}
