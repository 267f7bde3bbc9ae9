package redis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/limpet-go/limpet/internal/testserver"
	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/session/storetest"
)

// faulty brings about the faults that storetest asks for.
type faulty struct{ *testserver.Server }

func (s faulty) Disconnect(t testing.TB) {
	t.Helper()
	if _, err := s.Redis("CLIENT", "KILL", "TYPE", "normal"); err != nil {
		t.Fatal(err)
	}
}

func (s faulty) Restart(t testing.TB) {
	t.Helper()
	s.Kill(t)
	s.Start(t)
}

func (s faulty) Stall(t testing.TB) (resume func()) {
	t.Helper()
	s.Pause(t)
	resume = sync.OnceFunc(func() { s.Resume(t) })
	t.Cleanup(resume)
	return resume
}

func openOnServer(t *testing.T) (session.SessionStore, storetest.Server) {
	t.Helper()
	s := testserver.StartRedis(t)
	return openStore(t, s.URL(), newPrefix()), faulty{s}
}

// A call that the server's hanging up cut off fails, or succeeds on a new connection; the next one succeeds.
func TestDisconnectCostsNoMoreThanTheCallsUnderWay(t *testing.T) {
	t.Parallel()
	store, server := openOnServer(t)
	save(t, store, "s1", "one")
	for range 20 {
		server.Disconnect(t)
		wantLoad(t, store, "s1", "one")
	}
}

// go-redis' own pool would wait up to a second before it dials a server again that was away.
func TestStoreIsBackAtOnceAfterARestart(t *testing.T) {
	t.Parallel()
	s := testserver.StartRedis(t)
	store := openStore(t, s.URL(), newPrefix())
	save(t, store, "s1", "one")
	s.Kill(t)
	var refused *net.OpError
	for range 50 {
		_, err := store.Load(t.Context(), "s1")
		if !errors.As(err, &refused) || refused.Op != "dial" || !strings.Contains(err.Error(), s.Addr()) {
			t.Fatalf("Load from a server that is down: %v", err)
		}
	}
	s.Start(t)
	wantLoad(t, store, "s1", "one")
	for i := range 20 {
		save(t, store, fmt.Sprint(i), "x")
	}
}

func TestDeadlineEndsEveryCallOfAStalledServer(t *testing.T) {
	t.Parallel()
	store, server := openOnServer(t)
	save(t, store, "s1", "one")
	resume := server.Stall(t)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	for call, err := range everyCall(ctx, store.(*Store)) {
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, want context.DeadlineExceeded", call, err)
		}
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("calls with a deadline of 200 ms took %v", took)
	}
	began = time.Now()
	_, err := store.Load(t.Context(), "s1")
	if took := time.Since(began); err == nil || errors.Is(err, context.DeadlineExceeded) || took > 10*time.Second {
		t.Errorf("a call without a deadline: %v after %v", err, took)
	}
	resume()
	wantLoad(t, store, "s1", "one")
}

func TestCloseEndsCallsOfAStalledServer(t *testing.T) {
	t.Parallel()
	store, server := openOnServer(t)
	defer server.Stall(t)()
	failed := make(chan error, 1)
	go func() { failed <- store.Save(t.Context(), "s1", nil, time.Now().Add(time.Hour)) }()
	time.AfterFunc(50*time.Millisecond, func() { _ = store.Close() })
	select {
	case err := <-failed:
		if err != (session.ErrStoreClosed{}) {
			t.Errorf("Save: %v, want ErrStoreClosed", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("Close leaves a Save waiting")
	}
}

// eventually calls f until it returns nil, and fails the test if that takes too long. It returns how long it took.
func eventually(t testing.TB, most time.Duration, f func() error) time.Duration {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	began := time.Now()
	for {
		err := f()
		if err == nil {
			return time.Since(began)
		}
		if time.Since(began) > most {
			t.Fatalf("still failing after %v: %v", most, err)
		}
		<-tick.C
	}
}
