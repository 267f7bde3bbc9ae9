package loader

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// fakeStore has every value whose ID does not begin with "no". Calls take some time, or wait at a gate.
type fakeStore struct {
	mu    sync.Mutex
	call  time.Duration   // each call
	load  time.Duration   // and each load in it
	gate  chan struct{}   // calls wait until it is closed
	deaf  bool            // and ignore contexts
	fail  error           // of every call
	lost  map[string]bool // IDs of which a batch does not know
	size  int             // of each value; by default its ID is the value
	calls [][]string
	most  int // calls at once
	now   int
}

func (s *fakeStore) with(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
}

func (s *fakeStore) pass(ctx context.Context, ids ...string) error {
	s.mu.Lock()
	s.calls = append(s.calls, ids)
	s.now++
	s.most = max(s.most, s.now)
	gate, took, deaf := s.gate, s.call+s.load*time.Duration(len(ids)), s.deaf
	s.mu.Unlock()
	defer s.with(func() { s.now-- })
	if deaf {
		ctx = context.Background()
	}
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if took > 0 {
		select {
		case <-time.After(took):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fail
}

func (s *fakeStore) value(id string) []byte {
	switch {
	case strings.HasPrefix(id, "no"):
		return nil
	case s.size > 0:
		return make([]byte, s.size)
	}
	return []byte(id)
}

func (s *fakeStore) Load(ctx context.Context, id string) ([]byte, error) {
	if err := s.pass(ctx, id); err != nil {
		return nil, err
	}
	return s.value(id), nil
}

// batching is a fakeStore that loads many in a call.
type batching struct{ *fakeStore }

func (s batching) LoadAll(ctx context.Context, ids []string) Batch {
	if err := s.pass(ctx, ids...); err != nil {
		return Batch{Err: err}
	}
	b := Batch{Found: map[string][]byte{}}
	for _, id := range ids {
		if s.lost[id] {
			b.Failed, b.Err = append(b.Failed, id), errDown
		} else if data := s.value(id); data != nil {
			b.Found[id] = data
		}
	}
	return b
}

// close shuts the gate; the function that it returns opens it.
func (s *fakeStore) close() (open func()) {
	gate := make(chan struct{})
	s.with(func() { s.gate = gate })
	return func() {
		s.with(func() { s.gate = nil })
		close(gate)
	}
}

// trial is a loader in virtual time and what became of its callers.
type trial struct {
	*testing.T
	*Loader
	store *fakeStore

	mu       sync.Mutex
	outcomes map[string]string // by ID: its data, "missing", or the error
	waits    map[string]time.Duration
}

func run(t *testing.T, cfg Config, test func(t *trial)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		tr := &trial{T: t, store: &fakeStore{}, outcomes: map[string]string{}, waits: map[string]time.Duration{}}
		if cfg.Store == nil {
			cfg.Store = batching{tr.store}
		} else {
			cfg.Store = tr.store
		}
		tr.Loader = New(cfg)
		test(tr)
		synctest.Wait()
		tr.Stop()
		tr.Drained(context.Background())
		synctest.Wait()
		tr.quiet()
	})
}

// quiet checks that nothing is left of all that happened.
func (tr *trial) quiet() {
	tr.Helper()
	l := tr.Loader
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting != 0 || l.calls != 0 || l.begun != 0 || l.turns.Len()+l.doubted.Len()+l.dubious != 0 {
		tr.Errorf("left: %d waiting, %d calls, %d turns", l.waiting, l.calls, l.turns.Len())
	}
	if len(l.groups) != l.resting.Len() || l.resting.Len() > mostRemember {
		tr.Errorf("left: %d groups, %d of them resting", len(l.groups), l.resting.Len())
	}
}

// get loads in the background.
func (tr *trial) get(group string, ids ...string) {
	for _, id := range ids {
		tr.getWithin(context.Background(), group, id)
	}
}

func (tr *trial) getWithin(ctx context.Context, group, id string) {
	began := time.Now()
	ld, err := tr.Enter(id, group, nil)
	if err != nil {
		tr.note(id, Result{}, err, began)
		return
	}
	go func() {
		r, err := ld.Wait(ctx)
		tr.note(id, r, err, began)
	}()
}

func (tr *trial) note(id string, r Result, err error, began time.Time) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.waits[id] = time.Since(began)
	switch {
	case err != nil:
		tr.outcomes[id] = err.Error()
	case r.Err != nil:
		tr.outcomes[id] = "store: " + r.Err.Error()
	case r.Data == nil:
		tr.outcomes[id] = "missing"
	default:
		tr.outcomes[id] = string(r.Data)
	}
}

// want checks what became of callers; an outcome of "" is that they wait.
func (tr *trial) want(outcome string, ids ...string) {
	tr.Helper()
	synctest.Wait()
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for _, id := range ids {
		want := outcome
		if want == "data" {
			want = id
		}
		if got := tr.outcomes[id]; got != want {
			tr.Errorf("%s: %q, want %q", id, got, want)
		}
	}
}

// wantCalls checks which calls were made, each as its IDs with a comma between them.
func (tr *trial) wantCalls(want ...string) {
	tr.Helper()
	synctest.Wait()
	tr.store.mu.Lock()
	defer tr.store.mu.Unlock()
	var got []string
	for _, ids := range tr.store.calls {
		got = append(got, strings.Join(ids, ","))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		tr.Errorf("calls %q, want %q", got, want)
	}
}

// named returns n IDs.
func named(prefix string, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprint(prefix, i)
	}
	return ids
}

func after(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}
