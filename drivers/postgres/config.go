package postgres

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// readOnlyTransaction is the SQLSTATE of a write that a standby, or a server that was demoted, refuses.
const readOnlyTransaction = "25006"

// config returns the client's configuration. What the URL leaves out comes from libpq's environment variables and files.
func (t *target) config() (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(t.keywords())
	if err != nil {
		return nil, parseError(err)
	}
	if t.password != "" {
		config.Password = t.password // not in the keywords: the client keeps them, and quotes them in errors
	}
	config.ConnectTimeout = t.connectTimeout
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "limpet"
	}
	fatal := config.OnPgError
	config.OnPgError = func(conn *pgconn.PgConn, err *pgconn.PgError) bool {
		return err.Code != readOnlyTransaction && fatal(conn, err) // false closes the connection: the next finds the primary
	}
	return config, nil
}

// keywords returns a connection string of keyword='value' pairs.
func (t *target) keywords() string {
	var list []string
	add := func(keyword, value string) {
		if value != "" {
			list = append(list, keyword+"='"+strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value)+"'")
		}
	}
	add("user", t.user)
	add("dbname", t.database)
	if named(t.hosts) {
		add("host", strings.Join(t.hosts, ","))
	}
	if named(t.ports) {
		add("port", strings.Join(t.ports, ","))
	}
	for keyword, value := range t.client {
		add(keyword, value)
	}
	// The client counts whole seconds here; config sets it exactly.
	add("connect_timeout", strconv.Itoa(int(t.connectTimeout.Seconds())+1))
	slices.Sort(list)
	return strings.Join(list, " ")
}

// named reports whether a list says more than commas do.
func named(list []string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return s != "" })
}

// parseError leaves out the connection string.
func parseError(err error) error {
	if cause := errors.Unwrap(err); cause != nil {
		return fmt.Errorf("client settings: %w", cause)
	}
	return errors.New("client settings: refused (libpq's environment variables are among them)")
}
