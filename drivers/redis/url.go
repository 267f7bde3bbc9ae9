package redis

import (
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/limpet-go/limpet/internal/storeurl"
	"github.com/limpet-go/limpet/session"
)

// init registers the schemes. If the program has registered one of that name before, the program's stays.
func init() {
	for scheme := range schemes {
		_ = session.RegisterStoreScheme(scheme, func(u *url.URL) (session.SessionStore, error) {
			store, err := openURL(u)
			if err != nil {
				return nil, storeurl.Checked(err)
			}
			return store, nil
		})
	}
}

var schemes = map[string]struct{ cluster, tls bool }{
	"redis":          {},
	"rediss":         {tls: true},
	"redis+cluster":  {cluster: true},
	"rediss+cluster": {cluster: true, tls: true},
}

// parse reads a URL. No error of it repeats any part of the URL but a parameter's name.
func parse(u *url.URL) (config, error) {
	var c config
	scheme, ok := schemes[u.Scheme]
	if !ok {
		return c, errors.New("want a URL that begins with redis://, rediss://, redis+cluster:// or rediss+cluster://")
	}
	if err := checkShape(u); err != nil {
		return c, err
	}
	c.cluster = scheme.cluster
	c.user = u.User.Username()
	c.password, _ = u.User.Password()
	p, err := storeurl.Params(u, known...)
	if err != nil {
		return c, err
	}
	if err := c.setParams(p, scheme.tls); err != nil {
		return c, err
	}
	return c, c.setPlace(u, p, scheme.tls)
}

// checkShape refuses what is more likely a special character in a password than a wish. An error must not repeat it.
func checkShape(u *url.URL) error {
	_, hasPassword := u.User.Password()
	switch {
	case u.Opaque != "":
		return errors.New("no // after the scheme: write redis://host:port")
	case u.Fragment != "":
		return errors.New("a # must be written %23")
	case strings.Contains(u.EscapedPath(), "@"):
		return errors.New("a / in a user or password must be written %2F")
	case u.User != nil && !hasPassword:
		return errors.New("a user without a password: write redis://user:password@host, or redis://:password@host")
	}
	return nil
}

// setPlace sets where the servers are: behind a socket when there is no host.
func (c *config) setPlace(u *url.URL, p map[string]string, tls bool) error {
	if u.Host == "" {
		return c.setSocket(u.Path, p["db"], tls)
	}
	if _, ok := p["db"]; ok {
		return errors.New("db is for sockets: with a host, the database is the path, as in redis://host:port/1")
	}
	if err := c.setAddrs(u.Host); err != nil {
		return err
	}
	if len(c.addrs) > 1 && !c.cluster && c.master == "" {
		return errors.New("several hosts are a Cluster's, as in redis+cluster://, or Sentinels, with master_name")
	}
	return c.setDatabase(strings.TrimPrefix(u.Path, "/"))
}

func (c *config) setSocket(path, database string, tls bool) error {
	switch {
	case path == "" || strings.Trim(path, "/0123456789") == "":
		return errors.New("no host (a socket is redis:///path/to/redis.sock)")
	case c.cluster || c.master != "" || tls:
		return errors.New("a socket is a single server's, without TLS: redis:///path/to/redis.sock")
	}
	c.network, c.addrs = "unix", []string{path}
	return c.setDatabase(database)
}

// setAddrs reads host:port,host:port.
func (c *config) setAddrs(hosts string) error {
	c.network = "tcp"
	port := "6379"
	if c.master != "" {
		port = "26379"
	}
	for host := range strings.SplitSeq(hosts, ",") {
		addr, err := withPort(host, port)
		if err != nil {
			return err
		}
		c.addrs = append(c.addrs, addr)
	}
	return nil
}

func withPort(host, port string) (string, error) {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host, port = host[:i], host[i+1:]
	}
	n, err := strconv.ParseUint(port, 10, 16)
	bare := strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if bare == "" || err != nil || n == 0 || strings.Contains(host, ":") && host == bare {
		return "", errors.New("the hosts are not host:port,host:port")
	}
	return net.JoinHostPort(bare, port), nil
}

func (c *config) setDatabase(text string) error {
	if text == "" {
		return nil
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return errors.New("the database is not a number")
	}
	if c.cluster && n != 0 {
		return errors.New("a Cluster has database 0 only")
	}
	c.database = int(n)
	return nil
}
