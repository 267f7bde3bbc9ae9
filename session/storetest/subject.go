package storetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// patience is how long the calls of one check may take in all before they fail.
const patience = time.Minute

// kit holds what the checks need to know. It is the same for all of them and never changes.
type kit struct {
	opts    Options
	open    func(t testing.TB) session.SessionStore
	clients func(t testing.TB, n int) []session.SessionStore  // nil: share one store
	server  func(t testing.TB) (session.SessionStore, Server) // nil: there is none to disturb
}

// subject is a store under test, with calls that fail the check when they fail.
type subject struct {
	session.SessionStore
	kit *kit
	ctx context.Context
}

// store opens a store for one check.
func (k *kit) store(t testing.TB) *subject {
	t.Helper()
	return k.subject(t, k.open(t))
}

// peers opens n clients of the same data.
func (k *kit) peers(t testing.TB, n int) []*subject {
	t.Helper()
	var peers []*subject
	if k.clients == nil {
		one := k.store(t)
		for range n {
			peers = append(peers, one)
		}
		return peers
	}
	for _, s := range k.clients(t, n) {
		peers = append(peers, k.subject(t, s))
	}
	return peers
}

func (k *kit) subject(t testing.TB, s session.SessionStore) *subject {
	t.Helper()
	if s == nil {
		t.Fatalf("open returned no store")
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(func() {
		cancel()
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return &subject{SessionStore: s, kit: k, ctx: ctx}
}

// limit is the store's size limit in bytes, and whether it has one.
func (k *kit) limit() (int, bool) {
	if k.opts.MaxBytes == 0 {
		return session.DefaultMaxSessionBytes, true
	}
	return k.opts.MaxBytes, k.opts.MaxBytes > 0
}

// newID returns an ID that no other check uses and that ends in suffix.
func newID(suffix string) string { return rand.Text()[:16] + "-" + suffix }

// newIDs returns n IDs in ascending order. They share a Redis Cluster hash tag, as entries of an atomic batch must.
func newIDs(n int) []string { return numbered("{"+rand.Text()[:16]+"}", n) }

// spreadIDs returns n IDs in ascending order that lie all over a Redis Cluster.
func spreadIDs(n int) []string { return numbered(rand.Text()[:16], n) }

func numbered(base string, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%s-%06d", base, i)
	}
	return ids
}

// later is an expiry that no check lives to see.
func later() time.Time { return time.Now().Add(time.Hour) }

func (s *subject) save(t testing.TB, id string, data []byte, expiresAt time.Time) {
	t.Helper()
	if err := s.Save(s.ctx, id, data, expiresAt); err != nil {
		t.Fatalf("Save: %v", err)
	}
}

func (s *subject) touch(t testing.TB, id string, expiresAt time.Time) {
	t.Helper()
	if err := s.Touch(s.ctx, id, expiresAt); err != nil {
		t.Fatalf("Touch: %v", err)
	}
}

func (s *subject) delete(t testing.TB, id string) {
	t.Helper()
	if err := s.Delete(s.ctx, id); err != nil {
		t.Fatalf("Delete: %v", err)
	}
}

func (s *subject) saveAll(t testing.TB, batch map[string]session.SessionData) {
	t.Helper()
	if err := s.SaveAll(s.ctx, batch); err != nil {
		t.Fatalf("SaveAll: %v", err)
	}
}

func (s *subject) saveAtomic(t testing.TB, batch map[string]session.SessionData) {
	t.Helper()
	if err := s.atomic(t).SaveAllAtomic(s.ctx, batch); err != nil {
		t.Fatalf("SaveAllAtomic: %v", err)
	}
}

func (s *subject) atomic(t testing.TB) session.AtomicKVStore {
	t.Helper()
	return capability[session.AtomicKVStore](t, s)
}

func (s *subject) load(t testing.TB, id string) []byte {
	t.Helper()
	data, err := s.Load(s.ctx, id)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return data
}

// holds checks that the session is there with these bytes.
func (s *subject) holds(t testing.TB, id string, want []byte) {
	t.Helper()
	switch got := s.load(t, id); {
	case got == nil:
		t.Fatalf("a session is missing; want its %d bytes", len(want))
	case !bytes.Equal(got, want):
		t.Fatalf("a session has %s; want %s", brief(got), brief(want))
	}
}

// lacks checks that the session is missing.
func (s *subject) lacks(t testing.TB, id string) {
	t.Helper()
	if got := s.load(t, id); got != nil {
		t.Fatalf("a session that should be missing has %s", brief(got))
	}
}

func brief(data []byte) string {
	if len(data) > 40 {
		return fmt.Sprintf("%d bytes, %q...", len(data), data[:40])
	}
	return fmt.Sprintf("%d bytes, %q", len(data), data)
}

// fails checks that err matches want and that its text gives no ID away.
func fails(t testing.TB, call string, err, want error, ids ...string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%s: error is %v; want one that matches %q", call, err, want)
	}
	for _, id := range ids {
		if id != "" && len(id) > 2 && strings.Contains(err.Error(), id) {
			t.Fatalf("%s: the error's text holds the session ID, a secret", call)
		}
	}
}
