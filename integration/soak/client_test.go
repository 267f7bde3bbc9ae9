package soak

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/limpet-go/limpet/session"
)

const (
	callTimeout = 10 * time.Second
	tick        = 2 * time.Millisecond // between the calls of a client
	long        = time.Hour            // the life of sessions that must not expire
)

// client works on sessions of its own, one call at a time, and on some that all clients write.
type client struct {
	number  int
	store   target
	server  *outage
	shared  *sharedLog
	log     *findings
	rnd     *rand.Rand
	version uint64
	strict  bool // no failure is excused

	lasting, brief, pair, common []string
	records                      map[string]*record
	owners                       map[string]*owner
	refused                      time.Time // since when no call has succeeded, zero if the last one did
}

func newClient(number int, seed uint64, store target, server *outage, shared *sharedLog, log *findings) *client {
	c := &client{
		number: number, store: store, server: server, shared: shared, log: log,
		rnd: rand.New(rand.NewPCG(seed, uint64(number))), version: uint64(number+1) << 40,
		lasting: names(fmt.Sprintf("c%d-lasting-", number), 12), brief: names(fmt.Sprintf("c%d-brief-", number), 6),
		pair:   names(fmt.Sprintf("{c%d}-", number), 2), // one hash slot of a Redis Cluster
		common: names("common-", 6), records: map[string]*record{}, owners: map[string]*owner{},
	}
	for _, id := range c.own() {
		c.records[id] = newRecord()
	}
	for _, id := range c.lasting {
		c.owners[id] = &owner{sure: true}
	}
	return c
}

func names(prefix string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprint(prefix, i)
	}
	return all
}

func (c *client) own() []string { return slices.Concat(c.lasting, c.brief, c.pair) }

// run works until stop is closed.
func (c *client) run(stop <-chan struct{}) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
		}
		c.step()
		if !c.refused.IsZero() {
			c.server.awaitUp(stop)
		}
	}
}

// step makes one call, chosen at random.
func (c *client) step() {
	steps := []struct {
		weight int
		do     func()
	}{
		{24, func() { c.save(c.some(c.lasting), c.far()) }}, {8, c.saveBrief},
		{16, func() { c.load(c.some(c.lasting)) }}, {8, func() { c.load(c.some(c.brief)) }},
		{4, func() { c.touch(c.some(c.lasting), c.far()) }}, {4, c.touchBrief},
		{4, func() { c.delete(c.some(c.lasting)) }}, {6, c.saveAll}, {6, c.savePair}, {2, c.loadPair}, {5, c.loadAll},
		{3, c.touchAll}, {2, c.deleteAll}, {4, c.setUser},
		{3, func() { c.userSessions(c.some(c.users())) }},
		{6, c.saveShared}, {6, func() { c.loadShared(c.some(c.common)) }},
	}
	n := c.rnd.IntN(111)
	for _, s := range steps {
		if n -= s.weight; n < 0 {
			s.do()
			return
		}
	}
}

func (c *client) some(ids []string) string { return ids[c.rnd.IntN(len(ids))] }

// several returns a few of the IDs, each once.
func (c *client) several(ids []string) []string {
	few := slices.Clone(ids)
	c.rnd.Shuffle(len(few), func(i, j int) { few[i], few[j] = few[j], few[i] })
	return few[:1+c.rnd.IntN(len(few)-1)]
}

// far is an expiry that no test lives to see.
func (c *client) far() time.Time {
	return time.Now().Add(long + time.Duration(c.rnd.Int64N(int64(long)))).Round(0)
}

// near is an expiry in half a second to two and a half.
func (c *client) near() time.Time {
	return time.Now().Add(time.Second/2 + time.Duration(c.rnd.Int64N(int64(2*time.Second)))).Round(0)
}

func (c *client) next() uint64 {
	c.version++
	return c.version
}

// call makes a call and reports when it took place. It counts failures, and finds fault with those that no kill excuses.
func (c *client) call(what string, f func(ctx context.Context) error) (when span, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	start := time.Now()
	err = f(ctx)
	when = span{start, time.Now()}
	if err == nil {
		c.log.succeeded(what)
		c.noteRecovery()
		return when, nil
	}
	c.log.failed(what)
	if c.refused.IsZero() {
		c.refused = when.end
	}
	if c.strict || !c.server.excuses(start) {
		c.log.add("%s failed though the server was up: %v", what, err)
	}
	return when, err
}

// noteRecovery measures how long after the server was back the client could use it.
func (c *client) noteRecovery() {
	if !c.refused.IsZero() {
		c.log.recovered(c.server.backSince())
		c.refused = time.Time{}
	}
}

// write makes a call that changes sessions, and records what is known of each afterwards.
func (c *client) write(what string, f func(ctx context.Context) error, changes func(when span) map[string]change) {
	era := c.server.era()
	when, err := c.call(what, f)
	undone := failedOf(err)
	for id, change := range changes(when) {
		if undone(id) {
			c.records[id].failed(changes(span{start: when.start})[id], c.server.era())
		} else {
			c.records[id].acknowledged(change, era)
		}
	}
}

// failedOf returns which sessions a call failed for: those that a batch's error names, else all or none.
func failedOf(err error) func(id string) bool {
	var notSaved *session.NotSavedError
	var batch *session.BatchError
	switch {
	case errors.As(err, &notSaved):
		return func(id string) bool { return slices.Contains(notSaved.SessionIDs, id) }
	case errors.As(err, &batch):
		return func(id string) bool { return slices.Contains(batch.SessionIDs, id) }
	}
	return func(string) bool { return err != nil }
}

// saw compares what was read with what may be there.
func (c *client) saw(what, id string, data []byte, when span, era int) {
	version, known := versionOf(id, data)
	if !known {
		c.log.add("%s: session %s has %d bytes that nobody wrote", what, id, len(data))
		return
	}
	before := slices.Clone(c.records[id].lives)
	if !c.records[id].observed(version, when.start, when.end, era) {
		c.log.add("%s: session %s has version %d, read at %s; it may be one of %s", what, id, version,
			when.start.Format(clock), describe(before))
	}
}

const clock = "15:04:05.000"

func describe(lives []life) string {
	var text string
	for _, l := range lives {
		text += fmt.Sprintf("{%d until %s}", l.version, l.until.Format(clock))
	}
	return text
}

// sameFor is one change for several sessions.
func sameFor(ids []string, c change) map[string]change {
	all := map[string]change{}
	for _, id := range ids {
		all[id] = c
	}
	return all
}

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
