package drivertest

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/limpet-go/limpet/drivers/internal/sqltest"
	"github.com/limpet-go/limpet/internal/testserver"
	"github.com/limpet-go/limpet/session"
)

// Faults are what the checks of package storetest do to a server.
type Faults struct {
	Engine Engine
	Server *testserver.Server
}

// Disconnect returns when the sessions are gone, not only told to go.
func (f Faults) Disconnect(tb testing.TB) {
	tb.Helper()
	db := f.Engine.DB(tb, f.Server.URL())
	db.SetMaxOpenConns(1)
	for id := range connections(tb, f.Engine, db) {
		f.Engine.Kill(tb, db, id)
		sqltest.Eventually(tb, "a killed connection ends", func() bool {
			_, stays := connections(tb, f.Engine, db)[id]
			return !stays
		})
	}
}

// Restart kills the server and starts it again.
func (f Faults) Restart(tb testing.TB) {
	tb.Helper()
	f.Server.Kill(tb)
	f.Server.Start(tb)
}

// Stall pauses the server.
func (f Faults) Stall(tb testing.TB) (resume func()) {
	tb.Helper()
	f.Server.Pause(tb)
	return func() { f.Server.Resume(tb) }
}

// connections returns the ids of others' connections, and whether each waits for a lock.
func connections(tb testing.TB, e Engine, db *sql.DB) map[int64]bool {
	tb.Helper()
	rows, err := db.QueryContext(tb.Context(), e.Others)
	if err != nil {
		tb.Fatal(err)
	}
	defer rows.Close()
	found := map[int64]bool{}
	for rows.Next() {
		var id int64
		var waits bool
		if err := rows.Scan(&id, &waits); err != nil {
			tb.Fatal(err)
		}
		found[id] = waits
	}
	if err := rows.Err(); err != nil {
		tb.Fatal(err)
	}
	return found
}

// IdleConnectionKilled checks that a connection which the server ended while it was idle costs no call: that is noticed
// before anything is sent.
func IdleConnectionKilled(t *testing.T, e Engine) {
	server := e.Start(t)
	store := e.Store(t, With(t, server.URL(), "max_conns", "1"))
	for range 10 {
		sqltest.Save(t, store, "s1", "one")
		Faults{e, server}.Disconnect(t)
		sqltest.WantLoad(t, store, "s1", "one")
		Faults{e, server}.Disconnect(t)
	}
}

// KilledWhileWaiting checks that a call whose connection is killed while the server works on it ends with an error, and
// the next one works.
func KilledWhileWaiting(t *testing.T, e Engine) {
	server := e.Start(t)
	store := e.Store(t, server.URL())
	sqltest.Save(t, store, "s1", "one")
	db := e.DB(t, server.URL())
	for name, call := range map[string]func() error{
		"Save":  func() error { return store.Save(t.Context(), "s1", []byte("two"), time.Now().Add(time.Hour)) },
		"Touch": func() error { return store.Touch(t.Context(), "s1", time.Now().Add(time.Hour)) },
		"SaveAllAtomic": func() error {
			return store.SaveAllAtomic(t.Context(), map[string]session.SessionData{"s0": {}, "s1": {ExpiresAt: time.Now().Add(time.Hour)}})
		},
	} {
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.ExecContext(t.Context(), `SELECT id FROM vango_sessions WHERE id = 's1' FOR UPDATE`); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- call() }()
		sqltest.Eventually(t, "the call waits for the lock", func() bool {
			for id, waits := range connections(t, e, db) {
				if waits {
					e.Kill(t, db, id)
					return true
				}
			}
			return false
		})
		if err := <-done; err == nil {
			t.Errorf("%s: killed, and no error", name)
		}
		sqltest.WantLoad(t, store, "s1", "one")
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
	}
	CallEverything(t, store)
}

// ServerThatNeverSpeaks checks that Open gives up in time on a server that accepts connections and says nothing.
func ServerThatNeverSpeaks(t *testing.T, e Engine, place string) {
	addr, conns := silent(t)
	start := time.Now()
	store, err := e.Open(With(t, Edit(t, place, func(u *url.URL) { u.Host = addr }), "connect_timeout", "150ms"))
	if err == nil || store != nil {
		t.Fatal("a store on a server that never speaks")
	}
	if took := time.Since(start); took < 150*time.Millisecond || took > 5*time.Second {
		t.Errorf("Open took %v, want about 150ms", took)
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want one that is context.DeadlineExceeded", err)
	}
	if n := len(conns); n != 1 {
		t.Errorf("Open waited for %d connections, want to give up after one", n)
	}
}

// silent listens until the test ends, and takes what clients send.
func silent(t *testing.T) (addr string, conns chan net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	conns = make(chan net.Conn, 1000)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conns <- conn
		}
	}()
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		<-ended
		close(conns)
		for conn := range conns {
			_ = conn.Close()
		}
	})
	return l.Addr().String(), conns
}
