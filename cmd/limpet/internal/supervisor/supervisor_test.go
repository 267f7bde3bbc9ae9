package supervisor

import (
	"context"
	"log/slog"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/limpet-go/limpet/cmd/limpet/internal/transcript"
)

func TestNodesBecomeReadyUnderTheirAddress(t *testing.T) {
	s := begin(t, config(3, "serves"))
	if err := s.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	live := s.Live()
	if len(live) != 3 {
		t.Fatalf("%d nodes live, want 3", len(live))
	}
	for i, p := range live {
		if p.Node != i+1 || p.Addr != "address-of-"+string(rune('1'+i)) || !exists(p.PID) {
			t.Errorf("node %d is %+v", i+1, p)
		}
	}
}

func TestDeadNodeIsRestarted(t *testing.T) {
	s := begin(t, config(2, "serves"))
	if err := s.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := s.Live()
	kills := []func() error{
		func() error { return s.Kill(1) },
		func() error { return syscall.Kill(s.Live()[0].PID, syscall.SIGKILL) },
		func() error { return syscall.Kill(s.Live()[0].PID, syscall.SIGTERM) }, // ends with code 0
	}
	last := before[0].PID
	for _, kill := range kills {
		if err := kill(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "a new process for node 1", func() bool {
			live := s.Live()
			return len(live) == 2 && live[0].PID != last
		})
		last = s.Live()[0].PID
	}
	if s.Live()[1] != before[1] {
		t.Error("the other node was restarted too")
	}
}

func TestNodeThatDiesBeforeItIsReady(t *testing.T) {
	s := begin(t, config(1, "dies-at-once"))
	err := s.WaitReady(t.Context())
	if err == nil || !strings.Contains(err.Error(), "node 1 ended before it was ready: exit status 7") {
		t.Errorf("error %v", err)
	}
	if len(s.Live()) != 0 {
		t.Error("it counts as live")
	}
}

func TestNodeThatIsNeverReady(t *testing.T) {
	cfg := config(1, "never-ready")
	cfg.StartTimeout = 50 * time.Millisecond
	s := begin(t, cfg)
	err := s.WaitReady(t.Context())
	if err == nil || !strings.Contains(err.Error(), "signal: killed") {
		t.Errorf("error %v, want that it was killed", err)
	}
}

func TestNodeThatDiesAgainAndAgainIsNotLost(t *testing.T) {
	var log transcript.Transcript
	cfg := config(1, "dies-when-ready")
	cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
	begin(t, cfg)
	eventually(t, "five processes", func() bool { return strings.Count(log.String(), `msg="node ready" node=1`) >= 5 })
}

func TestShutdownDrains(t *testing.T) {
	s := Start(config(2, "serves"))
	if err := s.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	live := s.Live()
	for range 2 {
		if err := s.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
	for _, p := range live {
		if exists(p.PID) {
			t.Errorf("process of node %d still runs", p.Node)
		}
	}
	if len(s.Live()) != 0 {
		t.Error("nodes count as live after the shutdown")
	}
	if err := s.Kill(1); err == nil {
		t.Error("killing a node that does not run is no error")
	}
}

func TestShutdownKillsWhatDoesNotEnd(t *testing.T) {
	tests := map[string]func(*Config) context.Context{
		"drain timeout": func(c *Config) context.Context {
			c.DrainTimeout = 50 * time.Millisecond
			return t.Context()
		},
		"context": func(*Config) context.Context {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			return ctx
		},
	}
	for name, prepare := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := config(2, "ignores-term")
			ctx := prepare(&cfg)
			s := Start(cfg)
			if err := s.WaitReady(t.Context()); err != nil {
				t.Fatal(err)
			}
			live := s.Live()
			err := s.Shutdown(ctx)
			if err == nil || !strings.Contains(err.Error(), "2 of 2 nodes") {
				t.Errorf("error %v, want that both were killed", err)
			}
			for _, p := range live {
				if exists(p.PID) {
					t.Errorf("process of node %d still runs", p.Node)
				}
			}
		})
	}
}

func TestShutdownSaysWhenNodesFailed(t *testing.T) {
	var log transcript.Transcript
	cfg := config(2, "fails-at-end")
	cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
	s := Start(cfg)
	if err := s.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		err := s.Shutdown(t.Context())
		if err == nil || !strings.Contains(err.Error(), "2 of 2 nodes failed") || strings.Contains(err.Error(), "killed") {
			t.Errorf("error %v, want that both failed", err)
		}
	}
	if got := strings.Count(log.String(), `level=ERROR msg="node ended"`); got != 2 || strings.Count(log.String(), `how="exit status 9"`) != 2 {
		t.Errorf("log %s", log.String())
	}
}

func TestACrashBeforeTheShutdownIsNoFailedShutdown(t *testing.T) {
	s := Start(config(1, "serves"))
	if err := s.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := s.Live()
	if err := s.Kill(1); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a new process", func() bool { live := s.Live(); return len(live) == 1 && live[0] != before[0] })
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestShutdownWhileNodesStart(t *testing.T) {
	for range 5 {
		s := Start(config(4, "serves"))
		if err := s.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(s.Live()) != 0 {
			t.Fatal("a node outlived the shutdown")
		}
	}
}

func TestUnknownNode(t *testing.T) {
	s := begin(t, config(1, "serves"))
	for _, node := range []int{0, -1, 2} {
		if err := s.Kill(node); err == nil || !strings.Contains(err.Error(), "no node") {
			t.Errorf("killing node %d: error %v", node, err)
		}
	}
}

func TestPauseGrowsToALimit(t *testing.T) {
	for deaths := range immediate + 1 {
		if pause(deaths) != 0 {
			t.Errorf("death %d: pause %v, want none", deaths, pause(deaths))
		}
	}
	last := time.Duration(0)
	for deaths := immediate + 1; deaths < 100; deaths++ {
		p := pause(deaths)
		if p < last || p <= 0 || p > longest {
			t.Fatalf("death %d: pause %v after %v", deaths, p, last)
		}
		last = p
	}
	if last != longest {
		t.Errorf("the pauses end at %v, want %v", last, longest)
	}
}
