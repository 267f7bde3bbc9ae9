package bench

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/limpet-go/limpet/session"
)

// throughManager saves and touches sessions the way a host does: through a Manager on the store.
type throughManager struct {
	session.SessionStore
	m     *session.Manager
	hosts sync.Map // of *host, by session ID
}

// host is what a page's server keeps of one session. Only one goroutine uses it at a time.
type host struct {
	state []byte
	shots bool // the connection takes snapshots
	here  bool // connected
}

func newThroughManager(s session.SessionStore) *throughManager {
	return &throughManager{SessionStore: s, m: session.NewManager(s, session.ManagerConfig{
		MaxDetachedSessions: -1,
		MaxDetachedBytes:    -1,
		MaxUnsavedBytes:     -1,
		MaxSessionsPerIP:    -1,
		ResumeWindow:        time.Hour,
	}, nil)}
}

func (t *throughManager) host(id string) (*host, error) {
	if h, ok := t.hosts.Load(id); ok {
		return h.(*host), nil
	}
	h := &host{shots: true, here: true}
	t.hosts.Store(id, h)
	_, err := t.m.Attach(&session.ManagedSession{
		ID: id, IP: "192.0.2.1",
		Snapshot: func(context.Context) ([]byte, error) { return h.state, nil }, // which nobody changes
	})
	return h, err
}

// Save marks the session as changed and waits until its new state is durable.
func (t *throughManager) Save(ctx context.Context, id string, data []byte, _ time.Time) error {
	h, err := t.host(id)
	if err != nil {
		return err
	}
	if h.state = data; h.shots {
		t.m.MarkDirty(id)
	} else {
		t.m.OnDisconnect(id, data)
		h.here = false
	}
	return t.m.Sync(ctx, id)
}

// Touch ends the session's connection with unchanged state, or resumes it, and waits until the store has extended its
// life, which is a touch.
func (t *throughManager) Touch(ctx context.Context, id string, _ time.Time) error {
	h, err := t.host(id)
	if err != nil {
		return err
	}
	if h.state == nil {
		return errors.New("touch of a session that was never saved")
	}
	if h.here {
		t.m.OnDisconnect(id, h.state)
	} else if _, _, err := t.m.OnReconnect(id); err != nil {
		return err
	}
	h.here, h.shots = !h.here, false
	return t.m.Sync(ctx, id)
}

// SaveAll goes straight to the store.
func (t *throughManager) SaveAll(ctx context.Context, sessions map[string]session.SessionData) error {
	return t.SessionStore.SaveAll(ctx, sessions)
}

// Close shuts the manager down, and closes its store.
func (t *throughManager) Close() error {
	if err := t.m.Shutdown(context.Background()); err != nil {
		return err
	}
	return t.SessionStore.Close()
}
