package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/limpet-go/limpet/integration/storm"
	"github.com/limpet-go/limpet/session"
)

const maxFailures = 10 // that are told

// arrivals is a resume of every session under way.
type arrivals struct {
	n          *node
	within     time.Duration
	overloaded atomic.Int64

	mu     sync.Mutex
	waits  []time.Duration
	report storm.Resume
}

// resume has every client come back at some moment of a time, each from its own address, and try until it is let in.
func (n *node) resume(c storm.Command) *storm.Resume {
	a := &arrivals{n: n, within: c.Within}
	a.report.Versions = make([]uint64, len(n.members))
	ids := strangers(c.Seed, c.Flood)
	n.store.Take()
	watch := startWatch()
	began := time.Now()
	var clients, flood sync.WaitGroup
	flood.Go(func() { a.report.Flood = n.flood(ids) })
	for _, x := range n.members {
		clients.Go(func() { a.arrive(x) })
	}
	clients.Wait()
	a.report.All = time.Since(began)
	flood.Wait()
	a.report.Store = n.store.Take()
	a.report.Connected = n.manager.Stats().Connected
	watch.end(&a.report)
	a.percentiles()
	a.report.Overloaded = int(a.overloaded.Load())
	return &a.report
}

// arrive is one client.
func (a *arrivals) arrive(x *member) {
	time.Sleep(rand.N(a.within + 1))
	began := time.Now()
	version, err := a.connect(x)
	took := time.Since(began)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.report.Versions[x.index] = version
	switch {
	case err == nil:
		a.waits = append(a.waits, took)
	case len(a.report.Failures) < maxFailures:
		a.report.Failures = append(a.report.Failures, fmt.Sprintf("session %d: %v", x.index, err))
	}
}

func (a *arrivals) connect(x *member) (uint64, error) {
	attachment, err := a.insist(x)
	if err != nil {
		return 0, err
	}
	version, err := storm.Version(x.id, attachment.Data())
	if err != nil {
		return 0, err
	}
	x.version.Store(version)
	x.attachment = attachment
	return version, attachment.Connect(x.managed())
}

// insist comes back as often, and as late, as the node wants it.
func (a *arrivals) insist(x *member) (*session.Attachment, error) {
	for {
		attachment, err := a.n.manager.ResumeFrom(context.Background(), x.id, storm.Addr(x.index))
		var overloaded *session.OverloadedError
		if !errors.As(err, &overloaded) {
			return attachment, err
		}
		a.overloaded.Add(1)
		time.Sleep(overloaded.RetryAfter + rand.N(overloaded.RetryAfter/2+1))
	}
}

func (a *arrivals) percentiles() {
	slices.Sort(a.waits)
	if len(a.waits) == 0 {
		return
	}
	at := func(p int) time.Duration { return a.waits[(len(a.waits)-1)*p/100] }
	a.report.P50, a.report.P99, a.report.Longest = at(50), at(99), at(100)
}
