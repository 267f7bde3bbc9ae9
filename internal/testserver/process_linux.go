package testserver

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// bind has the kernel end the child when the thread that starts it ends, and keeps a terminal's signals away from it.
func bind(cmd *exec.Cmd, c command) {
	attr := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if c.quitting {
		attr.Pdeathsig = syscall.SIGQUIT
	}
	if c.as != nil {
		attr.Credential = &syscall.Credential{Uid: c.as.uid, Gid: c.as.gid}
	}
	cmd.SysProcAttr = attr
}

// spawner is the one thread that starts children. It has to live for as long as they.
var spawner struct {
	sync.Mutex
	jobs chan func()
}

func startChild(cmd *exec.Cmd) error {
	spawner.Lock()
	defer spawner.Unlock()
	if spawner.jobs == nil {
		spawner.jobs = make(chan func())
		go serve(spawner.jobs)
	}
	started := make(chan error, 1)
	spawner.jobs <- func() { started <- cmd.Start() }
	return <-started
}

func serve(jobs <-chan func()) {
	runtime.LockOSThread() // for good: the thread ends with the goroutine
	for job := range jobs {
		job()
	}
}

// stopSpawner ends the thread, and with it every child that is left.
func stopSpawner() {
	spawner.Lock()
	defer spawner.Unlock()
	if spawner.jobs != nil {
		close(spawner.jobs)
		spawner.jobs = nil
	}
}

// unprivileged returns the account of the first of these users that exists, for programs that refuse to be run by
// root; nil for anyone else.
func unprivileged(names ...string) *account {
	if os.Geteuid() != 0 {
		return nil
	}
	for _, name := range append(names, "nobody") {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		if uidErr == nil && gidErr == nil {
			return &account{uint32(uid), uint32(gid)}
		}
	}
	return nil
}

// freeze stops the process first, so that it starts no others, and then those that work in the folder.
func freeze(p *process, dir string) error {
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	return settle(dir, syscall.SIGSTOP, "T")
}

func thaw(dir string) error {
	for _, pid := range workers(dir) {
		_ = syscall.Kill(pid, syscall.SIGCONT)
	}
	return nil
}

func killAll(dir string) error { return settle(dir, syscall.SIGKILL, "Z") }

// settle signals every process that works in the folder until all are gone or in the given state.
func settle(dir string, sig syscall.Signal, state string) error {
	return poll(readyTimeout, nil, func() error {
		left := 0
		for _, pid := range workers(dir) {
			if s := stateOf(pid); s != "" && s != state {
				left++
				_ = syscall.Kill(pid, sig)
			}
		}
		if left > 0 {
			return fmt.Errorf("%d processes are left", left)
		}
		return nil
	})
}

// workers returns the processes whose working folder is dir or in it. A server's own processes keep theirs there, even
// those that are in a session of their own and orphaned.
func workers(dir string) []int {
	links, _ := filepath.Glob("/proc/[0-9]*/cwd")
	var pids []int
	for _, link := range links {
		cwd, err := os.Readlink(link)
		if err != nil || cwd != dir && !strings.HasPrefix(cwd, dir+"/") {
			continue
		}
		if pid, err := strconv.Atoi(strings.Split(link, "/")[2]); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// stateOf returns the letter for the state of a process, "" if there is none.
func stateOf(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return ""
	}
	text := string(stat)
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) == 0 {
		return ""
	}
	return fields[0]
}
