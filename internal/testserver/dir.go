package testserver

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// root is the folder of this process, in which each server has its own.
var root struct {
	sync.Mutex
	path  string
	guard *os.File // locked while the process lives
	stop  func()   // of the reaper
}

// newDir makes a folder for a server. Its path is short enough for a Unix socket, and whoever the server runs as can
// get there.
func newDir(name string, as *account) (string, error) {
	parent, err := rootDir()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(parent, name+"-")
	if err != nil {
		return "", err
	}
	if as == nil {
		return dir, nil
	}
	return dir, os.Chown(dir, int(as.uid), int(as.gid))
}

func rootDir() (string, error) {
	root.Lock()
	defer root.Unlock()
	if root.path != "" {
		return root.path, nil
	}
	pattern := filepath.Join(baseDir(), fmt.Sprintf("limpet%d-", os.Getuid()))
	sweep(pattern)
	dir, err := os.MkdirTemp(filepath.Dir(pattern), filepath.Base(pattern))
	if err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		return "", err
	}
	if root.guard, err = guard(dir); err != nil {
		return "", err
	}
	if root.stop, err = startReaper(dir); err != nil {
		return "", err
	}
	root.path = dir
	return dir, nil
}

func removeRoot() {
	root.Lock()
	defer root.Unlock()
	if root.path == "" {
		return
	}
	_ = os.RemoveAll(root.path) // a later run sweeps what cannot be removed now
	root.stop()
	_ = root.guard.Close()
	root.path = ""
}

// baseDir prefers memory: a PostgreSQL cluster is made there in half the time, a MariaDB one in a tenth.
func baseDir() string {
	if dir := os.Getenv("LIMPET_TEST_DIR"); dir != "" {
		return dir
	}
	if dir := memoryDir(); dir != "" {
		return dir
	}
	return os.TempDir()
}

const guardName = ".lock"

// guard marks the folder as in use. The file gets its name only when it is locked, and so is never seen unlocked.
func guard(dir string) (*os.File, error) {
	early := filepath.Join(dir, guardName+".new")
	f, err := os.OpenFile(early, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if !lock(f) {
		return nil, fmt.Errorf("testserver: the new file %s is locked by another process", early)
	}
	return f, os.Rename(early, filepath.Join(dir, guardName))
}

// sweep removes the folders of processes that are gone and could not do it themselves.
func sweep(prefix string) {
	dirs, _ := filepath.Glob(prefix + "*")
	for _, dir := range dirs {
		if !inUse(dir) {
			_ = killAll(dir)
			_ = os.RemoveAll(dir)
		}
	}
}

func inUse(dir string) bool {
	file := filepath.Join(dir, guardName)
	if _, err := os.Stat(file); err == nil {
		return locked(file)
	}
	info, err := os.Stat(dir)
	return err != nil || time.Since(info.ModTime()) < time.Minute // it may be getting its lock right now
}
