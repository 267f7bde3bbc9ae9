package postgres

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/limpet-go/limpet/drivers/internal/sqldb"
	"github.com/limpet-go/limpet/internal/storeurl"
	"github.com/limpet-go/limpet/session"
)

// init registers the schemes. If the program has registered one of that name before, the program's stays.
func init() {
	for _, scheme := range []string{"postgres", "postgresql"} {
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
	config, err := t.config()
	if err != nil {
		return nil, err
	}
	o := options{store: t.store}
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	return sqldb.Open(t.connector(config), t.maxConns, append(o.store, session.WithSQLDialect(session.DialectPostgreSQL))...)
}

// target is what a URL says.
type target struct {
	user, password string
	hosts, ports   []string // of the same length; an empty port is the default one
	database       string
	client         map[string]string // the client's and the server's settings
	connectTimeout time.Duration     // for each host
	maxConns       int
	store          []session.SQLStoreOption
}

func parse(u *url.URL) (target, error) {
	var t target
	if err := checkShape(u); err != nil {
		return t, err
	}
	t.database = strings.TrimPrefix(u.Path, "/")
	t.user = u.User.Username()
	t.password, _ = u.User.Password()
	params, err := storeurl.Params(u, known...)
	if err != nil {
		return t, err
	}
	if t.hosts, t.ports, err = addresses(u.Host, params); err != nil {
		return t, err
	}
	if err := t.setParams(params); err != nil {
		return t, err
	}
	return t, t.check()
}

// checkShape refuses what is more likely a special character in a password than a wish. An error must not repeat it.
func checkShape(u *url.URL) error {
	switch {
	case u.Opaque != "":
		return errors.New("no // after the scheme: write postgres://user@host/database")
	case u.Fragment != "":
		return errors.New("a # must be written %23")
	case strings.Contains(u.EscapedPath(), "@"):
		return errors.New("a / in a user or password must be written %2F, an @ in a database's name %40")
	}
	return nil
}

// addresses reads host:port,host:port, or the parameters host and port in its place: libpq's way to name the directory
// of a socket, and several IPv6 addresses.
func addresses(authority string, params sqldb.Params) (hosts, ports []string, err error) {
	if params["host"] != "" || params["port"] != "" {
		return fromParams(authority, params)
	}
	for element := range strings.SplitSeq(authority, ",") {
		host, port := element, ""
		if i := strings.LastIndexByte(element, ':'); i >= 0 && !strings.HasSuffix(element, "]") {
			host, port = element[:i], element[i+1:]
		}
		if inside, ok := strings.CutPrefix(host, "["); ok {
			host = strings.TrimSuffix(inside, "]")
		} else if strings.Contains(host, ":") {
			return nil, nil, errors.New("the hosts are not host:port,host:port (an IPv6 address stands in brackets)")
		}
		hosts, ports = append(hosts, host), append(ports, port)
	}
	return hosts, ports, nil
}

func fromParams(authority string, params sqldb.Params) (hosts, ports []string, err error) {
	if authority != "" {
		return nil, nil, errors.New("the host is named twice: before the path and by the parameters host and port")
	}
	hosts, ports = strings.Split(params["host"], ","), strings.Split(params["port"], ",")
	if len(ports) == 1 {
		for range len(hosts) - 1 {
			ports = append(ports, ports[0])
		}
	}
	if len(ports) != len(hosts) {
		return nil, nil, errors.New("port does not name as many ports as host names hosts")
	}
	return hosts, ports, nil
}

// check refuses NUL, at which a server stops reading, and ports that are none.
func (t *target) check() error {
	for _, text := range append([]string{t.user, t.password, t.database}, t.hosts...) {
		if strings.ContainsRune(text, 0) {
			return errors.New("the URL is not text")
		}
	}
	for _, port := range t.ports {
		if n, err := strconv.ParseUint(port, 10, 16); port != "" && (err != nil || n == 0) {
			return errors.New("a port is not a number from 1 to 65535")
		}
	}
	return nil
}
