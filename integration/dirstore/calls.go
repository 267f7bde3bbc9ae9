package dirstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// do waits for its turn and runs work, which uses the disk and cannot be interrupted. When ctx ends first, do returns and
// work goes on by itself: it must not touch what belongs to the caller, and the caller must not look at what it leaves.
func (s *Store) do(ctx context.Context, what string, work func() error) error {
	if err := s.ready(); err != nil {
		return err
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return failed(what, ctx.Err())
	}
	if err := errors.Join(s.ready(), ctx.Err()); err != nil { // the wait for the turn took until now
		<-s.turn
		return failed(what, err)
	}
	done := make(chan error, 1) // has room, for nobody may be there to take it
	go func() {
		defer func() { <-s.turn }()
		done <- work()
	}()
	select {
	case err := <-done:
		return failed(what, err)
	case <-ctx.Done():
		return failed(what, ctx.Err())
	}
}

// bounded gives a context without a deadline one.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, callTimeout)
}

// failed says what failed, and not where: a path gives the session's ID away.
func failed(what string, err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &link):
		err = link.Err
	}
	return fmt.Errorf("dirstore: %s: %w", what, err)
}
