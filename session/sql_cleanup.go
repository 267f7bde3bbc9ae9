package session

import (
	"context"
	"log/slog"
	"time"
)

// cleanup deletes the rows of expired sessions at every interval until ctx ends.
func (s *SQLStore) cleanup(ctx context.Context, interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := s.sweep(ctx); err != nil && ctx.Err() == nil {
			slog.Warn("session: expired rows not deleted", "error", err)
		}
	}
}

// sweep deletes expired rows in small batches, so that other writers get their turn in between.
func (s *SQLStore) sweep(ctx context.Context) error {
	for {
		deleted, err := s.sweepOnce(ctx)
		if err != nil || deleted < sweepRows {
			return err
		}
	}
}

func (s *SQLStore) sweepOnce(ctx context.Context) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, sqlCallTimeout)
	defer cancel()
	return s.runner.run(ctx, s.dialect.sweep(time.Now()))
}
