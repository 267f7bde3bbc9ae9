package dirstore

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"os"

	"github.com/limpet-go/limpet/session"
)

// do runs work, which uses the disk and cannot be interrupted. When ctx ends first, do returns, and work goes on by
// itself: it must not touch what belongs to the caller, and the caller must not look at what it leaves behind.
func (s *Store) do(ctx context.Context, what string, work func(ctx context.Context) error) error {
	s.mu.RLock()
	if s.closed {
		s.mu.RUnlock()
		return session.ErrStoreClosed{}
	}
	s.running.Add(1)
	s.mu.RUnlock()
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, callTimeout)
		defer cancel()
	}
	done := make(chan error, 1) // has room, for nobody may be there to take it
	go func() {
		defer s.running.Done()
		done <- s.inTurn(ctx, work)
	}()
	select {
	case err := <-done:
		return failed(what, err)
	case <-ctx.Done():
		return failed(what, ctx.Err())
	}
}

// inTurn waits until few enough calls use the disk. Work whose caller has given up by then is not begun.
func (s *Store) inTurn(ctx context.Context, work func(ctx context.Context) error) error {
	select {
	case s.calls <- struct{}{}:
		defer func() { <-s.calls }()
	case <-ctx.Done():
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return work(ctx)
}

// locked is for work on one session. Work that waited until its caller had given up is not begun.
func (s *Store) locked(ctx context.Context, id string, work func() error) error {
	lock := &s.locks[maphash.String(s.seed, id)%uint64(len(s.locks))]
	lock.Lock()
	defer lock.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	return work()
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
