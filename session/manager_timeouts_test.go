package session_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

// A session that is connected for a hundred windows can at any time be resumed for a whole one after a crash, and costs
// the store a bounded number of touches.
func keepalive(t *testing.T) {
	const windows, ids = 100, "abcdefgh"
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		for _, id := range strings.Split(ids, "") {
			connect(t, m, (&host{state: "state"}).session(id))
			m.MarkDirty(id)
		}
		after(window / 5)
		for range 7 * windows {
			after(window / 7)
			for _, id := range strings.Split(ids, "") {
				if got, until := s.stored(id); string(got) != "state" || time.Until(until) < window {
					t.Fatalf("the store has %q of %s for %v, want a whole window", got, id, time.Until(until))
				}
			}
		}
		for _, id := range strings.Split(ids, "") {
			if n := len(s.history(id)); n > 6*windows {
				t.Errorf("%d writes of an idle session in %d windows", n, windows)
			}
		}
	})
}

// deadlines notes for how long functions may run, by their contexts.
type deadlines struct {
	mu  sync.Mutex
	all []time.Duration
}

func (d *deadlines) note(ctx context.Context) {
	began := time.Now()
	<-ctx.Done()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = append(d.all, time.Since(began))
}

func (d *deadlines) first(t *testing.T, want time.Duration) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.all) == 0 || d.all[0] != want {
		t.Errorf("it may run for %v, want %v", d.all, want)
	}
}

// blocked is a session whose snapshots last as long as they may.
func (d *deadlines) blocked(id string) *session.ManagedSession {
	return &session.ManagedSession{ID: id, Snapshot: func(ctx context.Context) ([]byte, error) {
		d.note(ctx)
		return nil, ctx.Err()
	}}
}

func snapshotTimeout(t *testing.T) {
	bubble(t, session.ManagerConfig{PersistInterval: time.Hour}, func(t *testing.T, m *session.Manager, _ *faultStore) {
		var d deadlines
		a := connect(t, m, d.blocked("a"))
		m.MarkDirty("a")
		after(time.Hour + 10*time.Second)
		d.first(t, 5*time.Second)
		a.Detach(nil)
	})
}

// stuckStore is a store whose saves last as long as they may, or for ever.
type stuckStore struct {
	*faultStore
	deadlines
	deaf chan struct{} // not nil: saves last until it is closed
}

func (s *stuckStore) Save(ctx context.Context, _ string, _ []byte, _ time.Time) error {
	if s.deaf != nil {
		<-s.deaf
		return errDown
	}
	s.note(ctx)
	return ctx.Err()
}

func (s *stuckStore) SaveAll(ctx context.Context, _ map[string]session.SessionData) error {
	return s.Save(ctx, "", nil, time.Time{})
}

// onStuckStore is bubble with a stuckStore.
func onStuckStore(t *testing.T, deaf chan struct{}, test func(t *testing.T, m *session.Manager, s *stuckStore)) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, _ *session.Manager, s *faultStore) {
		stuck := &stuckStore{faultStore: s}
		if deaf != nil {
			stuck.deaf = make(chan struct{})
			defer close(stuck.deaf)
		}
		m := session.NewManager(stuck, session.ManagerConfig{ResumeWindow: window}, nil)
		test(t, m, stuck)
		m.Remove("a") // ends the retries
	})
}

func writeTimeout(t *testing.T) {
	onStuckStore(t, nil, func(t *testing.T, m *session.Manager, s *stuckStore) {
		detached(t, m, "a", "state")
		after(11 * time.Second)
		s.first(t, 10*time.Second)
	})
}

// shutdownTakes checks how long a Shutdown lasts that cannot save session a.
func shutdownTakes(t *testing.T, m *session.Manager, ctx context.Context, want time.Duration) {
	t.Helper()
	began := time.Now()
	err := m.Shutdown(ctx)
	var left *session.NotSavedError
	if !errors.As(err, &left) || len(left.SessionIDs) != 1 || left.SessionIDs[0] != "a" {
		t.Errorf("shutdown: %v", err)
	}
	if took := time.Since(began); took != want {
		t.Errorf("shutdown took %v, want %v", took, want)
	}
}

func shutdownDefault(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		s.setFail(errDown)
		detached(t, m, "a", "state")
		settle()
		shutdownTakes(t, m, context.Background(), 10*time.Second)
		shutdownTakes(t, m, nil, 10*time.Second) //nolint:staticcheck // a nil context is none
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		shutdownTakes(t, m, ctx, 3*time.Second)
	})
}

func shutdownHalf(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		var d deadlines
		connect(t, m, d.blocked("a"))
		detached(t, m, "b", "state")
		ctx, cancel := context.WithTimeout(context.Background(), 4*time.Second)
		defer cancel()
		shutdownTakes(t, m, ctx, 2*time.Second)
		d.first(t, 2*time.Second)
		inStore(t, s, "b", "state")
	})
}

func shutdownDeafSnapshot(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		gate := make(chan struct{})
		defer close(gate)
		connect(t, m, &session.ManagedSession{ID: "a", Snapshot: func(context.Context) ([]byte, error) { <-gate; return nil, errDown }})
		ctx, cancel := context.WithTimeout(context.Background(), 4*time.Second)
		defer cancel()
		shutdownTakes(t, m, ctx, 2*time.Second+20*time.Millisecond)
	})
}

func shutdownDeafStore(t *testing.T) {
	onStuckStore(t, make(chan struct{}), func(t *testing.T, m *session.Manager, s *stuckStore) {
		detached(t, m, "a", "state")
		ctx, cancel := context.WithTimeout(context.Background(), 4*time.Second)
		defer cancel()
		shutdownTakes(t, m, ctx, 4*time.Second+50*time.Millisecond)
	})
}

// tries returns the pauses between the tries to save a session while the store fails for a time.
func tries(t *testing.T, outage time.Duration, shutdown bool) (pauses []time.Duration) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		var last time.Time
		s.refuse = func(string) error {
			if !last.IsZero() {
				pauses = append(pauses, time.Since(last))
			}
			last = time.Now()
			return errDown
		}
		detached(t, m, "a", "state")
		if shutdown {
			ctx, cancel := context.WithTimeout(context.Background(), outage)
			defer cancel()
			shutdownTakes(t, m, ctx, outage)
			return
		}
		after(outage)
		s.set(func(s *faultStore) { s.refuse = nil })
	})
	return pauses
}

func backoffLeast(t *testing.T) {
	if p := tries(t, time.Second, false)[0]; p < 25*time.Millisecond || p > 50*time.Millisecond {
		t.Errorf("the first pause is %v, want 25 to 50 ms", p)
	}
}

func backoffMost(t *testing.T) {
	pauses := tries(t, 5*time.Minute, false)
	for _, p := range pauses[10:] {
		if p < 2500*time.Millisecond || p > 5*time.Second {
			t.Errorf("a pause of %v in a long outage, want 2.5 to 5 s", p)
		}
	}
}

// However long an outage has lasted, the store is tried each second while sessions come new.
func backoffGate(t *testing.T) {
	bubble(t, session.ManagerConfig{}, func(t *testing.T, m *session.Manager, s *faultStore) {
		s.setFail(errDown)
		detached(t, m, "a", "state")
		after(5 * time.Minute)
		for i := range 20 {
			var before, now int
			s.set(func(s *faultStore) { before = s.calls })
			detached(t, m, fmt.Sprint("new", i), "state")
			after(time.Second)
			s.set(func(s *faultStore) { now = s.calls })
			if now == before {
				t.Fatal("the store was not tried for a second")
			}
		}
		s.setFail(nil)
	})
}

func backoffDraining(t *testing.T) {
	for _, p := range tries(t, time.Minute, true) {
		if p > time.Second {
			t.Errorf("a pause of %v in a shutdown, want a second at most", p)
		}
	}
}

// otherwise names the intervals that are tested elsewhere, and durations that are none.
var otherwise = map[string]string{
	"session.refusalsEvery":   "manager_refusals_test.go",
	"session.waitWhile":       "how often it looks, not an interval",
	"session.forever":         "TestIntervals: the huge values",
	"session.leastMemory":     "TestIntervals: memory",
	"session.leastKeepalive":  "manager_keepalive_test.go",
	"session.keptFor":         "a unit, not an interval",
	"loader.New":              "a unit, not an interval",
	"loader.memory":           "internal/loader",
	"loader.doubtedEvery":     "internal/loader",
	"loader.minRetry":         "internal/loader",
	"loader.maxRetry":         "internal/loader",
	"loader.withDefaults":     "TestIntervals: LoadTimeout",
	"session.loadContext":     "TestIntervals: LoadTimeout of OnReconnect",
	"session.keepaliveEvery":  "TestIntervals: keepalive",
	"session.connectedUntil":  "TestIntervals: keepalive",
	"session.shotGrace":       "TestIntervals",
	"session.reservedFor":     "TestIntervals",
	"session.shotTimeout":     "TestIntervals",
	"session.shutdownTimeout": "TestIntervals",
	"persist.grace":           "TestIntervals",
	"persist.maxGate":         "TestIntervals",
	"persist.maxDraining":     "TestIntervals",
	"persist.withDefaults":    "TestIntervals: MinBackoff, MaxBackoff, Timeout",
}

// TestEveryIntervalIsNamed finds durations in the manager, its pipeline and its loads that no test is named for.
func TestEveryIntervalIsNamed(t *testing.T) {
	config := reflect.TypeFor[session.ManagerConfig]()
	for i := range config.NumField() {
		if f := config.Field(i); f.Type == reflect.TypeFor[time.Duration]() && intervals[f.Name] == nil {
			t.Errorf("no test of ManagerConfig.%s at its boundary", f.Name)
		}
	}
	for _, pattern := range []string{"manager*.go", "takeover.go", "attachment.go", "../internal/persist/*.go", "../internal/loader/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				durationsAreNamed(t, file)
			}
		}
	}
}

// durationsAreNamed looks for units of time in a file's declarations.
func durationsAreNamed(t *testing.T, file string) {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, decl := range f.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			unitIsNamed(t, file, f.Name.Name+"."+d.Name.Name, d)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if v, ok := spec.(*ast.ValueSpec); ok {
					unitIsNamed(t, file, f.Name.Name+"."+v.Names[0].Name, v)
				}
			}
		}
	}
}

func unitIsNamed(t *testing.T, file, name string, node ast.Node) {
	ast.Inspect(node, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := sel.X.(*ast.Ident)
		if ok && pkg.Name == "time" && strings.Contains("Nanosecond Microsecond Millisecond Second Minute Hour", sel.Sel.Name) && otherwise[name] == "" {
			t.Errorf("%s: %s is an interval that no test is named for", file, name)
		}
		return true
	})
}
