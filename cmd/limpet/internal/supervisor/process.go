package supervisor

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// pipeGrace is how long a dead node's output may still be copied.
const pipeGrace = time.Second

// process is one run of a node.
type process struct {
	cmd      *exec.Cmd
	lifeline io.Closer
	ready    chan string   // the node's address, once; closed without one when the node gave none
	exited   chan struct{} // closed once err is set
	err      error
}

// spawn starts cmd, hands it hello and waits for nothing.
func spawn(f *forker, cmd *exec.Cmd, hello []byte) (*process, error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("supervisor: opening a pipe: %w", err)
	}
	readyOut, readyIn, err := os.Pipe()
	if err != nil {
		in.Close()
		return nil, fmt.Errorf("supervisor: opening a pipe: %w", err)
	}
	cmd.ExtraFiles = []*os.File{readyIn} // becomes readyFD
	cmd.SysProcAttr = processAttributes()
	cmd.WaitDelay = pipeGrace
	err = f.start(cmd)
	readyIn.Close()
	if err != nil {
		readyOut.Close()
		return nil, fmt.Errorf("supervisor: starting a node: %w", err)
	}
	p := &process{cmd: cmd, lifeline: in, ready: make(chan string, 1), exited: make(chan struct{})}
	go p.readAddress(readyOut)
	go p.wait()
	in.Write(append(hello, '\n')) // a node that died at once is seen by wait
	return p, nil
}

func (p *process) readAddress(r io.ReadCloser) {
	defer close(p.ready)
	defer r.Close()
	line, err := bufio.NewReader(io.LimitReader(r, 256)).ReadString('\n')
	if err == nil {
		p.ready <- strings.TrimSpace(line)
	}
}

func (p *process) wait() {
	p.err = p.cmd.Wait() // closes the lifeline
	close(p.exited)
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) kill() error {
	err := p.cmd.Process.Kill()
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// drain asks the node to end and waits for it. It kills the node, and reports so, when cut is closed first or the
// system knows no such request.
func (p *process) drain(cut <-chan struct{}) (killed bool) {
	err := p.cmd.Process.Signal(syscall.SIGTERM)
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.kill()
		killed = true
	}
	select {
	case <-p.exited:
	case <-cut:
		p.kill()
		<-p.exited
		killed = true
	}
	return killed
}

// end says how the process ended. Call it after exited was closed.
func (p *process) end() string {
	if p.err == nil {
		return "exit status 0"
	}
	return p.err.Error()
}
