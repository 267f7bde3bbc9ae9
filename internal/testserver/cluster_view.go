package testserver

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// member is a line of CLUSTER NODES: what one node thinks of another, or of itself.
type member struct {
	id, masterID string
	epoch        int
	flags        []string
	connected    bool
	slots        []string // "7" or "7-9"
}

// MasterOf returns the node that is the master for the key, by what the nodes that answer say of themselves.
func (c *Cluster) MasterOf(tb testing.TB, key string) *Server {
	tb.Helper()
	var master *Server
	check(tb, poll(readyTimeout, nil, func() (err error) {
		master, err = c.masterOf(key)
		return err
	}))
	return master
}

// AwaitMaster returns the master for the key once it is another than before.
func (c *Cluster) AwaitMaster(tb testing.TB, key string, before *Server) *Server {
	tb.Helper()
	var master *Server
	check(tb, poll(readyTimeout, nil, func() (err error) {
		if master, err = c.masterOf(key); err == nil && master == before {
			err = errors.New("no other master was elected")
		}
		return err
	}))
	return master
}

// ReplicasOf returns the nodes that say they replicate this one, which must be up.
func (c *Cluster) ReplicasOf(tb testing.TB, master *Server) []*Server {
	tb.Helper()
	self, err := myself(master)
	check(tb, err)
	var replicas []*Server
	for _, s := range c.Nodes {
		if m, err := myself(s); err == nil && m.masterID == self.id {
			replicas = append(replicas, s)
		}
	}
	return replicas
}

// Settle returns once every node answers, knows all others, finds the cluster in order, and has its replication link up.
func (c *Cluster) Settle(tb testing.TB) {
	tb.Helper()
	check(tb, poll(readyTimeout, nil, c.settled))
}

func (c *Cluster) masterOf(key string) (*Server, error) {
	var master *Server
	epoch := -1
	for _, s := range c.Nodes {
		slot, err := login{addr: s.addr}.do("CLUSTER", "KEYSLOT", key)
		if err != nil {
			continue // it is down
		}
		n, err := strconv.Atoi(slot)
		if err != nil {
			return nil, err
		}
		m, err := myself(s)
		if err == nil && m.is("master") && m.serves(n) && m.epoch > epoch {
			master, epoch = s, m.epoch
		}
	}
	if master == nil {
		return nil, errors.New("no node is master of the key's slot")
	}
	return master, nil
}

func (c *Cluster) settled() error {
	for _, s := range c.Nodes {
		if err := c.inOrder(s); err != nil {
			return fmt.Errorf("node %s: %w", s.addr, err)
		}
	}
	return nil
}

// inOrder is settled by what one node says.
func (c *Cluster) inOrder(s *Server) error {
	info, err := login{addr: s.addr}.do("CLUSTER", "INFO")
	if err != nil {
		return err
	}
	if !strings.Contains(info, "cluster_state:ok") {
		return errors.New("its cluster state is not ok")
	}
	members, err := view(s)
	if err != nil {
		return err
	}
	masters := 0
	for _, m := range members {
		if m.unsure() {
			return fmt.Errorf("it sees a node as %v", m.flags)
		}
		if m.is("master") {
			masters++
		}
	}
	if len(members) != clusterNodes || masters != clusterMasters {
		return fmt.Errorf("it sees %d nodes, %d masters", len(members), masters)
	}
	return linked(s)
}

// acquainted says whether each node knows each other.
func (c *Cluster) acquainted() error {
	for _, s := range c.Nodes {
		members, err := view(s)
		if err != nil {
			return err
		}
		if len(members) != clusterNodes || slices.ContainsFunc(members, member.unsure) {
			return fmt.Errorf("node %s does not know all others yet", s.addr)
		}
	}
	return nil
}

// linked says whether a replica is in touch with its master, and a master with its replica.
func linked(s *Server) error {
	info, err := login{addr: s.addr}.do("INFO", "replication")
	if err != nil {
		return err
	}
	if strings.Contains(info, "role:slave") && strings.Contains(info, "master_link_status:up") ||
		strings.Contains(info, "role:master") && strings.Contains(info, "state=online") {
		return nil
	}
	return errors.New("its replication link is not up")
}

func myself(s *Server) (member, error) {
	members, err := view(s)
	if err != nil {
		return member{}, err
	}
	for _, m := range members {
		if m.is("myself") {
			return m, nil
		}
	}
	return member{}, errors.New("it does not know itself")
}

// view returns what a node thinks of the cluster.
func view(s *Server) ([]member, error) {
	text, err := login{addr: s.addr}.do("CLUSTER", "NODES")
	if err != nil {
		return nil, err
	}
	var members []member
	for line := range strings.Lines(text) {
		f := strings.Fields(line) // ID, address, flags, master's ID, ping, pong, epoch, link, slots...
		if len(f) < 8 {
			return nil, fmt.Errorf("malformed line of CLUSTER NODES: %q", line)
		}
		epoch, err := strconv.Atoi(f[6])
		if err != nil {
			return nil, err
		}
		members = append(members, member{id: f[0], masterID: f[3], epoch: epoch, flags: strings.Split(f[2], ","),
			connected: f[7] == "connected", slots: f[8:]})
	}
	return members, nil
}

func (m member) is(flag string) bool { return slices.Contains(m.flags, flag) }

func (m member) unsure() bool {
	return !m.connected || m.is("fail") || m.is("fail?") || m.is("handshake") || m.is("noaddr")
}

func (m member) serves(slot int) bool {
	return slices.ContainsFunc(m.slots, func(s string) bool {
		first, last, isRange := strings.Cut(s, "-")
		a, errA := strconv.Atoi(first)
		b, errB := strconv.Atoi(last)
		if !isRange {
			b, errB = a, nil
		}
		return errA == nil && errB == nil && a <= slot && slot <= b
	})
}
