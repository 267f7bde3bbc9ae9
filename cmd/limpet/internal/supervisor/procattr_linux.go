package supervisor

import "syscall"

// processAttributes puts a node in a process group of its own, so that Ctrl-C in a terminal reaches the supervisor
// alone, and has the kernel kill it when the supervisor dies.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
