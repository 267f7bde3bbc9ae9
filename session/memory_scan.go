package session

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Scan lists live sessions shard by shard, a few under each hold of a lock. A session that is live throughout may be
// listed twice while others are removed. See Scanner for the contract.
//
// It goes through a shard's slots from the last to the first: sessions come in behind, and one that goes leaves its
// slot to the last of them, so that none gets from the part that is still to come into the part that was listed.
func (m *MemoryStore) Scan(ctx context.Context, cursor string, limit int) ([]SessionInfo, string, error) {
	if err := m.ready(ctx); err != nil {
		return nil, "", err
	}
	at, err := parseMemoryCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	var page []SessionInfo
	for limit = scanLimit(limit); at.shard < memoryShards && len(page) < limit; {
		if err := m.ready(ctx); err != nil {
			return nil, "", err
		}
		page = m.list(page, &at, min(memoryStep, limit-len(page)))
	}
	if err := m.ready(ctx); err != nil { // a store closed meanwhile would look empty
		return nil, "", err
	}
	return page, at.String(), nil
}

// list looks at no more than most slots below at, adds their live sessions to a page and moves at on.
func (m *MemoryStore) list(page []SessionInfo, at *memoryCursor, most int) []SessionInfo {
	var found [memoryStep]SessionInfo
	s, n := &m.shards[at.shard], 0
	s.mu.RLock()
	if at.slot < 0 || at.slot > len(s.expiry.slots) {
		at.slot = len(s.expiry.slots)
	}
	first := max(0, at.slot-most)
	t := time.Now()
	for _, e := range s.expiry.slots[first:at.slot] {
		if left := e.deadline - t.Sub(m.base); left > 0 {
			found[n] = e.info(t, left)
			n++
		}
	}
	s.mu.RUnlock()
	if at.slot = first; first == 0 {
		at.shard, at.slot = at.shard+1, -1
	}
	return append(page, found[:n]...)
}

// info describes an entry that has some time left.
func (e *memoryEntry) info(now time.Time, left time.Duration) SessionInfo {
	return SessionInfo{ID: e.id, Size: len(e.data), ExpiresAt: now.Add(left).Round(time.Millisecond)}
}

// memoryCursor is where a page begins: with the slot before this one, or with the last for a negative one.
type memoryCursor struct{ shard, slot int }

// String returns the empty cursor behind the last shard.
func (c memoryCursor) String() string {
	switch {
	case c.shard >= memoryShards:
		return ""
	case c.slot < 0:
		return strconv.Itoa(c.shard)
	}
	return fmt.Sprintf("%d.%d", c.shard, c.slot)
}

// parseMemoryCursor takes exactly what String returns, and the empty cursor for the beginning.
func parseMemoryCursor(cursor string) (memoryCursor, error) {
	c := memoryCursor{slot: -1}
	if cursor == "" {
		return c, nil
	}
	shard, slot, within := strings.Cut(cursor, ".")
	var shardErr, slotErr error
	c.shard, shardErr = strconv.Atoi(shard)
	if within {
		c.slot, slotErr = strconv.Atoi(slot)
	}
	if shardErr != nil || slotErr != nil || c.shard < 0 || c.String() != cursor {
		return c, errors.New("session: scan: malformed cursor")
	}
	return c, nil
}

var _ Scanner = (*MemoryStore)(nil)
