package testserver

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	clusterMasters = 3
	clusterNodes   = 2 * clusterMasters
	clusterSlots   = 16384

	quickTimeout   = 500 * time.Millisecond
	patientTimeout = time.Minute
)

// Cluster is a private Redis Cluster: three masters, each with one replica.
type Cluster struct {
	// Nodes are the servers, in no order that means something. The nodes keep their append-only files like a server of
	// StartRedis, so that one that is killed and started again has what it acknowledged. A replica that is promoted
	// meanwhile may lack the last writes.
	Nodes []*Server

	url string
}

// StartRedisCluster starts a cluster that replaces a master which does not answer for half a second; that takes another
// one to two. On a busy machine it may do so without cause. Two failovers of one shard need five seconds in between.
func StartRedisCluster(tb testing.TB) *Cluster {
	tb.Helper()
	return startCluster(tb, quickTimeout)
}

// StartPatientRedisCluster starts a cluster that replaces no master before a minute has passed.
func StartPatientRedisCluster(tb testing.TB) *Cluster {
	tb.Helper()
	return startCluster(tb, patientTimeout)
}

// URL returns the store URL, which names all nodes.
func (c *Cluster) URL() string { return c.url }

func startCluster(tb testing.TB, timeout time.Duration) *Cluster {
	tb.Helper()
	c, err := newClusterOf(timeout)
	check(tb, err)
	tb.Cleanup(c.remove)
	return c
}

// newCluster returns one for many tests at once, on a machine that is busy with them.
func newCluster() (*Cluster, error) { return newClusterOf(patientTimeout) }

func newClusterOf(timeout time.Duration) (*Cluster, error) {
	c := &Cluster{}
	if err := c.launch(timeout); err != nil {
		c.remove()
		return nil, err
	}
	if err := c.form(timeout); err != nil {
		c.remove()
		return nil, fmt.Errorf("testserver: form cluster: %w", err)
	}
	return c, nil
}

func (c *Cluster) launch(timeout time.Duration) error {
	var addrs []string
	for range clusterNodes {
		s, err := newNode(timeout)
		if err != nil {
			return err
		}
		c.Nodes = append(c.Nodes, s)
		addrs = append(addrs, s.addr)
	}
	c.url = "redis+cluster://" + strings.Join(addrs, ",")
	return nil
}

func (c *Cluster) remove() {
	var wg sync.WaitGroup
	for _, s := range c.Nodes {
		wg.Go(s.remove)
	}
	wg.Wait()
}

func newNode(timeout time.Duration) (*Server, error) {
	s, port, err := prepareRedis("node")
	if err != nil {
		return nil, err
	}
	bus, err := newPort() // by default the port plus 10,000, which may be none
	if err != nil {
		return nil, err
	}
	s.url = "redis+cluster://" + s.addr
	s.cmd.args = append(s.cmd.args, "--port", fmt.Sprint(port),
		"--cluster-enabled", "yes", "--cluster-port", fmt.Sprint(bus), "--cluster-config-file", "nodes.conf",
		"--cluster-announce-ip", hostIP(), "--cluster-node-timeout", millis(timeout),
		"--cluster-replica-validity-factor", "0", "--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1")
	return launch(s)
}

func millis(d time.Duration) string { return fmt.Sprint(d.Milliseconds()) }

// form makes a cluster of the nodes. They hear of each other at the pace of their timeout, hence the short one meanwhile.
func (c *Cluster) form(timeout time.Duration) error {
	masters := c.Nodes[:clusterMasters]
	setTimeout := func(d time.Duration) error {
		return each(c.Nodes, func(int) []string { return []string{"CONFIG", "SET", "cluster-node-timeout", millis(d)} })
	}
	if err := setTimeout(quickTimeout); err != nil {
		return err
	}
	if err := each(c.Nodes, func(i int) []string { return []string{"CLUSTER", "SET-CONFIG-EPOCH", fmt.Sprint(i + 1)} }); err != nil {
		return err
	}
	if err := each(masters, slots); err != nil {
		return err
	}
	if err := each(c.Nodes[1:], c.meet); err != nil {
		return err
	}
	if err := poll(readyTimeout, nil, c.acquainted); err != nil {
		return err
	}
	if err := c.replicate(masters); err != nil {
		return err
	}
	if err := poll(readyTimeout, nil, c.settled); err != nil {
		return err
	}
	return setTimeout(timeout)
}

// each runs a command on each of the servers.
func each(servers []*Server, command func(i int) []string) error {
	for i, s := range servers {
		if _, err := (login{addr: s.addr}).do(command(i)...); err != nil {
			return err
		}
	}
	return nil
}

func slots(i int) []string {
	first, end := clusterSlots*i/clusterMasters, clusterSlots*(i+1)/clusterMasters
	return []string{"CLUSTER", "ADDSLOTSRANGE", fmt.Sprint(first), fmt.Sprint(end - 1)}
}

func (c *Cluster) meet(int) []string {
	first := c.Nodes[0]
	host, port, _ := strings.Cut(first.addr, ":")
	return []string{"CLUSTER", "MEET", host, port, first.arg("--cluster-port")}
}

func (c *Cluster) replicate(masters []*Server) error {
	for i, s := range c.Nodes[len(masters):] {
		id, err := login{addr: masters[i].addr}.do("CLUSTER", "MYID")
		if err != nil {
			return err
		}
		if _, err := (login{addr: s.addr}).do("CLUSTER", "REPLICATE", id); err != nil {
			return err
		}
	}
	return nil
}
