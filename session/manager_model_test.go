package session_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// model is what a naive manager with an unlimited memory would know of one session.
type model struct {
	state     string
	connected *session.Attachment
	until     time.Time // of a detached session
	removed   bool
}

// TestManagerAgreesWithANaiveModel does random things to a manager over a store that is slow and down now and then,
// and to a model; what a session is resumed with must be what the model has.
func TestManagerAgreesWithANaiveModel(t *testing.T) {
	for seed := range int64(60) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			cfg := session.ManagerConfig{
				MaxDetachedSessions: 3, ResumeWindow: time.Minute, PersistInterval: time.Second,
				EvictionPolicy: session.EvictionPolicy(seed % 4), CleanupInterval: 10 * time.Second,
			}
			bubble(t, cfg, func(t *testing.T, m *session.Manager, s *faultStore) {
				r := &random{t: t, Rand: rand.New(rand.NewSource(seed)), m: m, s: s, models: map[string]*model{}}
				for range 300 {
					r.step()
				}
				r.finish()
			})
		})
	}
}

type random struct {
	*rand.Rand
	t      *testing.T
	m      *session.Manager
	s      *faultStore
	models map[string]*model
	made   int
}

func (r *random) step() {
	id := fmt.Sprint("s", r.Intn(12))
	if r.models[id] != nil && r.models[id].removed && r.Intn(3) > 0 {
		return
	}
	switch r.Intn(8) {
	case 0, 1:
		r.connect(id)
	case 2, 3:
		r.disconnect(id)
	case 4:
		r.resume(id)
	case 5:
		if r.Intn(6) == 0 {
			r.m.Remove(id)
			r.models[id] = &model{removed: true}
		}
	case 6:
		after(time.Duration(r.Intn(4000)) * time.Millisecond)
	case 7:
		r.disturb()
	}
	r.check()
}

// disturb changes how the store behaves. It fails writes only: a load that failed would only be an error.
func (r *random) disturb() {
	latency := time.Duration(r.Intn(3)) * 50 * time.Millisecond
	r.s.set(func(s *faultStore) {
		s.latency, s.failWrites = latency, nil
		if r.Intn(3) == 0 {
			s.failWrites = errDown
		}
	})
}

func (r *random) connect(id string) {
	was := r.models[id]
	a, err := r.m.Attach(&session.ManagedSession{ID: id, IP: fmt.Sprint("ip", r.Intn(3))})
	switch {
	case was != nil && was.removed:
		r.want(id, err, session.ErrSessionRemoved)
	case was != nil && was.connected != nil:
		r.want(id, err, session.ErrSessionConnected)
	case err != nil:
		r.t.Fatalf("attach %s: %v", id, err)
	case was == nil || !was.until.After(time.Now()):
		r.models[id] = &model{connected: a}
		r.disconnect(id) // so that it has a state of its own
	default:
		was.connected = a // evicted or not: what it has is either here or only in the store
		r.disconnect(id)
	}
}

func (r *random) disconnect(id string) {
	was := r.models[id]
	if was == nil || was.connected == nil {
		return
	}
	r.made++
	was.state = fmt.Sprint("state ", r.made)
	was.connected.Detach([]byte(was.state))
	was.connected, was.until = nil, time.Now().Add(time.Minute)
}

func (r *random) resume(id string) {
	was := r.models[id]
	live := was != nil && (was.connected != nil || was.until.After(time.Now()))
	began := time.Now()
	a, err := r.m.Resume(context.Background(), id)
	switch {
	case was != nil && was.removed:
		r.want(id, err, session.ErrSessionRemoved)
	case !live:
		if !errors.Is(err, session.ErrSessionNotFound) && !errors.Is(err, session.ErrSessionExpired) {
			r.t.Fatalf("resume of %s, which is over: %v", id, err)
		}
	case err != nil:
		if was.connected != nil || was.until.After(time.Now()) { // it did not end while it was loaded
			r.t.Fatalf("resume of %s, begun %v ago: %v", id, time.Since(began), err)
		}
	case string(a.Data()) != was.state:
		r.t.Fatalf("resumed %s with %q, want %q", id, a.Data(), was.state)
	case r.Intn(4) == 0 && was.connected == nil:
		a.Release()
	default:
		was.connected = a
		if err := a.Connect(session.ManagedSession{IP: "ip"}); err != nil {
			r.t.Fatalf("connect: %v", err)
		}
	}
}

func (r *random) want(id string, err, want error) {
	r.t.Helper()
	if !errors.Is(err, want) {
		r.t.Fatalf("%s: %v, want %v", id, err, want)
	}
}

// check compares what can be counted.
func (r *random) check() {
	connected := 0
	for id, was := range r.models {
		if was.connected != nil {
			connected++
		}
		if got := r.m.Get(id); (got != nil && got.Connected) != (was.connected != nil) {
			r.t.Fatalf("%s is connected: %v, want %v", id, got != nil, was.connected != nil)
		}
	}
	st := r.m.Stats()
	if st.Connected != connected || st.Detached > 3 || st.Total != st.Connected+st.Detached || st.LostUnsaved != 0 {
		r.t.Fatalf("stats %+v, want %d connected", st, connected)
	}
}

// finish shuts the manager down and looks for every session in the store.
func (r *random) finish() {
	r.s.set(func(s *faultStore) { s.failWrites, s.latency = nil, 0 })
	for id := range r.models {
		r.disconnect(id)
	}
	if err := r.m.Shutdown(context.Background()); err != nil {
		r.t.Fatal(err)
	}
	for id, was := range r.models {
		want := was.state
		if was.removed || !was.until.After(time.Now()) {
			want = ""
		}
		if got, until := r.s.stored(id); string(got) != want || want != "" && !until.Equal(was.until) {
			r.t.Errorf("the store has %q of %s until %v, want %q until %v", got, id, until, want, was.until)
		}
	}
}
