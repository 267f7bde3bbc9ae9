package session_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// refusalLog notes of each line about refused resumes how many it tells of.
type refusalLog struct {
	slog.Handler
	mu     sync.Mutex
	counts []int64
}

func (l *refusalLog) Handle(_ context.Context, r slog.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "resumes" && strings.Contains(r.Message, "resumes refused") {
			l.counts = append(l.counts, a.Value.Int64())
		}
		return true
	})
	return nil
}

func (l *refusalLog) check(t *testing.T, when string, want ...int64) {
	t.Helper()
	settle()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Equal(l.counts, want) {
		t.Errorf("%s: the log tells of %v refusals, want %v", when, l.counts, want)
	}
}

// TestEveryRefusalIsLogged refuses 200 resumes at once, one more before the log is told of them all, and one much later.
// Nothing but the refusals wakes the manager.
func TestEveryRefusalIsLogged(t *testing.T) {
	loadBubble(t, 0, session.ManagerConfig{}, func(t *testing.T, _ *session.Manager, s *loadStore, _ *bytes.Buffer) {
		log := &refusalLog{Handler: slog.DiscardHandler}
		open := s.pause()
		s.deaf = true
		m := session.NewManager(s, session.ManagerConfig{MaxLoads: 1, MaxWaitingLoads: 100, LoadTimeout: -1}, slog.New(enabled{log}))
		for i := range 300 {
			go func() { _, _ = m.ResumeFrom(context.Background(), fmt.Sprint("s", i), ownAddress(i)) }()
		}
		log.check(t, "at once", 1)
		after(5 * time.Second)
		refused(t, m, "one-more", session.ErrOverloaded)
		after(5*time.Second - tick)
		log.check(t, "just before", 1)
		after(tick)
		log.check(t, "after ten seconds", 1, 200)
		after(time.Hour)
		log.check(t, "an hour later", 1, 200)
		refused(t, m, "another", session.ErrOverloaded)
		log.check(t, "another", 1, 200, 1)
		refused(t, m, "last", session.ErrOverloaded)
		open()
		settle()
		if err := m.Shutdown(t.Context()); err != nil { // the leak check sees that nothing waits to be logged
			t.Error(err)
		}
	})
}

// enabled is a handler that takes every line.
type enabled struct{ *refusalLog }

func (enabled) Enabled(context.Context, slog.Level) bool { return true }
