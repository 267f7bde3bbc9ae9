package session

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Scan lists live sessions shard by shard, a few under each hold of a lock, each once. See Scanner for the contract.
//
// It goes through a shard in the order of the hashes read backwards, lowest bit first. The sessions of a chain follow
// each other in that order, however many chains there are, and no session ever changes its place in it.
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

// list looks at about most sessions and chains from at on, adds those that are live to a page and moves at on.
func (m *MemoryStore) list(page []SessionInfo, at *memoryCursor, most int) []SessionInfo {
	page = slices.Grow(page, 2*most)
	s := &m.shards[at.shard]
	s.mu.RLock()
	defer s.mu.RUnlock()
	t := time.Now()
	for looked := 0; looked < most && s.count() > 0 && at.place <= maxPlace; looked++ {
		chain, next := s.chainAt(at.place)
		for h := *s.heads.At(chain); h != 0; looked++ {
			r := s.record(h)
			if left := r.deadline() - t.Sub(m.base); left > 0 && scanPlace(r.hash()) >= at.place {
				page = append(page, r.info(string(r.id()), t, left))
			}
			h = r.next()
		}
		at.place = next
	}
	if s.count() == 0 || at.place > maxPlace {
		*at = memoryCursor{shard: at.shard + 1}
	}
	return page
}

// scanPlace is where a hash is in the order of a scan.
func scanPlace(hash uint32) uint64 { return uint64(bits.Reverse32(hash)) }

const maxPlace = 1<<32 - 1

// chainAt returns the chain that has what hashes to a place of a scan, and the first place behind that chain.
func (s *memoryShard) chainAt(place uint64) (chain int, next uint64) {
	chain = s.chain(bits.Reverse32(uint32(place)))
	named := bits.Len(uint(s.heads.Len() - 1)) // so many low bits of a hash name this chain
	if named > 0 && chain|1<<(named-1) >= s.heads.Len() {
		named--
	}
	width := uint64(1) << (32 - named)
	return chain, place&^(width-1) + width
}

// memoryCursor is where a page begins.
type memoryCursor struct {
	shard int
	place uint64
}

// String returns the empty cursor behind the last shard.
func (c memoryCursor) String() string {
	switch {
	case c.shard >= memoryShards:
		return ""
	case c.place == 0:
		return strconv.Itoa(c.shard)
	}
	return fmt.Sprintf("%d.%d", c.shard, c.place)
}

// parseMemoryCursor takes exactly what String returns, and the empty cursor for the beginning.
func parseMemoryCursor(cursor string) (memoryCursor, error) {
	var c memoryCursor
	if cursor == "" {
		return c, nil
	}
	shard, place, within := strings.Cut(cursor, ".")
	var shardErr, placeErr error
	c.shard, shardErr = strconv.Atoi(shard)
	if within {
		c.place, placeErr = strconv.ParseUint(place, 10, 32)
	}
	if shardErr != nil || placeErr != nil || c.shard < 0 || c.String() != cursor {
		return c, errors.New("session: scan: malformed cursor")
	}
	return c, nil
}

var _ Scanner = (*MemoryStore)(nil)
