package limpet_test

import (
	"errors"
	"testing"

	"github.com/limpet-go/limpet"
)

func TestDispatchReachesTheLoopFromOtherGoroutines(t *testing.T) {
	s := limpet.NewSession(id)
	if err := s.Dispatch(func() {}); !errors.Is(err, limpet.ErrNoLoop) {
		t.Errorf("without a loop: %v", err)
	}
	loop := make(chan func(), 1)
	s.BindLoop(func(fn func()) bool {
		select {
		case loop <- fn:
			return true
		default:
			return false
		}
	})
	n := 0
	done := make(chan error)
	go func() { done <- s.Dispatch(func() { n++ }) }()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := s.Dispatch(func() { n++ }); !errors.Is(err, limpet.ErrNoLoop) {
		t.Errorf("a loop that takes no more: %v", err)
	}
	(<-loop)()
	if n != 1 {
		t.Errorf("ran %d times", n)
	}
	if err := s.Dispatch(nil); !errors.Is(err, limpet.ErrNoLoop) {
		t.Errorf("nil function: %v", err)
	}
	s.BindLoop(nil)
	if err := s.Dispatch(func() {}); !errors.Is(err, limpet.ErrNoLoop) {
		t.Errorf("after the loop ended: %v", err)
	}
}
