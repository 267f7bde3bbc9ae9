//go:build linux

package testserver

import (
	"errors"
	"strings"
	"testing"
)

func TestClusterIsWholeAndReplacesAKilledMaster(t *testing.T) {
	t.Parallel()
	c := StartRedisCluster(t)
	const key = "k"
	old := c.MasterOf(t, key)
	if _, err := (login{addr: old.Addr()}).do("SET", key, "1"); err != nil {
		t.Fatal(err)
	}
	replicas := c.ReplicasOf(t, old)
	if len(replicas) != 1 {
		t.Fatalf("%d replicas", len(replicas))
	}
	if acks, err := (login{addr: old.Addr()}).do("WAIT", "1", "5000"); err != nil || acks == "" {
		t.Fatal(acks, err)
	}
	old.Kill(t)
	promoted := c.AwaitMaster(t, key, old)
	if promoted != replicas[0] {
		t.Errorf("promoted %s, not the replica", promoted.Addr())
	}
	old.Start(t)
	c.Settle(t)
	if got := c.MasterOf(t, key); got != promoted {
		t.Errorf("after the return master is %s", got.Addr())
	}
}

func TestPatientClusterKeepsItsMasters(t *testing.T) {
	t.Parallel()
	c := StartPatientRedisCluster(t)
	const key = "k"
	master := c.MasterOf(t, key)
	if _, err := (login{addr: master.Addr()}).do("SET", key, "1"); err != nil {
		t.Fatal(err)
	}
	master.Kill(t)
	master.Start(t)
	c.Settle(t)
	if got := c.MasterOf(t, key); got != master {
		t.Errorf("master changed")
	}
	if v, err := (login{addr: master.Addr()}).do("GET", key); err != nil || v != "1" {
		t.Errorf("got %q, %v", v, err)
	}
}

func TestSharedClusterIsWholeWhenReturned(t *testing.T) {
	t.Parallel()
	url := RedisCluster(t)
	for _, addr := range strings.Split(strings.TrimPrefix(url, "redis+cluster://"), ",") {
		if err := (&Cluster{}).inOrder(&Server{addr: addr}); err != nil {
			t.Errorf("node %s: %v", addr, err)
		}
	}
}

func TestSentinelPromotesTheReplica(t *testing.T) {
	t.Parallel()
	s := StartSentinel(t)
	s.Master.Kill(t)
	if err := poll(readyTimeout, nil, func() error {
		info, err := login{addr: s.Replica.Addr()}.do("INFO", "replication")
		if err == nil && !strings.Contains(info, "role:master") {
			err = errors.New("it is not the master")
		}
		return err
	}); err != nil {
		t.Errorf("%v\n%s", err, s.Sentinel.cmd.logTail())
	}
}

func TestTLSServerTakesItsUserOverTLSOnly(t *testing.T) {
	t.Parallel()
	s := StartRedisTLS(t)
	if err := (login{addr: s.Addr()}).ping(); err == nil {
		t.Error("answered without TLS")
	}
	trust := s.trust(t)
	if err := (login{addr: s.Addr(), tls: trust}).ping(); err == nil || !strings.Contains(err.Error(), "NOAUTH") {
		t.Errorf("without a user: %v", err)
	}
	app := login{addr: s.Addr(), tls: trust, user: aclUser, password: aclPassword}
	if _, err := app.do("SET", "k", "v"); err != nil {
		t.Error(err)
	}
	if _, err := app.do("FLUSHALL"); err == nil || !strings.Contains(err.Error(), "NOPERM") {
		t.Errorf("FLUSHALL: %v", err)
	}
}
