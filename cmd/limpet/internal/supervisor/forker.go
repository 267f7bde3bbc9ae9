package supervisor

import (
	"os/exec"
	"runtime"
)

// forker starts every process from one OS thread. Linux tells a child of its parent's death when the thread that
// forked it ends, not the process, so this thread lives as long as the children may.
type forker struct {
	requests chan forkRequest
	done     chan struct{}
}

type forkRequest struct {
	cmd    *exec.Cmd
	answer chan error
}

func newForker() *forker {
	f := &forker{requests: make(chan forkRequest), done: make(chan struct{})}
	go f.run()
	return f
}

func (f *forker) run() {
	defer close(f.done)
	runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
	for r := range f.requests {
		r.answer <- r.cmd.Start()
	}
}

func (f *forker) start(cmd *exec.Cmd) error {
	r := forkRequest{cmd, make(chan error, 1)}
	f.requests <- r
	return <-r.answer
}

// close ends the thread. Processes it started that still run are killed on Linux.
func (f *forker) close() {
	close(f.requests)
	<-f.done
}
