package mysql

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/limpet-go/limpet/drivers/internal/sqldb"
)

// clientConn is all that the client's connections do for database/sql.
type clientConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// connector makes connections that end their transactions in time.
type connector struct{ sqldb.Connector }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	made, err := c.Connector.Connect(ctx)
	if whole, ok := made.(clientConn); ok {
		return conn{whole}, err
	}
	return made, err
}

// conn is a client's connection whose transactions keep to their context to the end, and begin no other whatever the
// server's completion_type. The client's own would wait for as long as a read may take when a server falls silent at
// COMMIT.
type conn struct{ clientConn }

func (c conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if _, err := c.clientConn.BeginTx(ctx, opts); err != nil {
		return nil, err
	}
	return transaction{ctx, c}, nil
}

// Close is quiet about a connection that was broken already: nothing is lost with it.
func (c conn) Close() error {
	_ = c.clientConn.Close()
	return nil
}

type transaction struct {
	ctx  context.Context
	conn conn
}

func (t transaction) Commit() error {
	_, err := t.conn.ExecContext(t.ctx, "COMMIT AND NO CHAIN NO RELEASE", nil)
	return err
}

// Rollback gives the connection up if it cannot say so to the server, which then rolls back by itself.
func (t transaction) Rollback() error {
	if _, err := t.conn.ExecContext(t.ctx, "ROLLBACK AND NO CHAIN NO RELEASE", nil); err != nil {
		return errors.Join(driver.ErrBadConn, err)
	}
	return nil
}
