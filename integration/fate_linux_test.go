package integration

import "syscall"

// fate kills a child with the test process, so that a test that is aborted leaves nothing behind.
func fate() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
