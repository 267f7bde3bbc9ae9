package session

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

// held returns how many bytes a store keeps for blocks and chains.
func held(m *MemoryStore) int {
	bytes := 0
	for i := range m.shards {
		s := &m.shards[i]
		bytes += s.records.Held() + s.data.Held() + 4*s.heads.Len() + 16*s.queue.len()
	}
	return bytes
}

// What a million sessions took is given back when they have expired: all of it with the last of them, and before that
// in proportion, but for a page or two in each shard.
func TestMemoryStoreGivesBackWhatAMillionSessionsTook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const sessions, lasting, perShard = 1_000_000, 10_000, 6 << 16
		m, ctx := newSilentMemory(t), t.Context()
		data := make([]byte, 100)
		soon, late := time.Now().Add(time.Second), time.Now().Add(time.Hour)
		for i := range sessions {
			at := soon
			if i%(sessions/lasting) == 0 {
				at = late
			}
			if err := m.Save(ctx, strconv.Itoa(i), data, at); err != nil {
				t.Fatal(err)
			}
		}
		if took := held(m); took > 220*sessions {
			t.Errorf("%d sessions of 100 bytes take %d each", sessions, took/sessions)
		}
		time.Sleep(time.Second)
		m.sweep()
		if left := held(m); m.Count() != lasting || left > 220*lasting+perShard*memoryShards {
			t.Errorf("%d sessions are left and take %d bytes", m.Count(), left)
		}
		time.Sleep(time.Hour)
		m.sweep()
		if left := held(m); m.Count() != 0 || left != 0 {
			t.Errorf("%d sessions are left and take %d bytes", m.Count(), left)
		}
	})
}
