package main

import (
	"context"
	"errors"
	"time"

	"github.com/limpet-go/limpet/integration/storm"
	"github.com/limpet-go/limpet/session"
)

// drain saves everything and returns the code to exit with.
func (n *node) drain() int {
	ctx, cancel := context.WithTimeout(context.Background(), n.cfg.Deadline)
	defer cancel()
	began := time.Now()
	err := n.shutdown(ctx)
	d := storm.Drained{Took: time.Since(began), Failed: err != nil}
	var unsaved *session.NotSavedError
	if errors.As(err, &unsaved) {
		d.Unsaved, d.Sum = len(unsaved.SessionIDs), storm.Sum(unsaved.SessionIDs)
	}
	n.out.write(storm.Line{Drain: &d})
	switch {
	case unsaved != nil:
		n.log.Error("node: not everything was saved", "unsaved", unsaved)
	case err != nil:
		n.log.Error("node: shutdown failed", "error", err)
	default:
		return 0
	}
	return exitUnsaved
}

func (n *node) shutdown(ctx context.Context) error {
	if n.host != nil {
		return errors.Join(n.host.Shutdown(ctx), n.store.Close())
	}
	if n.manager == nil {
		return nil
	}
	return errors.Join(n.manager.Shutdown(ctx), n.store.Close())
}
