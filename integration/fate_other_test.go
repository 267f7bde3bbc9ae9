//go:build !linux

package integration

import "syscall"

func fate() *syscall.SysProcAttr { return nil }
