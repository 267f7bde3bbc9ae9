package testserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

const (
	aclUser     = "app"
	aclPassword = "a-tide-pool"
)

// StartRedisTLS starts a Redis server that speaks TLS only and lets in one user of its access control list only, who may run
// no command that Redis classes as dangerous. URL has the user and the password, CAFile the certificate to trust.
func StartRedisTLS(tb testing.TB, args ...string) *Server {
	tb.Helper()
	s, err := newRedisTLS(args...)
	return private(tb, s, err)
}

func newRedisTLS(args ...string) (*Server, error) {
	s, port, err := prepareRedis("redis-tls")
	if err != nil {
		return nil, err
	}
	cert, key, acl := filepath.Join(s.cmd.dir, "cert.pem"), filepath.Join(s.cmd.dir, "key.pem"), filepath.Join(s.cmd.dir, "users.acl")
	trust, err := writeCertificate(cert, key)
	if err != nil {
		return nil, err
	}
	users := "user default off\nuser " + aclUser + " on >" + aclPassword + " ~* &* +@all -@dangerous\n"
	if err := os.WriteFile(acl, []byte(users), 0o600); err != nil {
		return nil, err
	}
	s.url = "rediss://" + aclUser + ":" + aclPassword + "@" + s.addr + "/0"
	s.caFile = cert
	s.cmd.args = append(append(s.cmd.args, "--port", "0", "--tls-port", fmt.Sprint(port), "--aclfile", acl,
		"--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", cert, "--tls-auth-clients", "no"), args...)
	s.probe = login{addr: s.addr, user: aclUser, password: aclPassword, tls: &tls.Config{RootCAs: trust}}.ping
	return launch(s)
}

// writeCertificate makes a certificate for hostIP that is its own authority, and returns who trusts it.
func writeCertificate(certFile, keyFile string) (*x509.CertPool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "limpet test server"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.ParseIP(hostIP())}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(certFile, cert, 0o644); err != nil {
		return nil, err
	}
	trust := x509.NewCertPool()
	trust.AppendCertsFromPEM(cert)
	return trust, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret}), 0o600)
}
