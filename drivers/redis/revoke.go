package redis

import (
	"cmp"
	"context"
	"errors"
	"slices"

	goredis "github.com/redis/go-redis/v9"

	"github.com/limpet-go/limpet/session"
)

// RevokeUser deletes every session of the user. Before that it makes each entry hold for as long as its session would have
// lived, and a day more: a session that is saved once more meanwhile is listed, and a repeat finds it. If that fails, as
// on a server whose memory is full, the sessions are deleted all the same, and the error says so. See session.UserIndex for
// the contract.
func (s *Store) RevokeUser(ctx context.Context, userID string) ([]string, error) {
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	user := sumOf(userID)
	ids, short, err := s.holding(ctx, user)
	if err != nil {
		return nil, s.failed(ctx, "revoke user", err)
	}
	keepErr := s.keep(ctx, user, short)
	err = s.inPipelines(ctx, ids, func(id string) goredis.Cmder { return delCmd(ctx, s.key(id)) }, nil)
	var failed *session.BatchError
	if errors.As(err, &failed) {
		ids = slices.DeleteFunc(ids, func(id string) bool { return slices.Contains(failed.SessionIDs, id) })
	}
	return ids, s.failed(ctx, "revoke user", cmp.Or(err, keepErr))
}

// holding returns the IDs, in ascending order, for which the user's entry holds, and the records of those sessions that
// would outlive their entry.
func (s *Store) holding(ctx context.Context, user string) (ids []string, short []record, err error) {
	entries, now, err := s.entries(ctx, user)
	if err != nil {
		return nil, nil, err
	}
	records, err := s.lookUp(ctx, sessionsOf(entries), true)
	if err != nil {
		return nil, nil, err
	}
	for i, r := range records {
		if r.user != user || r.life == 0 && entries[i].until <= now {
			continue
		}
		ids = append(ids, r.id)
		if r.life.Milliseconds() > entries[i].until-now {
			short = append(short, r)
		}
	}
	slices.Sort(ids)
	return ids, short, nil
}

// keep makes entries hold for as long as their sessions live from now, and the keys that they need with them.
func (s *Store) keep(ctx context.Context, user string, records []record) error {
	for chunk := range slices.Chunk(records, pipelineLength) {
		args := []any{indexLife.Milliseconds()}
		cmds := make([]goredis.Cmder, len(chunk))
		for i, r := range chunk {
			life := min(r.life, maxIndexLife)
			args = append(args, r.id, life.Milliseconds())
			cmds[i] = lengthenCmd(ctx, s.ownerKey(r.id), life+indexLife)
		}
		if err := send(ctx, s.client, cmds); err != nil {
			return err
		}
		if err := keepScript.Run(ctx, s.client, []string{s.userKey(user)}, args...).Err(); err != nil {
			return err
		}
	}
	return nil
}
