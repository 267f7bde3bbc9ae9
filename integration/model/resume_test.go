package model

import (
	"context"
	"errors"
	"testing/synctest"
	"time"

	"github.com/limpet-go/limpet/session"
	"pgregory.net/rapid"
)

func (m *machine) rest() { synctest.Wait() }

// arrival is what a resume came back with.
type arrival struct {
	a       *session.Attachment // nil through OnReconnect
	data    []byte
	outcome session.ResumeOutcome
	here    bool // of OnReconnect: the session was in memory
	err     error
}

func (m *machine) resume() {
	s := m.any()
	got, fromStore, ok := m.comeBack(s, func() (got arrival) {
		a, err := m.mgr.Resume(context.Background(), s.id)
		if err != nil {
			return arrival{err: err}
		}
		return arrival{a: a, data: a.Data(), outcome: a.Outcome()}
	})
	if ok {
		m.begin(s, &conn{m: m, node: m.node, s: s, a: got.a, held: true, fromStore: fromStore})
	}
}

// reconnect resumes the older way: OnReconnect, and Register for what only the store had.
func (m *machine) reconnect() {
	s := m.any()
	pause := pick(m.t, "pause", 0, 30*time.Second, 59*time.Second, 61*time.Second)
	got, fromStore, ok := m.comeBack(s, func() arrival {
		sess, data, err := m.mgr.OnReconnect(s.id)
		return arrival{data: data, here: sess != nil, err: err}
	})
	if !ok {
		return
	}
	if got.here == fromStore {
		m.t.Fatalf("OnReconnect of %s: in memory %v, want %v", s.id, got.here, !fromStore)
	}
	if s.conn != nil {
		s.revive(s.conn)
	}
	if !fromStore {
		m.begin(s, &conn{m: m, node: m.node, s: s})
		return
	}
	s.here, s.conn = false, nil
	time.Sleep(pause)
	m.rest()
	m.settle(false)
	if pause > time.Minute {
		return
	}
	c := m.newConn(s)
	desc := c.describe()
	desc.IP, desc.UserID = m.drawIP(), m.drawUser()
	a, err := m.mgr.Attach(desc)
	m.attached(s, c, desc, a, err, 0, 0, true)
}

// comeBack resumes a session and compares what came of it. ok says that the session is held now, or connected.
func (m *machine) comeBack(s *sess, resume func() arrival) (got arrival, fromStore, ok bool) {
	m.final = m.drawEnd()
	if rapid.IntRange(0, 3).Draw(m.t, "deaf host") == 0 {
		m.final = nil
	}
	began, old := time.Now(), s.conn
	here := s.detachedHere()
	got = resume()
	m.countLosses()
	if old != nil && m.refuses(s, old, began, got) {
		return got, false, false
	}
	m.settle(!here && got.err == nil)
	if old != nil && old.held {
		return got, old.fromStore, m.same(s, got, session.ResumedByTakeover)
	}
	fromStore = !s.here
	want := m.resumes(s, began)
	m.want(s, "resume", got.err, want...)
	if got.err != nil {
		m.lostHere(s, got.err)
		return got, fromStore, false
	}
	outcome := session.ResumedHere
	switch {
	case old != nil:
		outcome = session.ResumedByTakeover
	case fromStore:
		outcome = session.ResumedFromStore
	}
	if fromStore {
		s.here, s.ip, s.user, s.born = true, "", "", time.Now()
	}
	return got, fromStore, m.same(s, got, outcome)
}

// lostHere forgets a session in memory whose state was nowhere any more.
func (m *machine) lostHere(s *sess, err error) {
	if s.detachedHere() && errors.Is(err, session.ErrSessionNotFound) && (s.fuzzy || m.mayBeGone(s)) {
		s.here, s.newest, s.until, s.fuzzy = false, 0, time.Time{}, false
	}
}

// same compares what a session was resumed with.
func (m *machine) same(s *sess, got arrival, outcome session.ResumeOutcome) bool {
	if got.err != nil {
		m.t.Fatalf("resume of %s: %v", s.id, got.err)
	}
	if got.outcome != 0 && got.outcome != outcome {
		m.t.Fatalf("resume of %s: %v, want %v", s.id, got.outcome, outcome)
	}
	v := versionOf(got.data)
	s.lean = false
	if s.fuzzy && v <= s.newest && v >= s.floor {
		s.newest, s.size, s.fuzzy = v, len(got.data), false
	}
	if v != s.newest {
		m.t.Fatalf("%s was resumed with state %d, want %d", s.id, v, s.newest)
	}
	return true
}

// resumes says how a resume of a session that is not connected must end.
func (m *machine) resumes(s *sess, began time.Time) (want []error) {
	now := time.Now()
	m.disk.mu.Lock()
	unread := m.disk.mood == unread
	m.disk.mu.Unlock()
	loads := !s.here && !m.saving(s) || s.here && s.bytes == 0
	switch {
	case !s.here && m.isRemoved(s):
		return []error{session.ErrSessionRemoved}
	case !s.alive(now):
		want = m.endOf(s)
		if m.lossy && !s.here { // the store may keep it for longer, without the touch of its disconnect
			want = append(want, session.ErrMaxSessionsReached, nil)
		}
		if s.alive(began) { // it ended while it was loaded
			want = append(want, session.ErrSessionNotFound, session.ErrMaxSessionsReached, nil)
		}
	case s.here && loads && unread:
	case !s.here && m.cfg.MaxSessions >= 0 && m.total() >= m.cfg.MaxSessions:
		want = []error{session.ErrMaxSessionsReached}
	default:
		want = []error{nil}
	}
	if unread && (loads || s.fuzzy || !s.alive(now)) {
		want = append(want, errStore)
	}
	if s.fuzzy || m.mayBeGone(s) {
		want = append(want, session.ErrSessionNotFound, session.ErrSessionExpired)
	}
	return want
}

// endOf says what a session is said to be that is over.
func (m *machine) endOf(s *sess) []error {
	if !m.forgotten(s.expired) {
		return []error{session.ErrSessionExpired}
	}
	return []error{session.ErrSessionNotFound, session.ErrSessionExpired}
}

// overtaken is the host's OnTakeover.
func (m *machine) overtaken(n *node, id string) {
	m.mu.Lock()
	final, c := m.final, m.sessions[id].conn
	dead := n != m.node
	if c != nil && c.held {
		m.problem("a host was told that %s, which is only held, is taken over", id)
	}
	m.mu.Unlock()
	if final != nil && c != nil && !dead {
		final(c)
	}
}

// refuses ends the older connection in the model, as a takeover does. It reports whether that could not be.
func (m *machine) refuses(s *sess, old *conn, began time.Time, got arrival) bool {
	if !old.held && s.conn == old && s.newest == 0 && (!old.snapshot || old.fails) {
		m.want(s, "resume", got.err, session.ErrSessionConnected)
		return true
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.takenOver++
	if old.held || s.conn != old { // nothing to end, or its host did
		return false
	}
	bytes := s.size
	if got.data == nil || s.newest == 0 {
		bytes = 0
	}
	m.ended(old, bytes)
	s.until, s.parked = began.Add(window), began
	return false
}

// overlap has something happen to a session while it is loaded, which makes what was loaded count for nothing.
func (m *machine) overlap() {
	m.disk.mu.Lock()
	slow := m.disk.mood == well && m.disk.latency > 0
	latency := m.disk.latency
	m.disk.mu.Unlock()
	if !slow || m.lossy || m.mgr.Stats().Unsaved > 0 {
		m.t.SkipNow()
	}
	s := m.some("loaded", func(s *sess) bool { return !s.here && s.alive(time.Now().Add(time.Minute)) && !m.saving(s) })
	v, _ := m.made()
	remove := rapid.Bool().Draw(m.t, "remove")
	done := make(chan arrival, 1)
	go func() {
		a, err := m.mgr.Resume(context.Background(), s.id)
		if err != nil {
			done <- arrival{err: err}
			return
		}
		done <- arrival{a: a, data: a.Data()}
	}()
	time.Sleep(latency / 2)
	if remove {
		m.erase(s)
	} else {
		m.know(s, v, len(v.bytes(40)))
		s.until, s.parked = time.Now().Add(window), time.Now()
		m.mgr.OnDisconnect(s.id, v.bytes(40))
	}
	got := <-done
	m.rest()
	m.settle(got.err == nil)
	if remove {
		m.want(s, "resume", got.err, session.ErrSessionRemoved)
		return
	}
	if m.cfg.MaxSessions >= 0 && m.total() >= m.cfg.MaxSessions {
		m.want(s, "resume", got.err, session.ErrMaxSessionsReached)
		return
	}
	m.same(s, got, session.ResumedFromStore)
	s.here, s.ip, s.user, s.born = true, "", "", time.Now()
	m.begin(s, &conn{m: m, node: m.node, s: s, a: got.a, held: true, fromStore: true})
}
