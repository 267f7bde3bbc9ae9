package redis

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"
	"time"

	"github.com/limpet-go/limpet/drivers/internal/sqldb"
	"github.com/limpet-go/limpet/session"
)

// known are the parameters a URL may have; doc.go says what they mean.
var known = []string{
	"prefix", "db", "pool_size", "dial_timeout", "read_timeout", "write_timeout",
	"tls_ca", "tls_cert", "tls_key", "tls_server_name",
	"master_name", "sentinel_user", "sentinel_password",
}

func (c *config) setParams(p sqldb.Params, useTLS bool) error {
	if prefix, ok := p["prefix"]; ok {
		c.store = append(c.store, session.WithRedisPrefix(prefix))
	}
	return errors.Join(c.setBounds(p), c.setSentinel(p), c.setTLS(p, useTLS))
}

func (c *config) setBounds(p sqldb.Params) (err error) {
	if c.poolSize, err = p.Count("pool_size", 0); err != nil {
		return err
	}
	for _, bound := range []struct {
		name string
		set  *time.Duration
		def  time.Duration
	}{
		{"dial_timeout", &c.dialTimeout, defaultDialTimeout},
		{"read_timeout", &c.readTimeout, defaultCallTimeout},
		{"write_timeout", &c.writeTimeout, defaultCallTimeout},
	} {
		if *bound.set, err = p.Duration(bound.name, bound.def, time.Second); err != nil {
			return err
		}
	}
	return nil
}

func (c *config) setSentinel(p sqldb.Params) (err error) {
	if c.master, err = p.Text("master_name", ""); err != nil {
		return err
	}
	c.sentinelUser, c.sentinelPassword = p["sentinel_user"], p["sentinel_password"]
	switch {
	case c.master != "" && c.cluster:
		return errors.New("a Cluster has no Sentinels: master_name is not for it")
	case c.master == "" && c.sentinelUser+c.sentinelPassword != "":
		return errors.New("sentinel_user and sentinel_password need master_name")
	case c.sentinelUser != "" && c.sentinelPassword == "":
		return errors.New("sentinel_user needs sentinel_password")
	}
	return nil
}

func (c *config) setTLS(p sqldb.Params, useTLS bool) error {
	if !useTLS {
		for name := range p {
			if strings.HasPrefix(name, "tls_") {
				return errors.New(name + " needs TLS: rediss:// or rediss+cluster://")
			}
		}
		return nil
	}
	name, err := p.Text("tls_server_name", "")
	if err != nil {
		return err
	}
	c.tls = &tls.Config{MinVersion: tls.VersionTLS12, ServerName: name}
	return errors.Join(c.setAuthority(p), c.setCertificate(p))
}

func (c *config) setAuthority(p sqldb.Params) error {
	pem, err := p.File("tls_ca")
	if err != nil || pem == nil {
		return err
	}
	c.tls.RootCAs = x509.NewCertPool()
	if !c.tls.RootCAs.AppendCertsFromPEM(pem) {
		return errors.New("tls_ca: no certificate in the file")
	}
	return nil
}

func (c *config) setCertificate(p sqldb.Params) error {
	cert, certErr := p.File("tls_cert")
	key, keyErr := p.File("tls_key")
	if err := errors.Join(certErr, keyErr); err != nil {
		return err
	}
	if cert == nil && key == nil {
		return nil
	}
	if cert == nil || key == nil {
		return errors.New("tls_cert and tls_key go together")
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return errors.New("tls_cert and tls_key are not a certificate and its key")
	}
	c.tls.Certificates = []tls.Certificate{pair}
	return nil
}
