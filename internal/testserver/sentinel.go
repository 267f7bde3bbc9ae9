package testserver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Sentinel is a Redis master with a replica, and a sentinel that promotes the replica when the master does not answer for
// half a second.
type Sentinel struct {
	Master, Replica *Server // as they were at the start
	Sentinel        *Server // its URL and Addr are what clients ask for the master
	MasterName      string
}

// StartSentinel starts the three servers, which need no password.
func StartSentinel(tb testing.TB) *Sentinel {
	tb.Helper()
	const name = "limpet"
	master := StartRedis(tb, "--repl-diskless-sync-delay", "0")
	host, port, _ := strings.Cut(master.addr, ":")
	replica := StartRedis(tb, "--replicaof", host, port)
	check(tb, poll(readyTimeout, nil, func() error { return linked(replica) }))
	watch, err := newSentinel(name, host, port)
	return &Sentinel{Master: master, Replica: replica, Sentinel: private(tb, watch, err), MasterName: name}
}

func newSentinel(name, host, port string) (*Server, error) {
	s, own, err := prepareRedis("sentinel")
	if err != nil {
		return nil, err
	}
	lines := []string{
		fmt.Sprintf("port %d", own), "bind " + hostIP(), "protected-mode no", "dir " + s.cmd.dir,
		fmt.Sprintf("sentinel monitor %s %s %s 1", name, host, port),
		fmt.Sprintf("sentinel down-after-milliseconds %s 500", name),
		fmt.Sprintf("sentinel failover-timeout %s 3000", name),
	}
	conf := filepath.Join(s.cmd.dir, "sentinel.conf")
	if err := os.WriteFile(conf, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		return nil, err
	}
	s.url = "redis://" + s.addr + "/0?master_name=" + name
	s.cmd.args = []string{conf, "--sentinel"}
	s.probe = func() error { return probeSentinel(s.addr, name) }
	return launch(s)
}

// probeSentinel waits until it knows the replica: only then it can promote it.
func probeSentinel(addr, name string) error {
	info, err := login{addr: addr}.do("INFO", "sentinel")
	if err != nil {
		return err
	}
	if !strings.Contains(info, "name="+name+",status=ok") || !strings.Contains(info, "slaves=1") {
		return errors.New("it does not know the master and its replica yet")
	}
	return nil
}
