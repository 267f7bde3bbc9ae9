package redis

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	goredis "github.com/redis/go-redis/v9"
)

// pingKeys is for how many keys a server is asked that may be a node of a Cluster. One that owns a third of the slots has
// all of them in one case of 10^15, one that owns nine tenths in one of thirty.
const pingKeys = 32

// Ping asks for keys that no session has; in a Cluster it asks every master. A server that is loading its data, a
// Cluster that is down, a node of one that was not opened as a Cluster, and a user without the right to read are errors.
// That the server is a replica, which refuses writes, is not. See session.Pinger for the contract.
func (s *Store) Ping(ctx context.Context) error {
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	return s.failed(ctx, "ping", s.ping(ctx))
}

func (s *Store) ping(ctx context.Context) error {
	cluster, ok := s.client.(*goredis.ClusterClient)
	if !ok {
		return s.pingServer(ctx)
	}
	key := s.probeKey(0)
	if err := s.client.Get(ctx, key).Err(); isFailure(err) {
		return err
	}
	return cluster.ForEachMaster(ctx, func(ctx context.Context, master *goredis.Client) error {
		err := master.Get(ctx, key).Err()
		if _, moved := goredis.IsMovedError(err); moved || !isFailure(err) { // it is healthy; another master has the key
			return nil
		}
		return err
	})
}

// pingServer asks for several keys at once: a node of a Cluster sends those away who ask for others' keys. When the
// prefix has a hash tag, all keys of the store lie in one slot, and the node that owns it serves them all.
func (s *Store) pingServer(ctx context.Context) error {
	cmds := make([]goredis.Cmder, pingKeys)
	for i := range cmds {
		cmds[i] = goredis.NewStringCmd(ctx, "get", s.probeKey(i))
	}
	err := send(ctx, s.client, cmds)
	if _, moved := goredis.IsMovedError(err); moved {
		return fmt.Errorf("the server is a node of a Cluster, whose URL begins with redis+cluster:// or rediss+cluster://: %w", err)
	}
	return err
}

// writable fails if the server is a replica that takes no writes. Other refusals are no failure: a user without the right
// to write may want to read, and what is passing now need not keep a program from starting.
func (s *Store) writable(ctx context.Context) error {
	err := s.client.Process(ctx, delCmd(ctx, s.probeKey(0)))
	var answer goredis.Error
	switch {
	case goredis.IsReadOnlyError(err):
		return fmt.Errorf("the server is a replica, which takes no writes: name its master: %w", err)
	case err != nil && errors.As(withoutMiss(err), &answer):
		return nil
	}
	return err
}

// probeKey is one of many keys that do not exist: they are longer than any session's. The sum spreads them over the slots,
// which keys that differ in a few digits are not.
func (s *Store) probeKey(n int) string { return s.key("ping:" + sumOf(strconv.Itoa(n))) }
