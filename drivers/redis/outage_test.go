package redis

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/limpet-go/limpet/internal/testserver"
	"github.com/limpet-go/limpet/session"
)

// Sentinels that do not know the master say so with the same answer that a server gives of a key that is missing, and
// go-redis has it in its error.
func TestUnknownMasterIsNoMissingSession(t *testing.T) {
	t.Parallel()
	s := testserver.StartSentinel(t)
	wrong := withParam(t, s.Sentinel.URL(), "master_name", "hunter2")
	if _, err := Open(wrong); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("Open: %v", err)
	}
	wantOutage(t, New(newTestClient(t, wrong)))

	store := openStore(t, s.Sentinel.URL(), newPrefix())
	save(t, store, "secret-id", "x")
	if _, err := s.Sentinel.Redis("SENTINEL", "REMOVE", s.MasterName); err != nil {
		t.Fatal(err)
	}
	s.Master.Kill(t)
	wantOutage(t, store)
}

// wantOutage checks that no call succeeds, nor finds out that a session is missing.
func wantOutage(t *testing.T, store *Store) {
	t.Helper()
	basic := session.NewRedisStore(Adapt(store.client), session.WithRedisPrefix(store.Prefix()))
	errs := everyCall(t.Context(), store)
	_, errs["Load of the basic store"] = basic.Load(t.Context(), "secret-id")
	for call, err := range errs {
		if err == nil || errors.Is(err, goredis.Nil) || errors.Is(err, session.ErrRedisNil) {
			t.Errorf("%s: %v", call, err)
		}
	}
	for range 3 {
		found, err := store.LoadAll(t.Context(), []string{"secret-id", "other"})
		var batch *session.BatchError
		if len(found) != 0 || !errors.As(err, &batch) || len(batch.SessionIDs) != 2 {
			t.Errorf("LoadAll: %v, %v", found, err)
		}
	}
}

// An error is a miss only if it is redis.Nil itself.
func TestFailureThatHoldsNilIsNoMiss(t *testing.T) {
	t.Parallel()
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for what, err := range map[string]error{
		"wrapped":         fmt.Errorf("dial: %w", goredis.Nil),
		"wrapped bare":    fmt.Errorf("%w", goredis.Nil),
		"deep":            fmt.Errorf("a: %w", errors.Join(errors.New("b"), fmt.Errorf("c: %w", goredis.Nil))),
		"session's":       fmt.Errorf("%w", session.ErrRedisNil),
		"of the same say": errors.Join(errors.New(goredis.Nil.Error())),
		"mute":            mute{goredis.Nil},
	} {
		store := New(newTestClient(t, testserver.Redis(t)), session.WithRedisPrefix(newPrefix()))
		save(t, store, "s", "x")
		store.client.AddHook(failing{err})
		if data, err := store.Load(t.Context(), "s"); data != nil || err == nil {
			t.Errorf("%s: Load: %q, %v", what, data, err)
		}
		if found, err := store.LoadAll(t.Context(), []string{"s"}); len(found) != 0 || err == nil {
			t.Errorf("%s: LoadAll: %q, %v", what, found, err)
		}
		var answer goredis.Error
		if err := told(t.Context(), err); errors.Is(err, goredis.Nil) || errors.As(err, &answer) || told(t.Context(), err) != err {
			t.Errorf("%s: %#v", what, err)
		}
		if err := told(canceled, err); !errors.Is(err, context.Canceled) || !errors.Is(told(canceled, err), context.Canceled) {
			t.Errorf("%s, when the context had ended: %v", what, err)
		}
	}
	if err := told(t.Context(), goredis.Nil); err != goredis.Nil {
		t.Errorf("a miss: %v", err)
	}
}

// mute does not say what it holds.
type mute struct{ error }

func (mute) Error() string   { return "mute" }
func (m mute) Unwrap() error { return m.error }

// failing is a hook that fails every command.
type failing struct{ err error }

func (h failing) DialHook(next goredis.DialHook) goredis.DialHook { return next }

func (h failing) ProcessHook(goredis.ProcessHook) goredis.ProcessHook {
	return func(context.Context, goredis.Cmder) error { return h.err }
}

func (h failing) ProcessPipelineHook(goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return func(_ context.Context, cmds []goredis.Cmder) error {
		for _, cmd := range cmds {
			cmd.SetErr(h.err)
		}
		return h.err
	}
}

// A node of a Cluster refuses most sessions to a client that does not follow it, though it has the keys of some.
func TestNodeOfAClusterIsNoSingleServer(t *testing.T) {
	t.Parallel()
	raw := testserver.RedisCluster(t)
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	for node := range strings.SplitSeq(u.Host, ",") {
		for range 5 { // with another prefix other keys are asked for
			single := withParam(t, "redis://"+node, "prefix", newPrefix())
			_, err := Open(single)
			wantHint(t, "Open", err)
			wantHint(t, "Ping", New(newTestClient(t, single)).Ping(t.Context()))
		}
	}
	if err := mustOpen(t, raw).Ping(t.Context()); err != nil {
		t.Errorf("Ping of the Cluster: %v", err)
	}
}

func wantHint(t *testing.T, call string, err error) {
	t.Helper()
	if _, moved := goredis.IsMovedError(err); !moved || !strings.Contains(err.Error(), "redis+cluster://") {
		t.Errorf("%s: %v", call, err)
	}
}

// Reads alone would succeed, which is why Ping is content.
func TestOpenRefusesAReplica(t *testing.T) {
	t.Parallel()
	s := testserver.StartSentinel(t)
	raw := "redis://" + s.Replica.Addr()
	if _, err := Open(raw); !goredis.IsReadOnlyError(err) || !strings.Contains(err.Error(), "replica") {
		t.Errorf("Open: %v", err)
	}
	if err := New(newTestClient(t, raw)).Ping(t.Context()); err != nil {
		t.Errorf("Ping: %v", err)
	}
}

// Users who may not write can have a store to look at.
func TestOpenWithoutTheRightToWrite(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t)
	store, _ := withRights(t, newTestClient(t, server), server, "+get")
	wantMissing(t, store, "s")
	if err := store.Save(t.Context(), "s", nil, time.Now().Add(time.Hour)); err == nil || !strings.Contains(err.Error(), "NOPERM") {
		t.Errorf("Save: %v", err)
	}
}

// The keys that Ping asks for are no sessions', and in a Cluster most likely not of one node.
func TestPingKeysAreSpread(t *testing.T) {
	store := New(nil)
	spread := map[int]bool{}
	for i := range pingKeys {
		key := store.probeKey(i)
		if id := strings.TrimPrefix(key, store.Prefix()); validID(id) {
			t.Errorf("%q may be a session", id)
		}
		spread[int(crc16(key))%slots*8/slots] = true
	}
	if len(spread) < 6 {
		t.Errorf("the keys are in these eighths of the slots: %v", spread)
	}
}
