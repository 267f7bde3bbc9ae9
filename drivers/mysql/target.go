package mysql

import (
	"database/sql/driver"
	"errors"
	"strings"
	"time"

	client "github.com/go-sql-driver/mysql"

	"github.com/limpet-go/limpet/drivers/internal/sqldb"
	"github.com/limpet-go/limpet/session"
)

// known are the parameters a URL may have; doc.go says what they mean.
var known = []string{
	"socket", "table", "max_conns",
	"tls", "tls_ca", "tls_cert", "tls_key",
	"connect_timeout", "read_timeout", "write_timeout", "application_name",
}

// target is what a URL says.
type target struct {
	user, password   string
	network, address string
	database         string
	tls              security
	connectTimeout   time.Duration
	readTimeout      time.Duration
	writeTimeout     time.Duration
	application      string
	maxConns         int
	store            []session.SQLStoreOption
}

func (t *target) setParams(p sqldb.Params) error {
	table, err := p.Text("table", "")
	if err != nil {
		return err
	}
	if table != "" {
		t.store = append(t.store, session.WithSQLTableName(table))
	}
	if t.maxConns, err = p.Count("max_conns", sqldb.DefaultMaxConns); err != nil {
		return err
	}
	if t.application, err = p.Text("application_name", "limpet"); err != nil {
		return err
	}
	if strings.ContainsAny(t.application, ",:") {
		return errors.New("application_name holds a comma or a colon")
	}
	if err := t.setTimes(p); err != nil {
		return err
	}
	t.tls, err = newSecurity(p, t.network)
	return err
}

func (t *target) setTimes(p sqldb.Params) (err error) {
	if t.connectTimeout, err = p.Duration("connect_timeout", sqldb.DefaultConnectTimeout, time.Second); err != nil {
		return err
	}
	if t.readTimeout, err = p.Duration("read_timeout", 0, time.Second); err != nil {
		return err
	}
	t.writeTimeout, err = p.Duration("write_timeout", 0, time.Second)
	return err
}

// connector connects to the server. Nothing is set in its sessions but autocommit, without which a lone write would be
// rolled back in the end: no zone, no mode, no isolation level.
func (t *target) connector() (driver.Connector, error) {
	config := client.NewConfig()
	config.User, config.Passwd = t.user, t.password
	config.Net, config.Addr, config.DBName = t.network, t.address, t.database
	config.TLS, config.AllowFallbackToPlaintext = t.tls.config, t.tls.optional
	config.ReadTimeout, config.WriteTimeout = t.readTimeout, t.writeTimeout
	config.Params = map[string]string{"autocommit": "1"}
	config.ConnectionAttributes = "program_name:" + t.application
	config.RejectReadOnly = true // a server that was demoted: its connections are closed, and new ones find the primary
	config.Logger = &client.NopLogger{}
	c, err := client.NewConnector(config)
	if err != nil {
		return nil, errors.New("client settings: refused")
	}
	return connector{sqldb.Connector{Connector: c, Timeout: t.connectTimeout, Word: word}}, nil
}
