package redis

import (
	"context"
	"slices"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/limpet-go/limpet/session"
)

// record is what the servers say of a session, live or not.
type record struct {
	id   string
	user string // the sum of the user whose session it is, if it was asked for
	size int
	life time.Duration // zero if the session is missing or has expired
	at   time.Time     // just before it was asked for
}

// infos describes the live ones.
func infos(records []record) []session.SessionInfo {
	var live []session.SessionInfo
	for _, r := range records {
		if r.life > 0 {
			live = append(live, session.SessionInfo{ID: r.id, Size: r.size, ExpiresAt: r.at.Add(r.life).Round(time.Millisecond)})
		}
	}
	return live
}

// recordOf is a record that is asked for.
type recordOf struct {
	size *goredis.IntCmd
	life *goredis.DurationCmd
	user *goredis.StringCmd // nil: not asked for
}

// lookUp asks for the records of these sessions, in pipelines of bounded length.
func (s *Store) lookUp(ctx context.Context, ids []string, withUser bool) ([]record, error) {
	var records []record
	for chunk := range slices.Chunk(ids, pipelineLength/3) {
		asked := make([]recordOf, len(chunk))
		var cmds []goredis.Cmder
		for i, id := range chunk {
			asked[i] = s.recordOf(ctx, id, withUser)
			cmds = append(cmds, asked[i].size, asked[i].life)
			if withUser {
				cmds = append(cmds, asked[i].user)
			}
		}
		now := time.Now()
		if err := send(ctx, s.client, cmds); err != nil {
			return nil, err
		}
		for i, id := range chunk {
			records = append(records, asked[i].record(id, now))
		}
	}
	return records, nil
}

func (s *Store) recordOf(ctx context.Context, id string, withUser bool) recordOf {
	r := recordOf{
		size: goredis.NewIntCmd(ctx, "strlen", s.key(id)),
		life: goredis.NewDurationCmd(ctx, time.Millisecond, "pttl", s.key(id)),
	}
	if withUser {
		r.user = goredis.NewStringCmd(ctx, "get", s.ownerKey(id))
	}
	return r
}

func (r recordOf) record(id string, now time.Time) record {
	rec := record{id: id, size: int(r.size.Val()), life: max(r.life.Val(), 0), at: now} // what is below zero is no expiry
	if r.user != nil {
		rec.user = r.user.Val()
	}
	return rec
}
