package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// together runs f n times at once and returns the errors.
func together(n int, f func(i int) error) error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = f(i) })
	}
	all.Wait()
	return errors.Join(errs...)
}

func TestManySavesAtOnceOnPlainDatabase(t *testing.T) {
	store := newStore(t, plainDB(t, filepath.Join(t.TempDir(), "a.db")))
	saveAtOnce(t, 640, store)
}

// Stores that know nothing of each other stand for processes that share a file: SQLite's locks belong to connections.
func TestManySavesAtOnceFromSeveralStoresOnOneFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	var stores []session.SessionStore
	for range 4 {
		stores = append(stores, newStore(t, plainDB(t, path)))
	}
	saveAtOnce(t, 640, stores...)
}

func saveAtOnce(t *testing.T, n int, stores ...session.SessionStore) {
	t.Helper()
	id := func(i int) string { return fmt.Sprintf("session-%d", i) }
	err := together(n, func(i int) error {
		return stores[i%len(stores)].Save(t.Context(), id(i), []byte(id(i)), time.Now().Add(time.Hour))
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		wantLoad(t, stores[(i+1)%len(stores)], id(i), id(i))
	}
}

func TestCreateTableFromManyConnectionsAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	var stores []*session.SQLStore
	for range 20 {
		stores = append(stores, sqliteStore(t, plainDB(t, path)))
	}
	if err := together(len(stores), func(i int) error { return stores[i].CreateTable(t.Context()) }); err != nil {
		t.Fatal(err)
	}
	save(t, stores[0], "s1", "one")
	wantLoad(t, stores[19], "s1", "one")
}

func TestOpenOfOneNewFileFromManyGoroutines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	err := together(8, func(int) error {
		store, err := Open(path)
		if err != nil {
			return err
		}
		return store.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
}

// holdWriteLock begins a transaction on a connection of its own and returns how to end it.
func holdWriteLock(t *testing.T, path string) (release func()) {
	t.Helper()
	conn, err := plainDB(t, path).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), "BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	return sync.OnceFunc(func() {
		if _, err := conn.ExecContext(context.Background(), "ROLLBACK"); err != nil {
			t.Error(err)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestCallsRideOutBusy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	store := newStore(t, plainDB(t, path))
	save(t, store, "old", "old")
	release := holdWriteLock(t, path)
	time.AfterFunc(200*time.Millisecond, release)
	err := together(4, func(i int) error {
		switch i {
		case 0:
			return store.Save(t.Context(), "s1", []byte("one"), time.Now().Add(time.Hour))
		case 1:
			return store.SaveAllAtomic(t.Context(), map[string]session.SessionData{
				"s2": {Data: []byte("two"), ExpiresAt: time.Now().Add(time.Hour)},
				"s3": {},
			})
		case 2:
			return store.Touch(t.Context(), "old", time.Now().Add(time.Hour))
		}
		_, err := store.Load(t.Context(), "old")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	wantLoad(t, store, "s1", "one")
	wantLoad(t, store, "s2", "two")
}

func TestBusyEndsWithTheContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	store := newStore(t, plainDB(t, path))
	release := holdWriteLock(t, path)
	defer release()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := store.Save(ctx, "s1", []byte("one"), time.Now().Add(time.Hour)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Save: %v, want context.DeadlineExceeded", err)
	}
	if _, err := store.Load(ctx, "s1"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Load: %v, want context.DeadlineExceeded", err)
	}
	release()
	save(t, store, "s2", "two")
	wantMissing(t, store, "s1") // its caller was told that it failed before it began
}

func TestCloseDoesNotWaitForBusy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	store := newStore(t, plainDB(t, path))
	defer holdWriteLock(t, path)()
	saved := make(chan error, 1)
	go func() { saved <- store.Save(t.Context(), "s1", []byte("one"), time.Now().Add(time.Hour)) }()
	time.AfterFunc(50*time.Millisecond, func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	select {
	case err := <-saved:
		if err != (session.ErrStoreClosed{}) {
			t.Errorf("Save: %v, want ErrStoreClosed", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("Close leaves a Save waiting")
	}
}

// A caller's pool of one connection must not be exhausted by the store itself.
func TestOneConnectionIsEnough(t *testing.T) {
	db := plainDB(t, ":memory:")
	db.SetMaxOpenConns(1)
	saveAtOnce(t, 100, newStore(t, db))
}
