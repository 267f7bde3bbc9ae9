package storm_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/integration/storm"
	"github.com/limpet-go/limpet/internal/testserver"
	"github.com/limpet-go/limpet/session"
)

const (
	drainTime  = 20 * time.Second // for everything, where there is a store
	outageTime = 2 * time.Second  // where there is none
	cutTime    = 4 * time.Second  // where it goes away meanwhile
	drainGrace = 3 * time.Second  // to end a process that had no more time
	drainSeed  = 7
)

// dirtyNode returns a node whose sessions are connected, saved once and changed since.
func dirtyNode(t *testing.T, server *testserver.Server, sessions int, deadline time.Duration) *child {
	t.Helper()
	c := start(t, storm.Command{Do: storm.DoOpen, Store: server.URL(), Seed: drainSeed, Sessions: sessions,
		Persist: time.Hour, Deadline: deadline})
	c.ask(storm.Command{Do: storm.DoConnect})
	c.ask(storm.Command{Do: storm.DoDirty})
	return c
}

// onEngines runs a test on a server of each engine, beside the others.
func onEngines(t *testing.T, test func(t *testing.T, server *testserver.Server)) {
	t.Parallel()
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			test(t, e.start(t))
		})
	}
}

// TestDrainSavesEverything ends a node as a deploy does.
func TestDrainSavesEverything(t *testing.T) {
	onEngines(t, func(t *testing.T, server *testserver.Server) {
		c := dirtyNode(t, server, *sessions, drainTime)
		c.terminate()
		checkSaved(t, c)
		if got := census(t, server, *sessions); !maps.Equal(got, map[uint64]int{2: *sessions}) {
			t.Errorf("in the store by version: %v, want all in version 2", got)
		}
		t.Logf("%d sessions drained in %v", *sessions, c.drain.Took)
	})
}

// TestDrainOfABusyNode ends a node whose sessions change, disconnect and are saved meanwhile.
func TestDrainOfABusyNode(t *testing.T) {
	onEngines(t, func(t *testing.T, server *testserver.Server) {
		some := *sessions / 4
		c := start(t, storm.Command{Do: storm.DoOpen, Store: server.URL(), Seed: drainSeed, Sessions: some,
			Persist: 200 * time.Millisecond, Deadline: drainTime})
		c.ask(storm.Command{Do: storm.DoConnect})
		c.ask(storm.Command{Do: storm.DoWork})
		c.awaitAcks(some / 2)
		c.terminate()
		checkSaved(t, c)
		versions := contents(t, server, some)
		older := 0
		for i, acknowledged := range c.acknowledged() {
			if versions[storm.ID(drainSeed, i)] < acknowledged {
				older++
			}
		}
		if len(versions) != some || older > 0 {
			t.Errorf("%d of %d sessions are in the store, %d of them older than was acknowledged", len(versions), some, older)
		}
	})
}

// TestDrainWithoutAStore ends a node whose store is down.
func TestDrainWithoutAStore(t *testing.T) {
	onEngines(t, func(t *testing.T, server *testserver.Server) {
		c := dirtyNode(t, server, *sessions, outageTime)
		server.Kill(t)
		checkFailedDrain(t, c, idsOf(*sessions))
		server.Start(t)
		if got := census(t, server, *sessions); !maps.Equal(got, map[uint64]int{1: *sessions}) {
			t.Errorf("in the store by version: %v, want all as they were before", got)
		}
	})
}

// TestDrainOnAStoreThatHangs ends a node whose store accepts and does not answer.
func TestDrainOnAStoreThatHangs(t *testing.T) {
	some := *sessions / 4
	onEngines(t, func(t *testing.T, server *testserver.Server) {
		c := dirtyNode(t, server, some, outageTime)
		server.Pause(t)
		checkFailedDrain(t, c, idsOf(some))
		server.Resume(t)
		got := census(t, server, some) // what was sent and not answered may have arrived
		if got[1]+got[2] != some || got[1] == 0 {
			t.Errorf("in the store by version: %v", got)
		}
	})
}

// TestDrainThatIsCutShort takes the store away in the middle of a drain: exactly the sessions that did not get there
// are said to be unsaved.
func TestDrainThatIsCutShort(t *testing.T) {
	some := *sessions / 4
	onEngines(t, func(t *testing.T, server *testserver.Server) {
		c := dirtyNode(t, server, some, cutTime)
		c.ask(storm.Command{Do: storm.DoHold, Hold: some / 2})
		c.terminate()
		select {
		case <-c.held:
		case <-time.After(patience):
			c.fatal("the store was not asked to save that many")
		}
		server.Kill(t)
		c.tell(storm.Command{Do: storm.DoRelease})
		code := c.wait()
		server.Start(t)
		versions := census(t, server, some)
		unsaved := idsIn(t, server, some, 1)
		checkDrained(t, c, code, unsaved)
		if versions[1]+versions[2] != some || versions[2] < some/4 {
			t.Errorf("in the store by version: %v, want some of each", versions)
		}
	})
}

// checkSaved waits for a node that ends, and checks that its drain saved everything in time.
func checkSaved(t *testing.T, c *child) {
	t.Helper()
	if code := c.wait(); code != 0 || c.drain == nil || c.drain.Failed {
		t.Fatalf("code %d, drain %+v\n%s", code, c.drain, &c.stderr)
	}
	if c.drain.Took > drainTime {
		t.Errorf("the drain took %v, its deadline is %v", c.drain.Took, drainTime)
	}
}

func checkFailedDrain(t *testing.T, c *child, unsaved []string) {
	t.Helper()
	began := time.Now()
	c.terminate()
	code := c.wait()
	if took := time.Since(began); took > outageTime+drainGrace {
		t.Errorf("the process took %v to end, its deadline is %v", took, outageTime)
	}
	checkDrained(t, c, code, unsaved)
}

// checkDrained checks that a drain failed for exactly these sessions, and what is told about them and to whom.
func checkDrained(t *testing.T, c *child, code int, unsaved []string) {
	t.Helper()
	if code != 1 || c.drain == nil || !c.drain.Failed {
		t.Fatalf("code %d, drain %+v\n%s", code, c.drain, &c.stderr)
	}
	if c.drain.Unsaved != len(unsaved) || c.drain.Sum != storm.Sum(unsaved) {
		t.Errorf("the error names %d sessions, not the %d that were not saved", c.drain.Unsaved, len(unsaved))
	}
	printed := c.stderr.String()
	for _, id := range unsaved {
		if strings.Contains(printed, id) {
			t.Fatal("a session's ID was printed")
		}
	}
	for _, want := range []string{"unsaved.sessions=", "unsaved.cause=", session.HashID(unsaved[0])} {
		if !strings.Contains(printed, want) {
			t.Errorf("%s was not printed:\n%.2000s", want, printed)
		}
	}
}

// idsOf returns every session's ID, in ascending order.
func idsOf(sessions int) []string {
	ids := make([]string, sessions)
	for i := range ids {
		ids[i] = storm.ID(drainSeed, i)
	}
	slices.Sort(ids)
	return ids
}

// census counts the sessions in the store by their version. Each must be what was made of it, to the last byte.
func census(t *testing.T, server *testserver.Server, sessions int) map[uint64]int {
	t.Helper()
	counts := map[uint64]int{}
	for _, version := range contents(t, server, sessions) {
		counts[version]++
	}
	return counts
}

// idsIn returns the sessions that the store has in a version, in ascending order.
func idsIn(t *testing.T, server *testserver.Server, sessions int, version uint64) []string {
	t.Helper()
	var ids []string
	for id, v := range contents(t, server, sessions) {
		if v == version {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func contents(t *testing.T, server *testserver.Server, sessions int) map[string]uint64 {
	t.Helper()
	store, err := session.ParseStoreURL(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	batch, ok := session.As[session.BatchStore](store)
	if !ok {
		t.Fatal("the store has no LoadAll")
	}
	versions := make(map[string]uint64, sessions)
	for ids := range slices.Chunk(idsOf(sessions), 2000) {
		states, err := batch.LoadAll(context.Background(), ids)
		if err != nil {
			t.Fatal(err)
		}
		for id, state := range states {
			if versions[id], err = storm.Version(id, state); err != nil {
				t.Fatal(err)
			}
		}
	}
	return versions
}
