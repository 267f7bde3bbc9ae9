package mysql

import (
	"crypto/tls"
	"crypto/x509"
	"errors"

	"github.com/limpet-go/limpet/drivers/internal/sqldb"
)

// security is how connections are secured. No config is no TLS.
type security struct {
	config   *tls.Config
	optional bool // a server that offers no TLS is used without
}

// newSecurity reads the parameters of TLS. Without them, TLS is used when a server across a network offers it.
func newSecurity(p sqldb.Params, network string) (security, error) {
	def := "preferred"
	switch {
	case p["tls_ca"] != "" || p["tls_cert"] != "":
		def = "true"
	case network == "unix":
		def = "false"
	}
	if p["tls"] == "skip-verify" {
		return security{}, errors.New("tls=skip-verify is not supported: anybody could stand between; trust the server's authority with tls_ca")
	}
	mode, err := p.Choice("tls", def, "false", "preferred", "true")
	if err != nil {
		return security{}, err
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if err := errors.Join(setCA(config, p), setCertificate(config, p)); err != nil {
		return security{}, err
	}
	switch mode {
	case "false":
		return security{}, nil
	case "preferred":
		config.InsecureSkipVerify = true // a server that offers none is used too
	}
	if config.RootCAs != nil && config.InsecureSkipVerify {
		return security{}, errors.New("tls_ca has no effect unless tls is true")
	}
	return security{config: config, optional: mode == "preferred"}, nil
}

func setCA(config *tls.Config, p sqldb.Params) error {
	pem, err := p.File("tls_ca")
	if err != nil || pem == nil {
		return err
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return errors.New("tls_ca: no certificate in the file")
	}
	return nil
}

func setCertificate(config *tls.Config, p sqldb.Params) error {
	if (p["tls_cert"] == "") != (p["tls_key"] == "") {
		return errors.New("tls_cert and tls_key go together")
	}
	cert, err := p.File("tls_cert")
	if err != nil || cert == nil {
		return err
	}
	key, err := p.File("tls_key")
	if err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return errors.New("tls_cert and tls_key are not a certificate and its key")
	}
	config.Certificates = []tls.Certificate{pair}
	return nil
}
