package soak

import (
	"context"
	"sync"
	"testing"
	"time"
)

const (
	clients = 8
	stores  = 2 // each for half of the clients, as on two nodes
)

func TestSoak(t *testing.T) {
	for name, start := range map[string]func(*testing.T) engine{
		"postgres": postgresEngine, "mariadb": mysqlEngine, "redis": redisEngine, "cluster": clusterEngine, "sqlite": sqliteEngine,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRun(start(t))
			r.every = *every
			t.Logf("seed %d", *seed)
			r.soak(t, *duration)
			r.account(t)
			r.clean(t)
			t.Log(r.log)
			for _, fault := range r.log.faults {
				t.Error(fault)
			}
		})
	}
}

// run is the soak of one engine.
type run struct {
	engine  engine
	log     *findings
	outage  *outage
	shared  *sharedLog
	every   time.Duration // from a restart to the next kill; 0: it depends
	clients []*client
}

func newRun(e engine) *run {
	return &run{engine: e, log: &findings{}, outage: newOutage(len(e.servers)), shared: newSharedLog()}
}

// soak has the clients work, kills the servers meanwhile, and all of them at once in the end.
func (r *run) soak(t *testing.T, d time.Duration) {
	open := r.openStores(t)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for i := range clients {
		c := newClient(i, *seed, open[i%stores], r.outage, r.shared, r.log)
		r.clients = append(r.clients, c)
		wg.Go(func() { c.run(stop) })
	}
	r.kill(t, d)
	close(stop)
	wg.Wait()
	for _, store := range open {
		if err := store.Close(); err != nil {
			r.log.add("Close: %v", err)
		}
	}
	r.awaitNone(t, "connections", r.engine.connections) // before a kill ends them
	r.killAll(t)
}

func (r *run) openStores(t *testing.T) []target {
	var open []target
	for range stores {
		store, err := r.engine.open()
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, store)
	}
	return open
}

// kill kills one server after the other until the time is over, or there is something to tell.
func (r *run) kill(t *testing.T, d time.Duration) {
	pause := r.every
	if pause == 0 {
		pause = min(d/4, 4*time.Second)
	}
	deadline := time.After(d)
	for i := 0; !r.log.any(); i++ {
		select {
		case <-deadline:
			return
		case <-time.After(pause):
		}
		n := i % len(r.engine.servers)
		r.outage.begin()
		r.engine.servers[n].Kill(t)
		r.outage.killed(n)
		r.log.kills++
		r.engine.servers[n].Start(t)
		if r.engine.settle != nil {
			r.engine.settle(t)
		}
		r.outage.end()
	}
}

// killAll ends every write that is still on its way.
func (r *run) killAll(t *testing.T) {
	r.outage.begin()
	for i, s := range r.engine.servers {
		s.Kill(t)
		r.outage.killed(i)
	}
	for _, s := range r.engine.servers {
		s.Start(t)
	}
	if r.engine.settle != nil {
		r.engine.settle(t)
	}
	r.outage.end()
}

// account reads every session with a new store, and compares.
func (r *run) account(t *testing.T) {
	store := r.reopen(t)
	for _, c := range r.clients {
		c.store, c.strict = store, true
		for _, id := range c.own() {
			c.load(id)
		}
		c.comparePair()
		for _, user := range c.users() {
			c.userSessions(user)
		}
	}
	for _, id := range r.clients[0].common {
		r.clients[0].loadShared(id)
	}
}

// reopen opens a store on servers that are up.
func (r *run) reopen(t *testing.T) target {
	t.Helper()
	store, err := r.engine.open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() }) // a repeat, if the test came to its end
	return store
}

// clean deletes what does not expire, and waits until the servers are as empty as they were.
func (r *run) clean(t *testing.T) {
	store := r.clients[0].store
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, c := range r.clients {
		for _, ids := range [][]string{c.lasting, c.pair, c.common} {
			if err := store.DeleteAll(ctx, ids); err != nil {
				t.Error(err)
			}
		}
		for i, id := range c.lasting {
			user := ""
			if r.engine.sweepsIndex && i%2 == 0 {
				user = "user"
			}
			if err := store.SetUser(ctx, id, user, time.Now().Add(-25*time.Hour)); err != nil {
				t.Error(err)
			}
		}
	}
	r.awaitNone(t, "rows", r.engine.rows)
	if err := store.Close(); err != nil {
		t.Error(err)
	}
	r.awaitNone(t, "connections", r.engine.connections)
}

// awaitNone waits until there are none left, of what can be counted.
func (r *run) awaitNone(t *testing.T, what string, count func() (int, error)) {
	if count == nil {
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		n, err := count()
		if n == 0 && err == nil {
			return
		}
		select {
		case <-ctx.Done():
			r.log.add("%d %s are left (%v)", n, what, err)
			return
		case <-ticker.C:
		}
	}
}
