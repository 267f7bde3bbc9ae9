package storm_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/limpet-go/limpet/integration/storm"
)

// patience is for what takes a moment, on a machine that may be slow.
const patience = 2 * time.Minute

// child is a node's process. Its methods are for the test's goroutine.
type child struct {
	t       *testing.T
	cmd     *exec.Cmd
	in      io.WriteCloser
	replies chan storm.Reply
	held    chan struct{} // closed when a call of its store is held
	exited  chan struct{} // closed when its output has ended
	stderr  bytes.Buffer  // read it after wait

	mu    sync.Mutex
	news  *sync.Cond
	known []uint64 // by session: the newest version that was acknowledged
	acks  int      // that brought news
	drain *storm.Drained
}

// start starts a node and tells it the first command.
func start(t *testing.T, first storm.Command) *child {
	t.Helper()
	c := launch(t, first.Sessions)
	c.ask(first)
	return c
}

// launch starts a node, which will have so many sessions.
func launch(t *testing.T, sessions int) *child {
	t.Helper()
	path, err := buildNode()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{t: t, cmd: exec.Command(path), replies: make(chan storm.Reply, 1),
		held: make(chan struct{}), exited: make(chan struct{}), known: make([]uint64, sessions)}
	c.news = sync.NewCond(&c.mu)
	c.cmd.Stderr = &c.stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go c.read(out)
	t.Cleanup(c.kill)
	return c
}

// read takes in what the node says until it has ended.
func (c *child) read(out io.Reader) {
	defer close(c.exited)
	lines := bufio.NewReader(out)
	for {
		text, err := lines.ReadBytes('\n')
		var line storm.Line
		if err != nil || json.Unmarshal(text, &line) != nil {
			break // it has ended, or was killed in the middle of a line
		}
		c.note(line)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.news.Broadcast()
}

func (c *child) note(line storm.Line) {
	if line.Held {
		close(c.held)
	}
	if line.Reply != nil {
		c.replies <- *line.Reply
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range line.Acks {
		if a.Version > c.known[a.Session] {
			c.known[a.Session] = a.Version
			c.acks++
		}
	}
	if line.Drain != nil {
		c.drain = line.Drain
	}
	c.news.Broadcast()
}

// tell has the node do something, and does not wait for it. A node that has ended is told nothing.
func (c *child) tell(command storm.Command) { _ = json.NewEncoder(c.in).Encode(command) }

// ask has the node do something and returns when it has.
func (c *child) ask(command storm.Command) storm.Reply {
	c.t.Helper()
	c.tell(command)
	select {
	case r := <-c.replies:
		if r.Error != "" {
			c.fatal("%s: %s", command.Do, r.Error)
		}
		return r
	case <-c.exited:
		c.fatal("%s: the node ended", command.Do)
	case <-time.After(patience):
		c.fatal("%s: no answer in %v", command.Do, patience)
	}
	return storm.Reply{}
}

// awaitAcks returns once so many more states are known to be durable.
func (c *child) awaitAcks(more int) {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for enough := c.acks + more; c.acks < enough && !c.ended(); {
		c.news.Wait()
	}
}

func (c *child) ended() bool {
	select {
	case <-c.exited:
		return true
	default:
		return false
	}
}

// kill ends the node without a warning. What it said until then counts.
func (c *child) kill() {
	_ = c.cmd.Process.Kill() // it may have ended
	c.wait()
}

// terminate asks the node to save everything and end.
func (c *child) terminate() {
	c.t.Helper()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		c.fatal("terminate: %v", err)
	}
}

// wait returns the node's exit code, -1 if it was killed.
func (c *child) wait() int {
	<-c.exited
	_ = c.cmd.Wait() // the code says how it ended
	return c.cmd.ProcessState.ExitCode()
}

// acknowledged returns the newest version of each session that the node said is durable.
func (c *child) acknowledged() []uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]uint64(nil), c.known...)
}

func (c *child) fatal(format string, args ...any) {
	c.t.Helper()
	c.kill()
	c.t.Fatalf(format+"\n%s", append(args, c.stderr.String())...)
}

// inherit tells what was acknowledged by the node before.
func (c *child) inherit(acknowledged []uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, version := range acknowledged {
		c.known[i] = max(c.known[i], version)
	}
}

// TestNodeEndsWithItsParent closes what the node reads from, as the kernel does when the parent dies.
func TestNodeEndsWithItsParent(t *testing.T) {
	c := launch(t, 0)
	if err := c.in.Close(); err != nil {
		t.Fatal(err)
	}
	if code := c.wait(); code != 3 {
		t.Errorf("code %d, want 3", code)
	}
}
