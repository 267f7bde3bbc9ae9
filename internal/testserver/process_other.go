//go:build !linux

package testserver

import (
	"fmt"
	"os"
	"os/exec"
)

func bind(*exec.Cmd, command) {}

func startChild(cmd *exec.Cmd) error { return cmd.Start() }

func stopSpawner() {}

func unprivileged(...string) *account { return nil }

func freeze(*process, string) error {
	return fmt.Errorf("Linux, which pausing a server needs, is %w", errMissing)
}

func thaw(string) error { return nil }

func killAll(string) error { return nil }

func memoryDir() string { return "" }

func lock(*os.File) bool { return true }

func locked(string) bool { return true }

func startReaper(string) (stop func(), err error) { return func() {}, nil }
