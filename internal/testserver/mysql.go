package testserver

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

const mysqlPackage = "mariadb-server"

const (
	mysqlUser     = "limpet"
	mysqlPassword = "a-grain-of-sand"
)

// mysqlInit is run at each start, before the server listens.
const mysqlInit = `
CREATE DATABASE IF NOT EXISTS test;
CREATE USER IF NOT EXISTS '` + mysqlUser + `'@'127.0.0.0/255.0.0.0' IDENTIFIED BY '` + mysqlPassword + `';
GRANT ALL PRIVILEGES ON *.* TO '` + mysqlUser + `'@'127.0.0.0/255.0.0.0' WITH GRANT OPTION;
`

// StartMySQL starts a MariaDB server, with further arguments if any, such as "--max-connections=10". See MySQL for who may
// log in. Acknowledged transactions survive Kill.
func StartMySQL(tb testing.TB, args ...string) *Server {
	tb.Helper()
	s, err := newMySQL(args...)
	return private(tb, s, err)
}

func newMySQL(args ...string) (*Server, error) {
	bin, err := find("mariadbd", mysqlPackage)
	if err != nil {
		return nil, err
	}
	template, err := mysqlTemplate()
	if err != nil {
		return nil, err
	}
	dir, err := newDir("my", nil)
	if err != nil {
		return nil, err
	}
	port, err := newPort()
	if err != nil {
		return nil, err
	}
	data, initFile := filepath.Join(dir, "data"), filepath.Join(dir, "init.sql")
	if err := copyTree(template, data); err != nil {
		return nil, err
	}
	if err := os.WriteFile(initFile, []byte(mysqlInit), 0o600); err != nil {
		return nil, err
	}
	addr := hostPort(port)
	return launch(&Server{
		addr: addr,
		url:  "mysql://" + mysqlUser + ":" + mysqlPassword + "@" + addr + "/test",
		cmd: command{name: "mariadbd", bin: bin, dir: dir, args: append(mysqlCommon(dir, data),
			append([]string{
				"--socket=" + filepath.Join(dir, "my.sock"), "--pid-file=" + filepath.Join(dir, "my.pid"),
				"--bind-address=" + hostIP(), fmt.Sprintf("--port=%d", port), "--init-file=" + initFile,
				"--innodb-buffer-pool-size=32M", "--performance-schema=OFF", "--skip-log-bin", "--max-connections=800",
			}, args...)...)},
		probe: func() error { return probeMySQL(addr) },
	})
}

// mysqlCommon are arguments of the server and of what installs it. Each empties its folder for temporary files of those
// of others, so that must be its own.
func mysqlCommon(dir, data string) []string {
	args := []string{"--no-defaults", "--datadir=" + data, "--tmpdir=" + dir, "--skip-name-resolve", "--innodb-log-file-size=8M"}
	if os.Geteuid() == 0 {
		args = append(args, "--user=root")
	}
	return args
}

// mysqlTemplate makes a data folder once, which is then copied: that takes a tenth of the time.
var mysqlTemplate = sync.OnceValues(func() (string, error) {
	bin, err := find("mariadb-install-db", mysqlPackage)
	if err != nil {
		return "", err
	}
	dir, err := newDir("my-template", nil)
	if err != nil {
		return "", err
	}
	data := filepath.Join(dir, "data")
	return data, run(command{name: "mariadb-install-db", bin: bin, dir: dir, args: append(mysqlCommon(dir, data),
		"--skip-test-db", "--auth-root-authentication-method=normal",
		"--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync", "--innodb-doublewrite=0")})
})

// probeMySQL waits for the greeting of a server that lets clients in; one that does not sends an error in its place.
func probeMySQL(addr string) error {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return err
	}
	var head [5]byte // length, sequence number, version of the protocol
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return err
	}
	if head[4] != 10 {
		return fmt.Errorf("greeted with byte %#x", head[4])
	}
	return nil
}
