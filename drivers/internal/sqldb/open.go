package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"time"

	"github.com/limpet-go/limpet/session"
)

const (
	// DefaultMaxConns is few enough for several nodes to share a server as it comes out of the box.
	DefaultMaxConns = 10

	// DefaultConnectTimeout tells a dead host from a slow one well before a call's own deadline.
	DefaultConnectTimeout = 5 * time.Second

	// Connections that idle are closed before the firewalls, balancers and servers between do it unasked, and all are
	// renewed now and then, so that they follow a name that points elsewhere.
	maxIdleTime = 3 * time.Minute
	maxLifetime = 30 * time.Minute

	openTimeout = 30 * time.Second
)

// Open returns a store on a pool of connections of its own, with its table. It fails within half a minute.
func Open(c driver.Connector, maxConns int, opts ...session.SQLStoreOption) (*session.SQLStore, error) {
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxConns)
	db.SetConnMaxIdleTime(maxIdleTime)
	db.SetConnMaxLifetime(maxLifetime)
	store := session.NewSQLStore(db, append(opts, session.WithSQLOwnedDB())...)
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()
	if err := store.CreateTable(ctx); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}
