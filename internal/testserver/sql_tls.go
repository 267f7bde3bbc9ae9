package testserver

import (
	"os"
	"path/filepath"
	"testing"
)

// StartPostgresTLS starts a PostgreSQL server that offers TLS. URL does not use it; CAFile has the certificate to trust.
func StartPostgresTLS(tb testing.TB, args ...string) *Server {
	tb.Helper()
	as := unprivileged("postgres")
	cert, key, err := newCertificate(as)
	check(tb, err)
	s := StartPostgres(tb, append([]string{"-c", "ssl=on", "-c", "ssl_cert_file=" + cert, "-c", "ssl_key_file=" + key}, args...)...)
	s.caFile = cert
	return s
}

// StartMySQLTLS starts a MariaDB server that offers TLS. URL leaves it to the client; CAFile has the certificate to trust.
func StartMySQLTLS(tb testing.TB, args ...string) *Server {
	tb.Helper()
	cert, key, err := newCertificate(nil)
	check(tb, err)
	s := StartMySQL(tb, append([]string{"--ssl-cert=" + cert, "--ssl-key=" + key}, args...)...)
	s.caFile = cert
	return s
}

// newCertificate makes a certificate and its key, which its account alone may read, in a folder of their own.
func newCertificate(as *account) (cert, key string, err error) {
	dir, err := newDir("tls", as)
	if err != nil {
		return "", "", err
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if _, err := writeCertificate(cert, key); err != nil || as == nil {
		return cert, key, err
	}
	return cert, key, os.Chown(key, int(as.uid), int(as.gid))
}
