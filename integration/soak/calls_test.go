package soak

import (
	"context"
	"slices"
	"time"

	"github.com/limpet-go/limpet/session"
)

func (c *client) save(id string, expiresAt time.Time) {
	version := c.next()
	c.write("Save", func(ctx context.Context) error {
		return c.store.Save(ctx, id, value(id, version), expiresAt)
	}, func(when span) map[string]change {
		return map[string]change{id: saved(version, expiresAt, when)}
	})
}

func (c *client) load(id string) {
	var data []byte
	era := c.server.era()
	when, err := c.call("Load", func(ctx context.Context) (err error) {
		data, err = c.store.Load(ctx, id)
		return err
	})
	if err == nil {
		c.saw("Load", id, data, when, era)
	}
}

func (c *client) touch(id string, expiresAt time.Time) {
	c.write("Touch", func(ctx context.Context) error {
		return c.store.Touch(ctx, id, expiresAt)
	}, func(when span) map[string]change {
		return map[string]change{id: touched(expiresAt, when)}
	})
}

// seldom is for what would keep a session from ever expiring.
func (c *client) seldom() bool { return c.rnd.IntN(20) == 0 }

// saveBrief saves a session once it has expired, as a rule.
func (c *client) saveBrief() {
	id := c.some(c.brief)
	if l, certain := c.records[id].certain(); certain && l.version == 0 || c.seldom() {
		c.save(id, c.near())
		return
	}
	c.load(id)
}

func (c *client) touchBrief() {
	id := c.some(c.brief)
	if c.seldom() {
		c.touch(id, c.near())
		return
	}
	c.load(id)
}

func (c *client) delete(id string) {
	c.write("Delete", func(ctx context.Context) error {
		return c.store.Delete(ctx, id)
	}, func(span) map[string]change {
		return map[string]change{id: deleted()}
	})
	c.unlisted(id)
}

// batch makes a new version of each of the sessions.
func (c *client) batch(ids []string, expiresAt time.Time) (map[string]session.SessionData, func(span) map[string]change) {
	version := c.next()
	data := map[string]session.SessionData{}
	for _, id := range ids {
		data[id] = session.SessionData{Data: value(id, version), ExpiresAt: expiresAt}
	}
	return data, func(when span) map[string]change { return sameFor(ids, saved(version, expiresAt, when)) }
}

func (c *client) saveAll() {
	data, changes := c.batch(c.several(c.lasting), c.far())
	c.write("SaveAll", func(ctx context.Context) error { return c.store.SaveAll(ctx, data) }, changes)
}

// savePair writes two sessions that nothing else writes: they must always have the same version. What became of a write of
// unknown outcome is looked at before the next.
func (c *client) savePair() {
	if _, certain := c.records[c.pair[0]].certain(); !certain {
		c.loadPair()
		return
	}
	data, changes := c.batch(c.pair, c.far())
	c.write("SaveAllAtomic", func(ctx context.Context) error { return c.store.SaveAllAtomic(ctx, data) }, changes)
}

func (c *client) loadPair() {
	for _, id := range c.pair {
		c.load(id)
	}
	c.comparePair()
}

// comparePair checks the pair as far as each of the two is certain.
func (c *client) comparePair() {
	a, sureOfA := c.records[c.pair[0]].certain()
	b, sureOfB := c.records[c.pair[1]].certain()
	if sureOfA && sureOfB && a.version != b.version {
		c.log.add("SaveAllAtomic wrote half: versions %d and %d", a.version, b.version)
	}
}

func (c *client) loadAll() {
	ids := c.several(slices.Concat(c.lasting, c.brief))
	var found map[string][]byte
	era := c.server.era()
	when, err := c.call("LoadAll", func(ctx context.Context) (err error) {
		found, err = c.store.LoadAll(ctx, ids)
		return err
	})
	for _, id := range ids {
		if data, ok := found[id]; ok || err == nil {
			c.saw("LoadAll", id, data, when, era)
		}
	}
}

func (c *client) touchAll() {
	expiries := map[string]time.Time{}
	for _, id := range c.several(c.lasting) {
		expiries[id] = c.far()
	}
	if c.rnd.IntN(4) == 0 {
		expiries[c.some(c.brief)] = c.near()
	}
	c.write("TouchAll", func(ctx context.Context) error {
		return c.store.TouchAll(ctx, expiries)
	}, func(when span) map[string]change {
		changes := map[string]change{}
		for id, expiresAt := range expiries {
			changes[id] = touched(expiresAt, when)
		}
		return changes
	})
}

func (c *client) deleteAll() {
	ids := c.several(c.lasting)[:1]
	c.write("DeleteAll", func(ctx context.Context) error {
		return c.store.DeleteAll(ctx, ids)
	}, func(span) map[string]change {
		return sameFor(ids, deleted())
	})
	for _, id := range ids {
		c.unlisted(id)
	}
}

func (c *client) saveShared() {
	ids, version := c.several(c.common), c.next()
	data := map[string]session.SessionData{}
	for _, id := range ids {
		data[id] = session.SessionData{Data: value(id, version), ExpiresAt: time.Now().Add(long)}
		c.shared.begin(id, version)
	}
	_, err := c.call("SaveAll", func(ctx context.Context) error { return c.store.SaveAll(ctx, data) })
	failed := failedOf(err)
	for _, id := range ids {
		if !failed(id) {
			c.shared.acknowledged(id, version)
		}
	}
}

func (c *client) loadShared(id string) {
	var data []byte
	when, err := c.call("Load", func(ctx context.Context) (err error) {
		data, err = c.store.Load(ctx, id)
		return err
	})
	if err != nil {
		return
	}
	version, known := versionOf(id, data)
	if !known {
		c.log.add("Load: shared session %s has %d bytes that nobody wrote", id, len(data))
	} else if fault := c.shared.check(id, version, when.start); fault != "" {
		c.log.add("Load: %s", fault)
	}
}
