package storm_test

import (
	"testing"
	"time"

	"github.com/limpet-go/limpet/integration/storm"
	"github.com/limpet-go/limpet/internal/testserver"
)

const (
	arrival   = 4 * time.Second // browsers spread their tries over up to five
	maxLoads  = 4               // of a manager with defaults
	maxWrites = 8
	maxHeap   = 512 << 20
)

// engine is a server that sessions are kept on.
type engine struct {
	name  string
	start func(testing.TB, ...string) *testserver.Server
}

var engines = []engine{{"postgres", testserver.StartPostgres}, {"redis", testserver.StartRedis}}

// TestStorm kills a node under its users, who all come back: in one instant, within a few seconds, as browsers do, and
// within the same time while someone asks for sessions that nobody has.
func TestStorm(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			server := e.start(t)
			first := storm.Command{Do: storm.DoOpen, Store: server.URL(), Seed: 1, Sessions: *sessions,
				Persist: 200 * time.Millisecond}
			c := start(t, first)
			c.ask(storm.Command{Do: storm.DoConnect})
			var storms []*storm.Resume
			for _, how := range []storm.Command{{}, {Within: arrival}, {Within: arrival, Flood: *strangers}} {
				var r *storm.Resume
				c, r = crash(t, c, first, how)
				storms = append(storms, r)
			}
			checkBatched(t, storms[0])
			checkFlood(t, storms[2])
			report(t, e.name, storms)
		})
	}
}

// crash kills a node while sessions change, has all of them resume on another one, and returns that and how it went.
func crash(t *testing.T, c *child, first, how storm.Command) (*child, *storm.Resume) {
	t.Helper()
	c.ask(storm.Command{Do: storm.DoWork})
	c.awaitAcks(*sessions / 2)
	c.kill()
	acknowledged := c.acknowledged()
	next := start(t, first)
	how.Do, how.Seed = storm.DoResume, first.Seed
	r := next.ask(how).Storm
	if r == nil {
		t.Fatal("no report")
	}
	checkResumed(t, acknowledged, r)
	checkBounds(t, r)
	next.inherit(acknowledged)
	return next, r
}

// checkResumed compares what the clients got with what they were promised.
func checkResumed(t *testing.T, acknowledged []uint64, r *storm.Resume) {
	t.Helper()
	if r.Connected != len(acknowledged) || len(r.Failures) > 0 {
		t.Errorf("%d of %d sessions are connected: %q", r.Connected, len(acknowledged), r.Failures)
	}
	lost, newer := 0, 0
	for i, version := range acknowledged {
		if version == 0 {
			t.Fatalf("session %d was never acknowledged", i)
		}
		if r.Versions[i] < version {
			lost++
		} else if version > 1 {
			newer++
		}
	}
	if lost > 0 {
		t.Errorf("%d sessions came back older than was acknowledged", lost)
	}
	if newer < len(acknowledged)/8 {
		t.Errorf("only %d sessions had changed", newer)
	}
}

// checkBounds holds what does not depend on how fast anything is.
func checkBounds(t *testing.T, r *storm.Resume) {
	t.Helper()
	if s := r.Store; s.AtOnce > maxLoads || s.WritesAtOnce > maxWrites {
		t.Errorf("too many calls of the store at once: %+v", s)
	}
	if r.Heap > maxHeap {
		t.Errorf("a heap of %d MiB", r.Heap>>20)
	}
}

// checkBatched looks at a storm that came in one instant: each session is asked for once, many of them together, but for
// those who were told to come back at different times.
func checkBatched(t *testing.T, r *storm.Resume) {
	t.Helper()
	if s := r.Store; s.Sessions > len(r.Versions)+r.Overloaded || s.Calls > len(r.Versions)/10+r.Overloaded {
		t.Errorf("too many calls of the store: %+v", s)
	}
}

// checkFlood looks at how the strangers fared: forged IDs never reach the store, and it is asked for no unknown one
// that was turned away.
func checkFlood(t *testing.T, r *storm.Resume) {
	t.Helper()
	f := r.Flood
	if f.Wrong > 0 || f.Unknown+f.Overloaded != *strangers/2 || f.Forged != *strangers/2 || f.Unknown == 0 {
		t.Errorf("the flood was answered: %+v", f)
	}
	if r.Store.Missing > f.Unknown {
		t.Errorf("the store was asked for %d IDs of strangers, %d could be anyone's and were not turned away", r.Store.Missing, f.Unknown)
	}
}
