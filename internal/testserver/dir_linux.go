package testserver

import (
	"os"
	"os/exec"
	"syscall"
)

// memoryDir returns the file system in memory if this process may write there and at least 1 GiB is free, else "".
// Containers often have 64 MB.
func memoryDir() string {
	const dir = "/dev/shm"
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil || st.Bavail*uint64(st.Bsize) < 1<<30 {
		return ""
	}
	probe, err := os.MkdirTemp(dir, "limpet-probe-")
	if err != nil || os.Remove(probe) != nil {
		return ""
	}
	return dir
}

// lock takes the lock that the kernel releases when this process ends.
func lock(f *os.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}

// locked reports whether some process holds the lock, or this one may not know.
func locked(file string) bool {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return true
	}
	defer f.Close()
	return !lock(f)
}

// reap waits for the test process to be gone, which closes its end of the pipe, and then removes what it left. The servers
// have been told by the kernel; one that is paused hears of it only when it continues.
const reap = `
each() {
  for p in /proc/[0-9]*; do
    case "$(readlink "$p/cwd")" in "$dir"/*) kill "-$1" "${p#/proc/}" ;; esac
  done
}
dir=$1
cat
each CONT
sleep 0.2
each KILL
rm -rf -- "$dir" || { sleep 1; rm -rf -- "$dir"; }
`

// startReaper starts a process that removes the folder should this one die without having called stop.
func startReaper(dir string) (stop func(), err error) {
	cmd := exec.Command("/bin/sh", "-c", reap, "reaper", dir)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = pipe.Close()
	}, nil
}
