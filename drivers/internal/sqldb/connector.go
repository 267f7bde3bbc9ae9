package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"time"
)

// Connector bounds how long connecting may take, for callers without a deadline too, and words its errors.
type Connector struct {
	driver.Connector

	// Timeout is for the whole of it, from the look-up of the host to the server's welcome.
	Timeout time.Duration

	// Word says what went wrong without a user's name or anything else of the URL but host and port.
	Word func(err error) string
}

// Connect opens a connection, or returns an error that wraps the client's own.
func (c Connector) Connect(ctx context.Context) (driver.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	conn, err := c.Connector.Connect(ctx)
	if err == nil {
		return conn, nil
	}
	text := c.Word(err)
	if deadline, _ := ctx.Deadline(); !time.Now().Before(deadline) {
		err = errors.Join(err, context.DeadlineExceeded) // the network may have noticed before the context did
	}
	return nil, &Error{Text: "connect: " + text, Err: err}
}

// Error keeps a client's error for errors.Is and errors.As, and its text to itself.
type Error struct {
	Text string
	Err  error
}

func (e *Error) Error() string { return e.Text }

// Unwrap returns the client's error.
func (e *Error) Unwrap() error { return e.Err }
