package storetest

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
)

// recorder stands in for a *testing.T, so that a check may fail without failing the test that runs it.
type recorder struct {
	testing.TB // nil: a check that calls what is not below panics, which is recorded
	failures   []string
	skipped    bool
	cleanups   []func()
}

func (r *recorder) Helper()                      {}
func (r *recorder) Cleanup(f func())             { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Skip(args ...any)             { r.skipped = true; runtime.Goexit() }
func (r *recorder) note(s string)                { r.failures = append(r.failures, s) }
func (r *recorder) Errorf(f string, args ...any) { r.note(fmt.Sprintf(f, args...)) }

func (r *recorder) Fatalf(f string, args ...any) {
	r.Errorf(f, args...)
	runtime.Goexit()
}

// record runs one check and returns what it had to say.
func record(k *kit, c check) *recorder {
	r := &recorder{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer r.cleanUp()
		defer func() {
			if p := recover(); p != nil {
				r.note(fmt.Sprintf("panic: %v", p))
			}
		}()
		c.run(r, k)
	}()
	<-done
	return r
}

func (r *recorder) cleanUp() {
	for _, f := range slices.Backward(r.cleanups) {
		f()
	}
}
