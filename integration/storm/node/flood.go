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

// flood asks for IDs that nobody has, as fast as they are answered: every other one could be a session's.
func (n *node) flood(seed uint64, ids int) (f storm.Flood) {
	var next atomic.Int64
	var mu sync.Mutex
	var wg sync.WaitGroup
	began := time.Now()
	for range flooders {
		wg.Go(func() {
			var own storm.Flood
			for i := int(next.Add(1)); i <= ids; i = int(next.Add(1)) {
				n.ask(seed, i, &own)
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
func (n *node) ask(seed uint64, i int, f *storm.Flood) {
	forged := i%2 == 1
	id := storm.StrangerID(seed, i)
	if forged {
		id = storm.ForgedID(seed, i/2)
	}
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
