package mysql

import (
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/limpet-go/limpet/drivers/internal/sqldb"
	"github.com/limpet-go/limpet/internal/storeurl"
	"github.com/limpet-go/limpet/session"
)

// init registers the schemes. If the program has registered one of that name before, the program's stays.
func init() {
	for _, scheme := range []string{"mysql", "mariadb"} {
		_ = session.RegisterStoreScheme(scheme, func(u *url.URL) (session.SessionStore, error) {
			store, err := openURL(u)
			if err != nil {
				return nil, storeurl.Checked(err)
			}
			return store, nil
		})
	}
}

func openURL(u *url.URL, opts ...Option) (*session.SQLStore, error) {
	t, err := parse(u)
	if err != nil {
		return nil, err
	}
	c, err := t.connector()
	if err != nil {
		return nil, err
	}
	o := options{store: t.store}
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	store, err := sqldb.Open(c, t.maxConns, append(o.store, session.WithSQLDialect(session.DialectMySQL))...)
	if err != nil {
		return nil, wordOpen(err)
	}
	return store, nil
}

func parse(u *url.URL) (*target, error) {
	if err := checkShape(u); err != nil {
		return nil, err
	}
	params, err := storeurl.Params(u, known...)
	if err != nil {
		return nil, err
	}
	password, _ := u.User.Password()
	t := &target{user: u.User.Username(), password: password, database: strings.TrimPrefix(u.Path, "/")}
	for _, text := range []string{t.user, t.password, t.database} {
		if strings.ContainsRune(text, 0) {
			return nil, errors.New("the URL is not text")
		}
	}
	if err := t.setAddress(u, params); err != nil {
		return nil, err
	}
	return t, t.setParams(params)
}

// checkShape refuses what is more likely a special character in a password than a wish. An error must not repeat it.
func checkShape(u *url.URL) error {
	switch {
	case u.Opaque != "":
		return errors.New("no // after the scheme: write mysql://user@host/database")
	case u.Fragment != "":
		return errors.New("a # must be written %23")
	case strings.Contains(u.EscapedPath(), "@"):
		return errors.New("a / in a user or password must be written %2F, an @ in a database's name %40")
	}
	return nil
}

// setAddress reads host:port, or the parameter socket in its place.
func (t *target) setAddress(u *url.URL, params sqldb.Params) error {
	socket, err := params.Text("socket", "")
	switch {
	case err != nil:
		return err
	case socket != "" && u.Host != "":
		return errors.New("the server is named twice: by a host and by the parameter socket")
	case socket != "":
		t.network, t.address = "unix", socket
		return nil
	}
	host, port := u.Hostname(), u.Port()
	if n, err := strconv.ParseUint(port, 10, 16); port != "" && (err != nil || n == 0) {
		return errors.New("the port is not a number from 1 to 65535")
	}
	if strings.ContainsAny(host, ",\x00") || strings.Contains(host, ":") && net.ParseIP(strings.SplitN(host, "%", 2)[0]) == nil {
		return errors.New("the host is not one")
	}
	if host == "" {
		host = "127.0.0.1"
	}
	if port == "" {
		port = "3306"
	}
	t.network, t.address = "tcp", net.JoinHostPort(host, port)
	return nil
}
