package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/limpet-go/limpet/drivers/internal/sqldb"
)

// connector connects to the first host that will do. Each may take the timeout for each of two addresses.
func (t *target) connector(config *pgx.ConnConfig) driver.Connector {
	return sqldb.Connector{
		Connector: stdlib.GetConnector(*config, stdlib.OptionShouldPing(shouldPing)),
		Timeout:   2 * time.Duration(len(t.hosts)) * t.connectTimeout,
		Word:      word,
	}
}

// shouldPing asks for a round trip before a connection is used again: when it was idle for long enough to have been cut
// off silently, and when the server has said something unasked, which is mostly good-bye.
func shouldPing(_ context.Context, p stdlib.ShouldPingParams) bool {
	return p.IdleDuration > time.Second || readable(p.Conn.PgConn().Conn())
}

// word describes a failure to connect, once for each host that failed in another way.
func word(err error) string {
	var failed *pgconn.ConnectError
	if errors.As(err, &failed) {
		err = failed.Unwrap() // without user and database
	}
	attempts := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		attempts = joined.Unwrap()
	}
	var texts []string
	for _, attempt := range attempts {
		texts = append(texts, wordAttempt(attempt))
	}
	return strings.Join(slices.Compact(texts), "; ")
}

// wordAttempt puts its own words for the messages of servers that name the user.
func wordAttempt(err error) string {
	var said *pgconn.PgError
	if !errors.As(err, &said) {
		return err.Error()
	}
	text := said.Message
	switch said.Code {
	case "28P01":
		text = "the server refuses the user or the password"
	case "28000":
		text = "the server does not let this user in from here (see its pg_hba.conf: address, TLS, user)"
	case "3D000":
		text = "the database does not exist"
	case "53300":
		text = "the server has no connection left for this user"
	}
	return text + " (SQLSTATE " + said.Code + ")"
}
