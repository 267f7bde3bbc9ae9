package testserver

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// command is how to run a program.
type command struct {
	name     string // of its log
	bin      string
	args     []string
	dir      string   // it starts in, and nothing but it and its like does
	as       *account // nil: as this process
	quitting bool     // ends in order on SIGQUIT, which it gets when this process dies; SIGKILL otherwise
}

// account is a user of the system.
type account struct{ uid, gid uint32 }

// process is a program that was started.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{}
}

func (c command) prepare() *exec.Cmd {
	cmd := exec.Command(c.bin, c.args...)
	cmd.Dir = c.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH") + ":/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL=C", "HOME=" + c.dir}
	bind(cmd, c)
	return cmd
}

func (c command) logFile() string { return filepath.Join(c.dir, c.name+".log") }

func (c command) logTail() string {
	text, err := os.ReadFile(c.logFile())
	if err != nil {
		return ""
	}
	return tail(text)
}

// spawn starts a server. Its output goes to a file: "go test" waits for whoever holds the test's own output.
func spawn(c command) (*process, error) {
	log, err := os.OpenFile(c.logFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := c.prepare()
	cmd.Stdout, cmd.Stderr = log, log
	if err := startChild(cmd); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, exited: make(chan struct{})}
	go func() {
		defer close(p.exited)
		_ = cmd.Wait() // how a server ends is not of interest
	}()
	return p, nil
}

// run runs a program to its end.
func run(c command) error {
	cmd := c.prepare()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := startChild(cmd)
	if err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		return fmt.Errorf("testserver: run %s: %w\n%s", c.name, err, tail(out.Bytes()))
	}
	return nil
}

// kill ends the process and every other that works in the same folder.
func (p *process) kill(dir string) error {
	_ = p.cmd.Process.Kill() // it may have ended by itself
	select {
	case <-p.exited:
	case <-time.After(readyTimeout):
		return fmt.Errorf("still running after %v", readyTimeout)
	}
	return killAll(dir)
}

func tail(text []byte) string {
	return string(text[max(0, len(text)-2000):])
}
