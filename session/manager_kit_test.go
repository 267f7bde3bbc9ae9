package session_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpet-go/limpet/session"
)

const window = 10 * time.Minute

// bubble runs a test in virtual time with a manager on a faulty store. A test that does not shut the manager down
// leaves no goroutine: the manager has none while it is idle.
func bubble(t *testing.T, cfg session.ManagerConfig, test func(t *testing.T, m *session.Manager, s *faultStore)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newFaultStore(t)
		if cfg.ResumeWindow == 0 {
			cfg.ResumeWindow = window
		}
		if cfg.MaxSessionsPerIP == 0 {
			cfg.MaxSessionsPerIP = -1
		}
		defer s.rest() // what is under way ends
		test(t, session.NewManager(s, cfg, nil), s)
	})
}

// host is what a host keeps of one session: its state, changed by the test.
type host struct {
	mu      sync.Mutex
	state   string
	err     error
	nothing bool
	delay   time.Duration
	shots   int
	durable []string
}

func (h *host) session(id string) *session.ManagedSession {
	return &session.ManagedSession{
		ID: id, IP: "192.0.2.1",
		Snapshot: func(ctx context.Context) ([]byte, error) {
			taken, delay, err := h.take()
			if delay > 0 {
				select {
				case <-time.After(delay):
				case <-ctx.Done():
					return nil, ctx.Err()
				}
			}
			return taken, err
		},
		OnDurable: func(data []byte) {
			h.with(func() { h.durable = append(h.durable, string(data)) })
		},
	}
}

func (h *host) take() ([]byte, time.Duration, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.shots++
	if h.nothing {
		return nil, h.delay, h.err
	}
	return []byte(h.state), h.delay, h.err
}

// with changes or reads the host's fields, which the manager's goroutines read too.
func (h *host) with(do func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	do()
}

// connect attaches a new session.
func connect(t *testing.T, m *session.Manager, sess *session.ManagedSession) *session.Attachment {
	t.Helper()
	a, err := m.Attach(sess)
	if err != nil {
		t.Fatalf("attach: %v", err)
	}
	return a
}

// detached makes a session that is detached with some state.
func detached(t *testing.T, m *session.Manager, id, state string) {
	t.Helper()
	connect(t, m, &session.ManagedSession{ID: id}).Detach([]byte(state))
}

// resumed resumes a session and checks its state and where it came from.
func resumed(t *testing.T, m *session.Manager, id, state string, from session.ResumeOutcome) *session.Attachment {
	t.Helper()
	a, err := m.Resume(context.Background(), id)
	if err != nil {
		t.Fatalf("resume: %v", err)
	}
	if got := string(a.Data()); got != state || a.Outcome() != from {
		t.Fatalf("resumed %q (%v), want %q (%v)", got, a.Outcome(), state, from)
	}
	return a
}

// refused checks that a resume ends with an error.
func refused(t *testing.T, m *session.Manager, id string, want error) {
	t.Helper()
	if a, err := m.Resume(context.Background(), id); !errors.Is(err, want) {
		t.Fatalf("resume: %v, %v; want %v", a, err, want)
	}
}

// inStore checks what the store has: nothing when state is empty.
func inStore(t *testing.T, s *faultStore, id, state string) {
	t.Helper()
	if got, _ := s.stored(id); string(got) != state {
		t.Fatalf("store has %q, want %q", got, state)
	}
}

// expiresIn checks until when the store keeps a session.
func expiresIn(t *testing.T, s *faultStore, id string, want time.Duration) {
	t.Helper()
	if _, until := s.stored(id); time.Until(until) != want {
		t.Fatalf("store keeps it for %v, want %v", time.Until(until), want)
	}
}

// settle lets everything that can happen now happen.
func settle() { synctest.Wait() }

// after lets time pass. In a bubble it takes none.
func after(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}
