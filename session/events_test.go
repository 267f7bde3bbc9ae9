package session_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpet-go/limpet/internal/opscheck"
	"github.com/limpet-go/limpet/session"
)

const operations = "../docs/operations.md"

func TestHashIDIsStableAndHidesTheID(t *testing.T) {
	const id = "a-session-that-nobody-may-know"
	got := session.HashID(id)
	if got != "d2b989faa41495b5" || strings.Contains(id, got) {
		t.Errorf("HashID = %q, which must not change: operators search old logs for it", got)
	}
	if session.HashID(id+"x") == got {
		t.Error("two IDs have one hash")
	}
}

func TestEveryLogCallNamesAListedEvent(t *testing.T) { opscheck.Calls(t, ".") }

func TestOperationsListsEveryEvent(t *testing.T) {
	var texts []string
	for _, text := range opscheck.Events(t, ".") {
		texts = append(texts, text)
	}
	opscheck.ReadTable(t, operations, "### Events of package session").Lists(t, texts)
}

// ofSQLStore are the events of an SQLStore.
var ofSQLStore = map[string]string{
	"eventRowsNotDeleted": "see TestEventsOfAnSQLStore",
	"eventNarrowTable":    "see TestEventsOfAnSQLStore",
}

// secretStore is a store that knows something that must not be logged.
type secretStore struct {
	*faultStore
	Password string
}

// secretive makes everything happen to a manager that it logs. All that it is given and may not log holds the word SECRET.
type secretive struct {
	t     *testing.T
	log   *opscheck.Log
	store *faultStore
}

func (s secretive) manager(cfg session.ManagerConfig) *session.Manager {
	if cfg.ResumeWindow == 0 {
		cfg.ResumeWindow = window
	}
	return session.NewManager(secretStore{s.store, "password-SECRET"}, cfg, s.log.Logger())
}

// session describes a session whose state, user and ID are secret.
func (s secretive) session(h *host, id string) *session.ManagedSession {
	h.state = "state-SECRET-of-" + id
	sess := h.session("id-SECRET-" + id)
	sess.UserID = "user-SECRET"
	return sess
}

func TestEventsOfAManagerHoldNoSecrets(t *testing.T) {
	log := &opscheck.Log{}
	for name, provoke := range map[string]func(secretive){
		"limits":    secretive.limits,
		"snapshots": secretive.snapshots,
		"outage":    secretive.outage,
		"unknown":   secretive.unknown,
		"gone":      secretive.gone,
		"overload":  secretive.overload,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				defer after(20 * time.Second) // what is under way ends
				provoke(secretive{t, log, newFaultStore(t)})
			})
		})
	}
	log.Hides(t, "SECRET")
	table := opscheck.ReadTable(t, operations, "### Events of package session")
	log.Agrees(t, opscheck.Events(t, "."), table, ofSQLStore)
}

// limits has state refused and given up.
func (s secretive) limits() {
	m := s.manager(session.ManagerConfig{MaxSessionBytes: 100, MaxUnsavedBytes: 150})
	connect(s.t, m, s.session(&host{}, "large")).Detach([]byte(strings.Repeat("SECRET", 100)))
	s.store.setFail(errors.New("connection refused"))
	for _, id := range []string{"a", "b", "c"} {
		connect(s.t, m, s.session(&host{}, id)).Detach([]byte("SECRET" + strings.Repeat(id, 90)))
	}
	s.store.setFail(nil)
}

// snapshots fail at their interval and at a takeover.
func (s secretive) snapshots() {
	m := s.manager(session.ManagerConfig{PersistInterval: time.Second})
	h := &host{}
	sess := s.session(h, "a")
	sess.Data = []byte("SECRET")
	connect(s.t, m, sess)
	h.with(func() { h.err = errors.New("not now") })
	m.MarkDirty(sess.ID)
	after(time.Second)
	broken := *sess
	broken.ID = "id-SECRET-b"
	broken.Snapshot = func(context.Context) ([]byte, error) { panic(struct{ card string }{"SECRET"}) }
	connect(s.t, m, &broken)
	m.MarkDirty(broken.ID)
	after(time.Second)
	if _, err := m.Resume(s.t.Context(), sess.ID); err != nil {
		s.t.Error(err)
	}
	m.Remove(sess.ID)
	m.Remove(broken.ID)
}

// outage has writes fail, and a shutdown.
func (s secretive) outage() {
	m := s.manager(session.ManagerConfig{})
	s.store.setFail(errors.New("connection refused"))
	connect(s.t, m, s.session(&host{}, "a")).Detach([]byte("SECRET"))
	ctx, cancel := context.WithTimeout(s.t.Context(), 5*time.Second)
	defer cancel()
	var notSaved *session.NotSavedError
	if err := m.Shutdown(ctx); !errors.As(err, &notSaved) || strings.Contains(err.Error(), "SECRET") {
		s.t.Errorf("shutdown: %v", err)
	}
}

// unknown disconnects sessions that the manager does not have.
func (s secretive) unknown() {
	m := s.manager(session.ManagerConfig{CleanupInterval: time.Second})
	m.OnDisconnect("id-SECRET-unknown", []byte("SECRET"))
	detached(s.t, m, "id-SECRET-late", "SECRET")
	after(window + 2*time.Second)
	m.OnDisconnect("id-SECRET-late", []byte("SECRET"))
	alone := session.NewManager(nil, session.ManagerConfig{}, s.log.Logger())
	alone.OnDisconnect("id-SECRET-unknown", []byte("SECRET"))
}

// overload has more resumes than may wait for a slow store.
func (s secretive) overload() {
	m := s.manager(session.ManagerConfig{MaxLoads: 1, MaxWaitingLoads: 1})
	resume := s.store.pause()
	go func() { _, _ = m.ResumeFrom(context.Background(), "id-SECRET-a", "SECRET-address") }()
	settle()
	if _, err := m.ResumeFrom(s.t.Context(), "id-SECRET-b", "SECRET-address"); !errors.Is(err, session.ErrOverloaded) {
		s.t.Errorf("resume: %v", err)
	}
	resume()
}

// gone disconnects a session without state after an outage that outlasted its copy in the store.
func (s secretive) gone() {
	m := s.manager(session.ManagerConfig{PersistInterval: time.Second})
	h := &host{}
	a := connect(s.t, m, s.session(h, "a"))
	m.MarkDirty("id-SECRET-a")
	after(2 * time.Second)
	s.store.setFail(errors.New("connection refused"))
	h.with(func() { h.err = errors.New("not now") })
	after(3 * window)
	a.Detach(nil)
	s.store.setFail(nil)
}
