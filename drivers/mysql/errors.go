package mysql

import (
	"database/sql/driver"
	"errors"
	"fmt"

	client "github.com/go-sql-driver/mysql"

	"github.com/limpet-go/limpet/drivers/internal/sqldb"
)

// said are words for what servers say with the user's name in it.
var said = map[uint16]string{
	1044: "the user may not use the database",
	1045: "the server refuses the user or the password",
	1049: "the database does not exist",
	1130: "the server does not let clients in from here",
	1142: "the user lacks a right on the table (SELECT, INSERT, UPDATE, DELETE, and CREATE for the first start)",
	1203: "the server has no connection left for this user",
	1226: "the user has used up a limit of the server",
	1698: "the server refuses the user or the password",
}

// word describes a failure to connect.
func word(err error) string {
	var e *client.MySQLError
	switch {
	case !errors.As(err, &e):
		return err.Error()
	case said[e.Number] != "":
		return fmt.Sprintf("%s (error %d)", said[e.Number], e.Number)
	}
	return e.Error()
}

// wordOpen describes a failure to open the store in the same way.
func wordOpen(err error) error {
	var e *client.MySQLError
	switch {
	case errors.As(err, &e) && said[e.Number] != "":
		return &sqldb.Error{Text: word(e), Err: err}
	case errors.Is(err, driver.ErrBadConn):
		return &sqldb.Error{Text: "the server breaks off, or is read-only", Err: err}
	}
	return err
}
