//go:build linux

package testserver

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// kinds are the servers and, for each, how to keep a number there and get it back, with nothing but client programs.
var kinds = []struct {
	name  string
	start func(testing.TB, ...string) *Server
	put   func(s *Server, value string) error
	get   func(s *Server) (string, error)
}{
	{"postgres", StartPostgres,
		func(s *Server, v string) error {
			return ignore(psql(s, "create table if not exists t (v text); insert into t values ('"+v+"')"))
		},
		func(s *Server) (string, error) { return psql(s, "select max(v) from t") }},
	{"mysql", StartMySQL,
		func(s *Server, v string) error {
			return ignore(mysql(s, "create table if not exists t (v text); insert into t values ('"+v+"')"))
		},
		func(s *Server) (string, error) { return mysql(s, "select max(v) from t") }},
	{"redis", StartRedis,
		func(s *Server, v string) error { return ignore(login{addr: s.Addr()}.do("SET", "t", v)) },
		func(s *Server) (string, error) { return login{addr: s.Addr()}.do("GET", "t") }},
}

func ignore(_ string, err error) error { return err }

func psql(s *Server, query string) (string, error) {
	return output(exec.Command("psql", "--no-psqlrc", "-qtA", "-v", "ON_ERROR_STOP=1", s.URL(), "-c", query))
}

func mysql(s *Server, query string) (string, error) {
	host, port, _ := strings.Cut(s.Addr(), ":")
	return output(exec.Command("mariadb", "--no-defaults", "-h", host, "-P", port, "-u", mysqlUser, "-p"+mysqlPassword,
		"--connect-timeout=5", "-NBe", query, "test"))
}

func output(cmd *exec.Cmd) (string, error) {
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", errors.New(err.Error() + ": " + string(out))
	}
	return strings.TrimSpace(string(out)), nil
}

func (s *Server) trust(t *testing.T) *tls.Config {
	t.Helper()
	pem, err := os.ReadFile(s.CAFile())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		t.Fatal("no certificate in the file")
	}
	return &tls.Config{RootCAs: pool}
}
