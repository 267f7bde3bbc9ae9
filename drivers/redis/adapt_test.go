package redis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/limpet-go/limpet/session"
)

func TestNilClientIsTheErrorOfEveryCall(t *testing.T) {
	s := New(nil)
	for call, err := range everyCall(t.Context(), s) {
		if err == nil || !strings.Contains(err.Error(), "nil client") {
			t.Errorf("%s: %v", call, err)
		}
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	for _, s := range []*Store{s, {}} {
		for call, err := range everyCall(t.Context(), s) {
			if err != (session.ErrStoreClosed{}) {
				t.Errorf("%s of a closed store: %v", call, err)
			}
		}
	}
}

// everyCall makes one call of each method and returns their errors.
func everyCall(ctx context.Context, s *Store) map[string]error {
	const id = "secret-id"
	later := time.Now().Add(time.Hour)
	batch := map[string]session.SessionData{id: {ExpiresAt: later}}
	_, load := s.Load(ctx, id)
	_, loadAll := s.LoadAll(ctx, []string{id})
	_, _, scan := s.Scan(ctx, "", 0)
	_, list := s.UserSessions(ctx, "secret-user")
	_, revoke := s.RevokeUser(ctx, "secret-user")
	return map[string]error{
		"Load": load, "Save": s.Save(ctx, id, nil, later), "Save past": s.Save(ctx, id, nil, time.Time{}),
		"Touch": s.Touch(ctx, id, later), "Delete": s.Delete(ctx, id),
		"SaveAll": s.SaveAll(ctx, batch), "SaveAllAtomic": s.SaveAllAtomic(ctx, batch),
		"LoadAll": loadAll, "TouchAll": s.TouchAll(ctx, map[string]time.Time{id: later}),
		"DeleteAll": s.DeleteAll(ctx, []string{id}),
		"Scan":      scan, "Ping": s.Ping(ctx), "SetUser": s.SetUser(ctx, id, "secret-user", later),
		"SetUser empty": s.SetUser(ctx, id, "", later), "UserSessions": list, "RevokeUser": revoke,
	}
}

// Writes refuse to be sent again whatever the client is set to, and reads do not.
func TestWritesAreSentOnce(t *testing.T) {
	for _, c := range []struct {
		name    string
		cluster bool
	}{{"single", false}, {"cluster", true}} {
		t.Run(c.name, func(t *testing.T) {
			addr, received := hangingUp(t)
			var client goredis.UniversalClient = goredis.NewClient(&goredis.Options{
				Addr: addr, MaxRetries: 3, MinRetryBackoff: -1, MaintNotificationsConfig: quiet()})
			if c.cluster {
				client = goredis.NewClusterClient(&goredis.ClusterOptions{
					Addrs: []string{addr}, MinRetryBackoff: -1, DisableRoutingPolicies: true, MaintNotificationsConfig: quiet(),
					ClusterSlots: func(context.Context) ([]goredis.ClusterSlot, error) {
						return []goredis.ClusterSlot{{End: slots - 1, Nodes: []goredis.ClusterNode{{ID: "1", Addr: addr}}}}, nil
					},
				})
			}
			s := New(client, session.WithRedisOwnedClient())
			defer func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}()
			for call, err := range everyCall(t.Context(), s) {
				if err == nil || strings.Contains(err.Error(), "secret") {
					t.Errorf("%s: %v", call, err)
				}
			}
			got := received()
			for command, want := range map[string]int{"SET": 2, "MULTI": 1, "DEL": 4, "PEXPIRE": 2} {
				if got[command] != want {
					t.Errorf("%s was sent %d times, want %d", command, got[command], want)
				}
			}
			if got["GET"] < 4 {
				t.Errorf("GET was sent %d times: it is not repeated", got["GET"])
			}
		})
	}
}

func TestErrorsThatAreDueToTheContextSaySo(t *testing.T) {
	past, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	far, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	timeout := &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}
	for ctx, want := range map[context.Context]error{past: context.DeadlineExceeded, canceled: context.Canceled} {
		if err := told(ctx, timeout); !errors.Is(err, want) || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%v, want one that matches %v", err, want)
		}
	}
	for what, err := range map[string]error{
		"in time": told(far, timeout), "without deadline": told(t.Context(), timeout), "none": told(past, nil),
		"an answer": told(past, goredis.Nil), "another answer": told(canceled, fmt.Errorf("get: %w", goredis.ErrCrossSlot)),
	} {
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
