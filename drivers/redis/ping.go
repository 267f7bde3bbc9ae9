package redis

import (
	"context"
	"strings"

	goredis "github.com/redis/go-redis/v9"
)

// Ping asks for a key that no session has; in a Cluster it asks every master. A server that is loading its data, a
// Cluster that is down and a user without the right to read are errors. See session.Pinger for the contract.
func (s *Store) Ping(ctx context.Context) error {
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	return s.failed(ctx, "ping", s.ping(ctx))
}

func (s *Store) ping(ctx context.Context) error {
	key := s.key("ping:" + strings.Repeat("0", 64)) // longer than any session's
	if err := answer(s.client.Get(ctx, key).Err()); err != nil {
		return err
	}
	cluster, ok := s.client.(*goredis.ClusterClient)
	if !ok {
		return nil
	}
	return cluster.ForEachMaster(ctx, func(ctx context.Context, master *goredis.Client) error {
		return answer(master.Get(ctx, key).Err())
	})
}

// answer is nil for what a healthy server says, which may be that another master has the key.
func answer(err error) error {
	if _, moved := goredis.IsMovedError(err); moved || !isFailure(err) {
		return nil
	}
	return err
}
