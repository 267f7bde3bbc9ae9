package session_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpet-go/limpet/session"
)

// batchFaultStore is a faultStore with batches of every kind. The error of a batch names the sessions for which it
// failed, unless it is mute.
type batchFaultStore struct {
	*faultStore
	mute             bool
	strange          bool // names other sessions than it was given
	touches, deletes int  // batches
}

func (s *batchFaultStore) LoadAll(context.Context, []string) (map[string][]byte, error) {
	return nil, errDown
}

func (s *batchFaultStore) TouchAll(ctx context.Context, expiries map[string]time.Time) error {
	s.set(func(*faultStore) { s.touches++ })
	ids := slices.Collect(maps.Keys(expiries))
	return s.batch(ctx, ids, func(id string) { s.extend(id, expiries[id]) })
}

func (s *batchFaultStore) DeleteAll(ctx context.Context, ids []string) error {
	s.set(func(*faultStore) { s.deletes++ })
	return s.batch(ctx, ids, s.remove)
}

// batch changes all sessions but those that are refused.
func (s *batchFaultStore) batch(ctx context.Context, ids []string, change func(id string)) error {
	var good, bad []string
	var cause error
	for _, id := range ids {
		if err := s.refused(id); err != nil {
			bad, cause = append(bad, id), err
		} else {
			good = append(good, id)
		}
	}
	err := s.write(ctx, good, func() {
		for _, id := range good {
			change(id)
		}
	})
	switch {
	case err != nil:
		return &session.BatchError{SessionIDs: ids, Err: err}
	case bad == nil:
		return nil
	case s.mute:
		return fmt.Errorf("fault store: %w", cause)
	case s.strange:
		bad = []string{"tenant:" + bad[0]}
	}
	return &session.BatchError{SessionIDs: bad, Err: cause}
}

// counts returns how many writes and batches the store was asked for.
func (s *batchFaultStore) counts() (calls, touches, deletes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls, s.touches, s.deletes
}

// wrapped is a store that a program wrapped.
type wrapped struct{ session.SessionStore }

func (w wrapped) Unwrap() session.SessionStore { return w.SessionStore }

const crowd = 300

// batchBubble runs a test in virtual time on a batchFaultStore with a crowd of connected sessions.
func batchBubble(t *testing.T, test func(t *testing.T, m *session.Manager, s *batchFaultStore)) {
	t.Helper()
	bubbleOn(t, func(s *batchFaultStore) session.SessionStore { return s }, test)
}

// bubbleOn is batchBubble on what wrap makes of the store.
func bubbleOn(t *testing.T, wrap func(*batchFaultStore) session.SessionStore, test func(t *testing.T, m *session.Manager, s *batchFaultStore)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &batchFaultStore{faultStore: newFaultStore(t)}
		s.latency = time.Millisecond
		m := session.NewManager(wrap(s), session.ManagerConfig{ResumeWindow: window, MaxSessionsPerIP: -1}, nil)
		for i := range crowd {
			id := fmt.Sprint("s", i)
			connect(t, m, (&host{state: "state"}).session(id))
			m.MarkDirty(id)
		}
		after(window / 4)
		defer after(20 * time.Second)
		test(t, m, s)
	})
}

// refuseSome makes the store refuse the sessions whose number ends in 7: a tenth of the crowd.
func refuseSome(err error) func(s *faultStore) {
	return func(s *faultStore) {
		s.refuse = func(id string) error {
			if strings.HasSuffix(id, "7") {
				return err
			}
			return nil
		}
	}
}

func TestConnectedSessionsAreKeptAliveInBatches(t *testing.T) {
	batchBubble(t, func(t *testing.T, m *session.Manager, s *batchFaultStore) {
		before, _, _ := s.counts()
		after(window / 6) // past one keepalive of each
		if calls, touches, _ := s.counts(); touches == 0 || calls-before > crowd/3 {
			t.Errorf("%d sessions touched by %d calls, %d of them batches", crowd, calls-before, touches)
		}
		after(5 * window)
		for i := range crowd {
			inStore(t, s.faultStore, fmt.Sprint("s", i), "state")
		}
	})
}

func TestATouchThatFailsInABatchKeepsNoOtherBack(t *testing.T) {
	for _, err := range []error{errDown, session.ErrInvalidSessionID} {
		batchBubble(t, func(t *testing.T, m *session.Manager, s *batchFaultStore) {
			s.set(refuseSome(err))
			after(window / 6) // past one keepalive of each
			if st := m.Stats(); st.StoreErrors == 0 {
				t.Errorf("%v: stats %+v", err, st)
			}
			if got := s.history("s8"); !slices.Equal(got, []string{"save s8 state", "touch s8"}) {
				t.Errorf("%v: a session that is not at fault saw %q", err, got)
			}
			s.set(func(s *faultStore) { s.refuse = nil })
			after(10 * time.Second)
			for i := range crowd {
				if _, until := s.stored(fmt.Sprint("s", i)); time.Until(until) < window {
					t.Fatalf("%v: the store keeps session %d for %v, want a window", err, i, time.Until(until))
				}
			}
		})
	}
}

func TestRemovedSessionsAreDeletedInBatches(t *testing.T) {
	for _, err := range []string{"names", "mute", "strange"} {
		batchBubble(t, func(t *testing.T, m *session.Manager, s *batchFaultStore) {
			s.mute, s.strange = err == "mute", err == "strange"
			s.set(refuseSome(errDown))
			before, _, _ := s.counts()
			for i := range crowd {
				m.Remove(fmt.Sprint("s", i))
			}
			after(time.Second)
			if calls, _, deletes := s.counts(); deletes == 0 || calls-before > crowd/2 {
				t.Errorf("%d sessions deleted by %d calls, %d of them batches", crowd, calls-before, deletes)
			}
			s.set(func(s *faultStore) { s.refuse = nil })
			after(10 * time.Second)
			if len(s.data) != 0 {
				t.Errorf("%d sessions are in the store after their removal", len(s.data))
			}
		})
	}
}

// A program's own store around another sees every write, one by one if it has no batches: it may keep something itself.
func TestNoWriteGoesPastAWrapper(t *testing.T) {
	bubbleOn(t, func(s *batchFaultStore) session.SessionStore { return wrapped{s} },
		func(t *testing.T, m *session.Manager, s *batchFaultStore) {
			after(window / 6) // past one keepalive of each
			for i := range crowd {
				m.Remove(fmt.Sprint("s", i))
			}
			after(time.Second)
			if _, touches, deletes := s.counts(); touches+deletes != 0 || len(s.data) != 0 {
				t.Errorf("%d batches of touches and %d of deletes went past the wrapper; %d sessions are left", touches, deletes, len(s.data))
			}
		})
}
