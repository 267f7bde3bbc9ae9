package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

const (
	opening       = 64               // tabs that open at once
	openTimeout   = 2 * time.Minute  // for all of them
	settleTimeout = 30 * time.Second // for the last input to become durable
	shownErrors   = 5
)

type options struct {
	tabs     int
	duration time.Duration
	rate     float64 // inputs a second of a tab
	store    string
}

// inputs is how many inputs each tab sends, period apart.
func (o options) inputs() (n int, period time.Duration) {
	return int(o.duration.Seconds() * o.rate), time.Duration(float64(time.Second) / o.rate)
}

// run does all of it. The report is nil if it did not come as far as measuring; the error says what was lost.
func run(ctx context.Context, o options) (*report, error) {
	if n, _ := o.inputs(); o.tabs < 1 || n < 1 {
		return nil, errors.New("nothing to send: -tabs, -duration and -rate must be positive")
	}
	if o.store == "" {
		dir, err := os.MkdirTemp("", "livetabs-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		o.store = "sqlite://" + filepath.ToSlash(filepath.Join(dir, "sessions.db"))
	}
	cfg := nodeConfig{Key: make([]byte, 32), Store: o.store}
	_, _ = rand.Read(cfg.Key) // never fails
	transport := &http.Transport{MaxIdleConnsPerHost: opening}
	defer transport.CloseIdleConnections()
	tabs := make([]*tab, o.tabs)
	for i := range tabs {
		tabs[i] = newTab(transport)
	}
	r, err := load(ctx, o, cfg, tabs)
	if err != nil {
		return r, err
	}
	return r, comeBack(ctx, cfg, tabs, r)
}

// load opens the tabs on a new node, lets them send, measures, and kills the node once all is durable.
func load(ctx context.Context, o options, cfg nodeConfig, tabs []*tab) (_ *report, err error) {
	node, err := startNode(cfg)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, node.kill()) }()
	r := &report{options: o}
	if r.idle, err = node.usage(); err != nil {
		return nil, err
	}
	start := time.Now()
	if err := openAll(ctx, tabs, func(ctx context.Context, t *tab) error { return t.open(ctx, node.url) }); err != nil {
		return nil, err
	}
	r.opened = time.Since(start)
	return r, r.measure(ctx, node, tabs)
}

// measure lets open tabs send, fills the report in and kills the node under its connected tabs.
func (r *report) measure(ctx context.Context, node *child, tabs []*tab) (err error) {
	var ending atomic.Bool
	var receivers sync.WaitGroup
	for _, t := range tabs {
		receivers.Go(func() {
			if err := t.receive(ctx); !ending.Load() {
				fmt.Fprintln(os.Stderr, "livetabs: socket ended early:", err) // its inputs will be missed below
			}
		})
	}
	defer func() {
		ending.Store(true)
		err = errors.Join(err, node.kill())
		receivers.Wait()
	}()
	inputs, period := r.options.inputs()
	err = each(tabs, func(i int, t *tab) error {
		return t.send(ctx, inputs, period*time.Duration(i)/time.Duration(len(tabs)), period)
	})
	sent := time.Now()
	settling, stop := context.WithTimeout(ctx, settleTimeout)
	defer stop()
	err = errors.Join(err, each(tabs, func(_ int, t *tab) error { return t.settle(settling) }))
	r.durable = time.Since(sent)
	for _, t := range tabs {
		t.mu.Lock()
		r.trips = append(r.trips, t.trips...)
		r.sent += len(t.sentAt)
		r.shown += t.count
		t.mu.Unlock()
	}
	var e error
	r.busy, e = node.usage()
	return errors.Join(err, e)
}

// comeBack starts a node on what the killed one left, resumes every tab there and compares.
func comeBack(ctx context.Context, cfg nodeConfig, tabs []*tab, r *report) (err error) {
	node, err := startNode(cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, node.stop()) }()
	start := time.Now()
	err = openAll(ctx, tabs, func(ctx context.Context, t *tab) error { return t.resume(ctx, node.url) })
	r.resumed = time.Since(start)
	for _, t := range tabs {
		r.kept += t.count
		if t.conn != nil {
			_ = t.conn.Cut() // the node lives on and saves the session
		}
	}
	return err
}

// openAll opens tabs, a few at once.
func openAll(ctx context.Context, tabs []*tab, open func(context.Context, *tab) error) error {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	slots := make(chan struct{}, opening)
	return each(tabs, func(_ int, t *tab) error {
		slots <- struct{}{}
		defer func() { <-slots }()
		return open(ctx, t)
	})
}

// each runs do for all tabs at once. The error names how many failed, and the first reasons.
func each(tabs []*tab, do func(i int, t *tab) error) error {
	failures := make([]error, len(tabs))
	var wg sync.WaitGroup
	for i, t := range tabs {
		wg.Go(func() { failures[i] = do(i, t) })
	}
	wg.Wait()
	return summary(failures)
}

func summary(failures []error) error {
	var first []error
	failed := 0
	for i, err := range failures {
		if err == nil {
			continue
		}
		if failed++; failed <= shownErrors {
			first = append(first, fmt.Errorf("tab %d: %w", i, err))
		}
	}
	if failed == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d tabs failed:\n%w", failed, len(failures), errors.Join(first...))
}
