package session

import (
	"context"
	"time"
)

// Ping asks the database for a row of the table that no session has. See Pinger for the contract.
func (s *SQLStore) Ping(ctx context.Context) error {
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer done()
	return s.failed("ping", s.ask(ctx, s.dialect.load("", time.Now())))
}
