//go:build linux

package testserver

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

func TestKilledServerKeepsWhatItAcknowledged(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			s := kind.start(t)
			addr := s.Addr()
			for _, value := range []string{"1", "2", "3"} {
				if err := kind.put(s, value); err != nil {
					t.Fatal(err)
				}
				s.Kill(t)
				if conn, err := net.Dial("tcp", addr); err == nil {
					conn.Close()
					t.Fatal("something listens after the kill")
				}
				s.Start(t)
				if got, err := kind.get(s); err != nil || got != value {
					t.Fatalf("after a kill: %q, %v; want %q", got, err, value)
				}
			}
			if s.Addr() != addr {
				t.Errorf("address moved from %s to %s", addr, s.Addr())
			}
		})
	}
}

func TestPausedServerAcceptsAndAnswersNothing(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			s := kind.start(t)
			if err := kind.put(s, "1"); err != nil {
				t.Fatal(err)
			}
			s.Pause(t)
			conn, err := net.Dial("tcp", s.Addr())
			if err != nil {
				t.Fatalf("paused server does not accept: %v", err)
			}
			defer conn.Close()
			var ne net.Error
			conn.SetDeadline(time.Now().Add(100 * time.Millisecond))
			conn.Write([]byte("PING\r\n"))
			if n, err := conn.Read(make([]byte, 1)); !errors.As(err, &ne) || !ne.Timeout() {
				t.Fatalf("paused server answered %d bytes, %v", n, err)
			}
			s.Resume(t)
			if got, err := kind.get(s); err != nil || got != "1" {
				t.Fatalf("after the pause: %q, %v", got, err)
			}
			s.Pause(t)
			s.Kill(t)
			s.Start(t)
			if got, err := kind.get(s); err != nil || got != "1" {
				t.Fatalf("killed while paused: %q, %v", got, err)
			}
		})
	}
}

func TestPausedPostgresStopsItsBackendsToo(t *testing.T) {
	t.Parallel()
	s := StartPostgres(t)
	s.Pause(t)
	pids := workers(s.cmd.dir)
	if len(pids) < 4 {
		t.Fatalf("found processes %v only", pids)
	}
	for _, pid := range pids {
		if got := stateOf(pid); got != "T" {
			t.Errorf("process %d is in state %s", pid, got)
		}
	}
}

func TestRemovedServerLeavesNothing(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			var s *Server
			t.Run("scope", func(t *testing.T) { s = kind.start(t) })
			if pids := workers(s.cmd.dir); len(pids) > 0 {
				t.Errorf("processes %v are left", pids)
			}
			if _, err := os.Stat(s.cmd.dir); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("its folder is left: %v", err)
			}
		})
	}
}

func TestServerThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	_, err := newRedis("--no-such-option", "x")
	if err == nil || !strings.Contains(err.Error(), "no-such-option") {
		t.Errorf("error is %v, not what the server said", err)
	}
}

func TestSharedServerIsStartedOnce(t *testing.T) {
	t.Parallel()
	for _, shared := range []func(testing.TB) string{Postgres, MySQL, Redis, RedisCluster} {
		if a, b := shared(t), shared(t); a != b {
			t.Errorf("URLs differ: %s and %s", a, b)
		}
	}
}
