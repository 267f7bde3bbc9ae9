package session_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/limpet-go/limpet/session"
)

// loadStore is a batchFaultStore whose batches of loads work, unless the test refuses some.
type loadStore struct {
	batchFaultStore
	sizes []int // of the batches
}

func (s *loadStore) LoadAll(ctx context.Context, ids []string) (map[string][]byte, error) {
	s.set(func(*faultStore) { s.sizes = append(s.sizes, len(ids)) })
	found, bad := map[string][]byte{}, []string(nil)
	for _, id := range ids {
		if err := s.refused(id); err != nil {
			bad = append(bad, id)
		} else if data, _ := s.stored(id); data != nil {
			found[id] = data
		}
	}
	err := s.begin(ctx)
	switch {
	case err != nil:
		return nil, &session.BatchError{SessionIDs: ids, Err: err}
	case bad != nil && s.mute:
		return found, errDown
	case bad != nil && s.strange:
		return found, &session.BatchError{SessionIDs: []string{"tenant:" + bad[0]}, Err: errDown}
	case bad != nil:
		return found, &session.BatchError{SessionIDs: bad, Err: errDown}
	}
	return found, nil
}

// loadBubble runs a test in virtual time on a store that has some sessions, s0 to sn, each with its ID for a state.
func loadBubble(t *testing.T, n int, cfg session.ManagerConfig, test func(t *testing.T, m *session.Manager, s *loadStore, log *bytes.Buffer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &loadStore{batchFaultStore: batchFaultStore{faultStore: newFaultStore(t)}}
		for i := range n {
			id := fmt.Sprint("s", i)
			s.data[id] = session.SessionData{Data: []byte(id), ExpiresAt: time.Now().Add(24 * time.Hour)}
		}
		var log bytes.Buffer
		cfg.MaxSessionsPerIP = -1
		m := session.NewManager(s, cfg, slog.New(slog.NewTextHandler(&log, nil)))
		test(t, m, s, &log)
		if err := m.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// storm resumes s0 to sn at once and returns the errors, by session.
func storm(m *session.Manager, n int, address func(i int) string) map[int]error {
	var mu sync.Mutex
	var all sync.WaitGroup
	errs := map[int]error{}
	for i := range n {
		all.Go(func() {
			id := fmt.Sprint("s", i)
			a, err := m.ResumeFrom(context.Background(), id, address(i))
			if err == nil && string(a.Data()) != id {
				err = fmt.Errorf("resumed %q", a.Data())
			}
			if err == nil {
				a.Release()
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs[i] = err
			}
		})
	}
	all.Wait()
	return errs
}

func ownAddress(i int) string { return fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255) }

func TestPromise8AStormOfResumesIsBatched(t *testing.T) {
	loadBubble(t, 5000, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *loadStore, _ *bytes.Buffer) {
		s.latency = 5 * time.Millisecond
		began := time.Now()
		if errs := storm(m, 5000, ownAddress); len(errs) > 0 {
			t.Errorf("%d failed: %v", len(errs), errs)
		}
		calls := s.loads + len(s.sizes)
		if took := time.Since(began); took > 50*time.Millisecond || calls > 40 {
			t.Errorf("it took %v, %d calls", took, calls)
		}
		if st := m.Stats(); st.Loaded != 5000 || st.LoadsMissed != 0 || st.Overloaded != 0 || st.Loading != 0 {
			t.Errorf("stats %+v", st)
		}
	})
}

func TestPromise8AFloodOfUnknownIDsDoesNotSlowTheOthers(t *testing.T) {
	loadBubble(t, 1000, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *loadStore, log *bytes.Buffer) {
		s.latency = time.Millisecond
		for i := range 100 {
			for j := range 1000 {
				go func() { _, _ = m.ResumeFrom(context.Background(), fmt.Sprint("unknown", i, "-", j), "203.0.113.9") }()
			}
			synctest.Wait()
			for j := range 10 {
				began := time.Now()
				a, err := m.ResumeFrom(context.Background(), fmt.Sprint("s", 10*i+j), ownAddress(10*i+j))
				if err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); took > 2*time.Millisecond && i > 0 {
					t.Errorf("%d: a resume took %v", i, took)
				}
				a.Release()
			}
		}
		st := m.Stats()
		if st.Overloaded < 90_000 || st.Loaded != 1000 || st.Loading > 625 {
			t.Errorf("stats %+v", st)
		}
		if n := strings.Count(log.String(), "\n"); n != 1 {
			t.Errorf("%d lines in the log: %.300s", n, log)
		}
		after(time.Minute)
		if st := m.Stats(); st.Loading != 0 {
			t.Errorf("stats %+v", st)
		}
	})
}

func TestWhoIsRefusedIsToldWhenToComeBack(t *testing.T) {
	cfg := session.ManagerConfig{MaxLoads: 1, MaxWaitingLoads: 100}
	loadBubble(t, 300, cfg, func(t *testing.T, m *session.Manager, s *loadStore, log *bytes.Buffer) {
		s.latency = 100 * time.Millisecond
		errs := storm(m, 300, ownAddress)
		if len(errs) != 200 {
			t.Errorf("%d were refused", len(errs))
		}
		for _, err := range errs {
			var overloaded *session.OverloadedError
			if !errors.Is(err, session.ErrOverloaded) || !errors.As(err, &overloaded) || overloaded.RetryAfter <= 0 {
				t.Fatalf("%v", err)
			}
		}
		if errs := storm(m, 100, ownAddress); len(errs) > 0 {
			t.Errorf("when they come back: %v", errs)
		}
		if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "resumes refused") {
			t.Errorf("log %s", got)
		}
		if st := m.Stats(); st.Overloaded != 200 || st.Loaded != 200 {
			t.Errorf("stats %+v", st)
		}
	})
}

func TestLoadTimeout(t *testing.T) {
	for timeout, want := range map[time.Duration]time.Duration{0: 10 * time.Second, time.Second: time.Second, -1: time.Hour} {
		cfg := session.ManagerConfig{LoadTimeout: timeout}
		loadBubble(t, 2, cfg, func(t *testing.T, m *session.Manager, s *loadStore, _ *bytes.Buffer) {
			s.deaf = true // the context is not heeded
			open := s.pause()
			began := time.Now()
			if timeout < 0 {
				time.AfterFunc(time.Hour, open)
			}
			_, data, err := m.OnReconnect("s0")
			if took := time.Since(began); took != want {
				t.Errorf("LoadTimeout %v: OnReconnect took %v", timeout, took)
			}
			if timeout < 0 {
				if err != nil || string(data) != "s0" {
					t.Errorf("%q, %v", data, err)
				}
				return
			}
			if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, session.ErrSessionNotFound) {
				t.Errorf("LoadTimeout %v: %v", timeout, err)
			}
			refused(t, m, "s1", context.DeadlineExceeded)
			open()
		})
	}
}

func TestALoadThatSomeLeftIsJoinedUntilAllHave(t *testing.T) {
	loadBubble(t, 1, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *loadStore, _ *bytes.Buffer) {
		open := s.pause()
		visit := func(patience time.Duration) {
			ctx := within(t, patience)
			go func() { _, _ = m.Resume(ctx, "s0") }()
		}
		visit(time.Second)
		visit(2 * time.Second)
		after(time.Second)
		visit(2 * time.Second)
		settle()
		if s.loads != 1 {
			t.Errorf("%d loads while somebody waits", s.loads)
		}
		after(2 * time.Second)
		go func() { _, _ = m.Resume(context.Background(), "s0") }()
		settle()
		if s.loads != 2 {
			t.Errorf("%d loads after nobody waited", s.loads)
		}
		open()
		settle()
	})
}

func TestTheResultOfALoadThatAllLeftIsNobodys(t *testing.T) {
	loadBubble(t, 1, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *loadStore, _ *bytes.Buffer) {
		open := s.pause()
		ctx := within(t, time.Second)
		go func() { _, _ = m.Resume(ctx, "s0") }()
		after(time.Second)
		open() // the load ends with what is old by and by
		settle()
		s.set(func(s *faultStore) {
			s.data["s0"] = session.SessionData{Data: []byte("another node's"), ExpiresAt: time.Now().Add(time.Hour)}
		})
		resumed(t, m, "s0", "another node's", session.ResumedFromStore)
	})
}

func TestAShutdownEndsWaitingResumes(t *testing.T) {
	loadBubble(t, 100, session.ManagerConfig{MaxLoads: 1}, func(t *testing.T, m *session.Manager, s *loadStore, _ *bytes.Buffer) {
		s.pause()
		ended := make(chan map[int]error)
		go func() { ended <- storm(m, 100, ownAddress) }()
		synctest.Wait()
		began := time.Now()
		if err := m.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		for i, err := range <-ended {
			if !errors.Is(err, session.ErrManagerStopped) {
				t.Errorf("s%d: %v", i, err)
			}
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("it took %v", took)
		}
	})
}

func TestPromise10AFailedBatchIsNeverNotFound(t *testing.T) {
	for name, set := range map[string]func(s *loadStore){
		"named":   func(*loadStore) {},
		"mute":    func(s *loadStore) { s.mute = true },
		"strange": func(s *loadStore) { s.strange = true },
	} {
		cfg := session.ManagerConfig{MaxLoads: 1}
		loadBubble(t, 10, cfg, func(t *testing.T, m *session.Manager, s *loadStore, _ *bytes.Buffer) {
			set(s)
			s.refuse = func(id string) error {
				if id == "s3" || id == "s11" {
					return errDown
				}
				return nil
			}
			open := s.pause()
			go func() { _, _ = m.Resume(context.Background(), "first") }()
			synctest.Wait()
			time.AfterFunc(time.Millisecond, open)
			errs := storm(m, 12, ownAddress) // s10 and s11 are not there
			for i := range 12 {
				want := map[int]error{3: errDown, 10: session.ErrSessionNotFound, 11: errDown}[i]
				if i == 10 && name != "named" {
					want = errDown
				}
				if !errors.Is(errs[i], want) {
					t.Errorf("%s: s%d: %v, want %v", name, i, errs[i], want)
				}
				var batch *session.BatchError
				if errors.As(errs[i], &batch) && name == "named" {
					t.Errorf("s%d learns of the others", i)
				}
			}
			if len(s.sizes) != 1 || s.sizes[0] != 12 {
				t.Errorf("batches %v", s.sizes)
			}
		})
	}
}

func TestALoadDoesNotGoPastAWrapper(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &loadStore{batchFaultStore: batchFaultStore{faultStore: newFaultStore(t)}}
		for i := range 100 {
			id := fmt.Sprint("s", i)
			s.data[id] = session.SessionData{Data: []byte(id), ExpiresAt: time.Now().Add(time.Hour)}
		}
		s.latency = time.Millisecond
		m := session.NewManager(wrapped{s}, session.ManagerConfig{}, nil)
		if errs := storm(m, 100, ownAddress); len(errs) > 0 {
			t.Error(errs)
		}
		if len(s.sizes) > 0 || s.loads != 100 {
			t.Errorf("%d loads, batches %v", s.loads, s.sizes)
		}
	})
}

func TestPromise3NewestStateWinsOverALoadThatWaits(t *testing.T) {
	for _, open := range []bool{true, false} { // whether the load is under way when the session changes
		loadBubble(t, 2, session.ManagerConfig{MaxLoads: 1}, func(t *testing.T, m *session.Manager, s *loadStore, _ *bytes.Buffer) {
			start := s.pause()
			if !open {
				go func() { _, _ = m.Resume(context.Background(), "s1") }()
				synctest.Wait()
			}
			results := make(chan string)
			for range 3 {
				go func() {
					a, err := m.Resume(context.Background(), "s0")
					if err != nil {
						results <- err.Error()
						return
					}
					results <- string(a.Data())
				}()
			}
			synctest.Wait()
			detached(t, m, "s0", "newer")
			start()
			for range 3 {
				if got := <-results; got != "newer" {
					t.Errorf("resumed %q", got)
				}
			}
		})
	}
}
