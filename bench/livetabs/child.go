package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// child is a node as its parent sees it. It is not safe for concurrent use.
type child struct {
	url   string
	cmd   *exec.Cmd
	stdin io.WriteCloser
	out   *bufio.Reader
}

// startNode starts a node and returns when it serves.
func startNode(cfg nodeConfig) (*child, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("start node: %w", err)
	}
	c := &child{cmd: exec.Command(exe, nodeArg)}
	c.cmd.Stderr = os.Stderr
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start node: %w", err)
	}
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start node: %w", err)
	}
	c.out = bufio.NewReader(stdout)
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start node: %w", err)
	}
	reply, err := c.ask(cfg)
	if err != nil {
		return nil, fmt.Errorf("start node: %w", errors.Join(err, c.stop()))
	}
	c.url = "http://" + reply.Addr + "/"
	return c, nil
}

// usage returns what the node uses now.
func (c *child) usage() (nodeReply, error) {
	r, err := c.ask("usage")
	if err != nil {
		return r, fmt.Errorf("ask node: %w", err)
	}
	return r, nil
}

func (c *child) ask(v any) (r nodeReply, err error) {
	if err := json.NewEncoder(c.stdin).Encode(v); err != nil {
		return r, err
	}
	line, err := c.out.ReadBytes('\n')
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(line, &r)
}

// kill ends the node without a warning. It may be called again.
func (c *child) kill() error {
	if c.cmd.ProcessState != nil {
		return nil
	}
	err := c.cmd.Process.Kill()
	_ = c.cmd.Wait() // says that it was killed
	return err
}

// stop shuts the node down and returns when it has ended.
func (c *child) stop() error {
	err := c.stdin.Close()
	if e := c.cmd.Wait(); e != nil {
		err = errors.Join(err, fmt.Errorf("node: %w", e))
	}
	return err
}
