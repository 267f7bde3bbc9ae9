package session_test

import (
	"context"
	"log/slog"
	"reflect"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

var (
	_ func(session.SessionStore, session.ManagerConfig, *slog.Logger) *session.Manager = session.NewManager
	_ func() session.ManagerConfig                                                     = session.DefaultManagerConfig

	_ func(*session.Manager, string) error                                    = (*session.Manager).CheckIPLimit
	_ func(*session.Manager, string) *session.ManagedSession                  = (*session.Manager).Get
	_ func(*session.Manager, string, []byte)                                  = (*session.Manager).OnDisconnect
	_ func(*session.Manager, string) (*session.ManagedSession, []byte, error) = (*session.Manager).OnReconnect
	_ func(*session.Manager, *session.ManagedSession) error                   = (*session.Manager).Register
	_ func(*session.Manager, string)                                          = (*session.Manager).Remove
	_ func(*session.Manager, context.Context) error                           = (*session.Manager).Shutdown
	_ func(*session.Manager) session.ManagerStats                             = (*session.Manager).Stats
	_ func(*session.Manager, string)                                          = (*session.Manager).Touch
)

func TestAPIEvictionPolicies(t *testing.T) {
	if reflect.TypeFor[session.EvictionPolicy]().Kind() != reflect.Int {
		t.Error("EvictionPolicy is no int")
	}
	for i, p := range []session.EvictionPolicy{session.EvictionLRU, session.EvictionOldest, session.EvictionRandom} {
		if int(p) != i {
			t.Errorf("policy %d has the value %d", i, p)
		}
	}
}

func TestAPIManagerStructs(t *testing.T) {
	for typ, want := range map[reflect.Type][]apiField{
		reflect.TypeFor[session.ManagedSession](): {
			field[string]("ID", ""), field[string]("IP", ""),
			field[time.Time]("CreatedAt", ""), field[time.Time]("LastActive", ""), field[time.Time]("DisconnectedAt", ""),
			field[[]byte]("Data", ""), field[bool]("Connected", ""), field[string]("UserID", ""),
		},
		reflect.TypeFor[session.ManagerConfig](): {
			field[int]("MaxDetachedSessions", ""), field[int]("MaxSessionsPerIP", ""),
			field[time.Duration]("ResumeWindow", ""), field[time.Duration]("PersistInterval", ""),
			field[time.Duration]("CleanupInterval", ""), field[session.EvictionPolicy]("EvictionPolicy", ""),
		},
		reflect.TypeFor[session.ManagerStats](): {
			field[int]("Total", ""), field[int]("Connected", ""), field[int]("Detached", ""), field[int]("UniqueIPs", ""),
		},
	} {
		checkStruct(t, typ, true, want)
	}
}

func TestAPIDefaultManagerConfig(t *testing.T) {
	got := session.DefaultManagerConfig()
	if got.MaxDetachedSessions != 10000 || got.MaxSessionsPerIP != 100 || got.ResumeWindow != 5*time.Minute ||
		got.PersistInterval != 30*time.Second || got.CleanupInterval != time.Minute ||
		got.EvictionPolicy != session.EvictionLRU {
		t.Errorf("DefaultManagerConfig = %+v", got)
	}
}
