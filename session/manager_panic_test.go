package session_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/limpet-go/limpet/session"
)

func TestAPanickingSnapshotCostsOnlyItself(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		broken := func(context.Context) ([]byte, error) { panic("boom") }
		connect(t, m, &session.ManagedSession{ID: "broken", Snapshot: broken, Data: []byte("last good")})
		good := &host{state: "good"}
		connect(t, m, good.session("good"))
		if err := m.Sync(t.Context(), "broken"); err == nil || !strings.Contains(err.Error(), "panic: boom") {
			t.Errorf("Sync: %v", err)
		}
		if _, _, err := m.OnReconnect("broken"); err != nil {
			t.Errorf("takeover: %v, want the last known state", err)
		}
		connect(t, m, &session.ManagedSession{ID: "broken2", Snapshot: broken})
		m.MarkDirty("broken2")
		after(session.DefaultManagerConfig().PersistInterval)
		var failed *session.NotSavedError
		if err := m.Shutdown(t.Context()); !errors.As(err, &failed) || len(failed.SessionIDs) != 1 || failed.SessionIDs[0] != "broken2" {
			t.Errorf("Shutdown: %v", err)
		}
		inStore(t, s, "good", "good")
	})
}

func TestPromise6AShutdownWithAnEndedContextStillSaysWhatIsNotSaved(t *testing.T) {
	for range 50 {
		bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
			h := &host{state: "state"}
			connect(t, m, h.session("a"))
			m.MarkDirty("a")
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			var failed *session.NotSavedError
			if err := m.Shutdown(ctx); err != nil && !errors.As(err, &failed) {
				t.Errorf("Shutdown: %v", err)
			}
			if err := m.Register(&session.ManagedSession{ID: "b"}); !errors.Is(err, session.ErrManagerStopped) {
				t.Errorf("Register: %v", err)
			}
			_ = m.Shutdown(t.Context())
		})
	}
}
