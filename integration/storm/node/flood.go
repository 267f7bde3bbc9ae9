package main

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/limpet-go/limpet/integration/storm"
	"github.com/limpet-go/limpet/session"
)

const (
	flooders  = 1024
	floodAddr = "203.0.113.9"         // of all of them
	roundTrip = 20 * time.Millisecond // from being turned away to trying the next
)

// strangers returns IDs that nobody has: every other one could be a session's. They are made before the storm, which
// is not to wait for that.
func strangers(seed uint64, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		if forged(i) {
			ids[i] = storm.ForgedID(seed, i/2)
		} else {
			ids[i] = storm.StrangerID(seed, i)
		}
	}
	return ids
}

func forged(i int) bool { return i%2 == 1 }

// flood asks for all of them as fast as they are answered.
func (n *node) flood(ids []string) (f storm.Flood) {
	var next atomic.Int64
	var mu sync.Mutex
	var wg sync.WaitGroup
	began := time.Now()
	for range flooders {
		wg.Go(func() {
			var own storm.Flood
			for i := int(next.Add(1)) - 1; i < len(ids); i = int(next.Add(1)) - 1 {
				n.ask(ids[i], forged(i), &own)
			}
			mu.Lock()
			defer mu.Unlock()
			f.Unknown += own.Unknown
			f.Overloaded += own.Overloaded
			f.Forged += own.Forged
			f.Wrong += own.Wrong
		})
	}
	wg.Wait()
	f.Took = time.Since(began)
	return f
}

// ask makes one attempt and notes how it was answered.
func (n *node) ask(id string, forged bool, f *storm.Flood) {
	_, err := n.manager.ResumeFrom(context.Background(), id, floodAddr)
	switch {
	case forged && errors.Is(err, session.ErrSessionNotFound):
		f.Forged++
	case !forged && errors.Is(err, session.ErrSessionNotFound):
		f.Unknown++
	case !forged && errors.Is(err, session.ErrOverloaded):
		f.Overloaded++
		time.Sleep(roundTrip)
	default:
		f.Wrong++
	}
}
