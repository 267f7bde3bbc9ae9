package redis

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/limpet-go/limpet/internal/testserver"
	"github.com/limpet-go/limpet/session"
)

func save(t testing.TB, store session.SessionStore, id, data string) {
	t.Helper()
	if err := store.Save(t.Context(), id, []byte(data), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
}

func wantLoad(t testing.TB, store session.SessionStore, id, want string) {
	t.Helper()
	got, err := store.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if got == nil || string(got) != want {
		t.Fatalf("Load: got %q (nil: %v), want %q", got, got == nil, want)
	}
}

func wantMissing(t testing.TB, store session.SessionStore, id string) {
	t.Helper()
	if got, err := store.Load(t.Context(), id); got != nil || err != nil {
		t.Fatalf("Load: got %q, %v, want no session", got, err)
	}
}

func TestWrongPasswordIsNotInTheError(t *testing.T) {
	t.Parallel()
	s := testserver.StartRedisTLS(t)
	good, err := url.Parse(withParam(t, s.URL(), "tls_ca", s.CAFile()))
	if err != nil {
		t.Fatal(err)
	}
	for what, user := range map[string]*url.Userinfo{
		"wrong password":                     url.UserPassword(good.User.Username(), "hunter2"),
		"unknown user":                       url.UserPassword("hunter2", "hunter2"),
		"wrong password of the default user": url.UserPassword("", "hunter2"),
	} {
		bad := *good
		bad.User = user
		for _, open := range []func() error{
			func() error { _, err := Open(bad.String()); return err },
			func() error { _, err := session.ParseStoreURL(bad.String()); return err },
		} {
			err := open()
			if err == nil || !strings.Contains(err.Error(), "WRONGPASS") || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	bad := *good
	bad.User = nil
	if _, err := Open(bad.String()); err == nil || !strings.Contains(err.Error(), "NOAUTH") {
		t.Errorf("no password: %v", err)
	}
	if err := mustOpen(t, good.String()).Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func mustOpen(t testing.TB, raw string) *Store {
	t.Helper()
	store, err := Open(raw)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func TestTLSChecksTheCertificate(t *testing.T) {
	t.Parallel()
	s := testserver.StartRedisTLS(t)
	for what, raw := range map[string]string{
		"unknown authority": s.URL(),
		"another name":      withParam(t, withParam(t, s.URL(), "tls_ca", s.CAFile()), "tls_server_name", "other.example"),
		"no TLS":            strings.Replace(s.URL(), "rediss:", "redis:", 1),
	} {
		if store, err := Open(raw); err == nil {
			t.Errorf("%s: no error", what)
			_ = store.Close()
		}
	}
}

// The server's user may run no command that Redis calls dangerous, as is usual; Scan needs one of them.
func TestTLSStoreOfARestrictedUser(t *testing.T) {
	t.Parallel()
	s := testserver.StartRedisTLS(t)
	store := mustOpen(t, withParam(t, s.URL(), "tls_ca", s.CAFile()))
	for call, err := range everyCall(t.Context(), store) {
		scan := call == "Scan"
		if scan != (err != nil) || scan && !strings.Contains(err.Error(), "NOPERM") {
			t.Errorf("%s: %v", call, err)
		}
	}
	save(t, store, "s1", "one")
	wantLoad(t, store, "s1", "one")
}

func TestOpenFailsWithoutServer(t *testing.T) {
	t.Parallel()
	s := testserver.StartRedis(t)
	addr := s.Addr()
	s.Kill(t)
	for _, raw := range []string{
		"redis://" + addr, "redis+cluster://" + addr, "redis://" + addr + "?master_name=m", "redis:///no/such.sock",
	} {
		_, err := Open(raw)
		var refused *net.OpError
		if !errors.As(err, &refused) || refused.Op != "dial" {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

func TestOpenIsBounded(t *testing.T) {
	t.Parallel()
	s := testserver.StartRedis(t)
	s.Pause(t)
	began := time.Now()
	_, err := Open(withParam(t, s.URL(), "read_timeout", "300ms"))
	var timeout net.Error
	if took := time.Since(began); !errors.As(err, &timeout) || !timeout.Timeout() || took > 5*time.Second {
		t.Errorf("after %v: %v", took, err)
	}
}

// A store that could not be opened leaves no connection.
func TestOpenClosesWhatItOpened(t *testing.T) {
	t.Parallel()
	s := testserver.StartRedis(t)
	if _, err := s.Redis("ACL", "SETUSER", "weak", "on", ">tide", "~*", "+ping"); err != nil {
		t.Fatal(err)
	}
	if _, err := Open("redis://weak:tide@" + s.Addr()); err == nil || !strings.Contains(err.Error(), "NOPERM") {
		t.Fatalf("Open: %v", err)
	}
	eventually(t, 1500*time.Millisecond, func() error { // sooner than the garbage collector would do it
		clients, err := s.Redis("INFO", "clients")
		if err == nil && infoField(clients, "connected_clients") != "1" { // this one
			err = errors.New(clients)
		}
		return err
	})
}

func TestOpenBySocket(t *testing.T) {
	t.Parallel()
	socket := t.TempDir() + "/r.sock"
	s := testserver.StartRedis(t, "--unixsocket", socket)
	save(t, mustOpen(t, "redis://"+socket+"?db=3"), "s1", "one")
	wantLoad(t, mustOpen(t, "redis://"+s.Addr()+"/3"), "s1", "one")
	wantMissing(t, mustOpen(t, "redis://"+s.Addr()), "s1")
}

func TestOptionsCountMoreThanTheURL(t *testing.T) {
	t.Parallel()
	store, err := Open(withParam(t, testserver.Redis(t), "prefix", "url:"),
		WithStore(session.WithRedisPrefix("option:"), session.WithRedisMaxBytes(3)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if store.Prefix() != "option:" {
		t.Errorf("prefix %q", store.Prefix())
	}
	err = store.Save(t.Context(), "s1", []byte("four"), time.Now().Add(time.Hour))
	if !errors.Is(err, session.ErrSessionTooLarge) {
		t.Errorf("Save: %v", err)
	}
}

// The options of one place may serve for several stores, and are left as they are.
func TestOptionsCountInTheirOrder(t *testing.T) {
	t.Parallel()
	some := make([]session.RedisStoreOption, 1, 8)
	some[0] = session.WithRedisPrefix("first:")
	store, err := Open(withParam(t, testserver.Redis(t), "prefix", "url:"), WithStore(some...), WithStore(session.WithRedisPrefix("second:")))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if store.Prefix() != "second:" {
		t.Errorf("prefix %q", store.Prefix())
	}
	for _, opt := range some[1:8] {
		if opt != nil {
			t.Error("Open wrote behind the caller's options")
		}
	}
}

func TestNewLeavesTheClientOpen(t *testing.T) {
	t.Parallel()
	client := newTestClient(t, testserver.Redis(t))
	if err := New(client).Close(); err != nil {
		t.Fatal(err)
	}
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Error(err)
	}
	owned := newClient(parsedFrom(t, testserver.Redis(t)))
	if err := New(owned, session.WithRedisOwnedClient()).Close(); err != nil {
		t.Fatal(err)
	}
	if err := owned.Ping(context.Background()).Err(); !errors.Is(err, goredis.ErrClosed) {
		t.Errorf("an owned client after Close: %v", err)
	}
}

func splitAddr(t testing.TB, addr string) (host, port string) {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	return host, port
}
