package testserver

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const postgresPackage = "postgresql"

// postgresFolders are where systems keep programs of PostgreSQL that are not for everyone.
var postgresFolders = []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin"}

// accessRules let in the superuser as such, and other roles with their passwords.
const accessRules = `
local all all trust
host all postgres 127.0.0.0/8 trust
host all all 127.0.0.0/8 scram-sha-256
`

// StartPostgres starts a PostgreSQL server, with further arguments if any, such as "-c", "max_connections=10". See Postgres
// for who may log in. Acknowledged transactions survive Kill, though not a power loss.
func StartPostgres(tb testing.TB, args ...string) *Server {
	tb.Helper()
	s, err := newPostgres(args...)
	return private(tb, s, err)
}

func newPostgres(args ...string) (*Server, error) {
	as := unprivileged("postgres") // it refuses to be run by root
	bin, err := find("postgres", postgresPackage, postgresFolders...)
	if err != nil {
		return nil, err
	}
	template, err := postgresTemplate()
	if err != nil {
		return nil, err
	}
	dir, err := newDir("pg", as)
	if err != nil {
		return nil, err
	}
	port, err := newPort()
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	if err := copyTree(template, data); err != nil {
		return nil, err
	}
	addr := hostPort(port)
	return launch(&Server{
		addr: addr,
		url:  "postgres://postgres@" + addr + "/postgres?sslmode=disable",
		cmd: command{name: "postgres", bin: bin, dir: dir, as: as, quitting: true, args: append([]string{
			"-D", data, "-k", dir, "-p", fmt.Sprint(port), "-c", "listen_addresses=" + hostIP(),
			"-F", "-c", "synchronous_commit=on", "-c", "full_page_writes=on", // all that a crash of the server needs
			"-c", "shared_buffers=32MB", "-c", "max_connections=800", "-c", "max_wal_size=1GB",
			"-c", "autovacuum=off", "-c", "jit=off", "-c", "logging_collector=off",
			"-c", "dynamic_shared_memory_type=mmap",
		}, args...)},
		probe:   func() error { return probePostgres(addr) },
		cleanup: func() { releaseShared(data) },
	})
}

// postgresTemplate makes a cluster once, which is then copied: that takes a tenth of the time.
var postgresTemplate = sync.OnceValues(func() (string, error) {
	as := unprivileged("postgres")
	bin, err := find("initdb", postgresPackage, postgresFolders...)
	if err != nil {
		return "", err
	}
	dir, err := newDir("pg-template", as)
	if err != nil {
		return "", err
	}
	data := filepath.Join(dir, "data")
	err = run(command{name: "initdb", bin: bin, dir: dir, as: as, args: []string{
		"-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions",
	}})
	if err != nil {
		return "", err
	}
	return data, os.WriteFile(filepath.Join(data, "pg_hba.conf"), []byte(accessRules), 0o600)
})

// copyTree copies a folder, with the owners of what is in it.
func copyTree(from, to string) error {
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		return fmt.Errorf("testserver: copy template: %w: %s", err, out)
	}
	return nil
}

// probePostgres logs in and waits for "ready for query".
func probePostgres(addr string) error {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return err
	}
	startup := []byte("\x00\x00\x00\x00\x00\x03\x00\x00user\x00postgres\x00database\x00postgres\x00\x00")
	binary.BigEndian.PutUint32(startup, uint32(len(startup)))
	if _, err := conn.Write(startup); err != nil {
		return err
	}
	if err := awaitQueryReady(bufio.NewReader(conn)); err != nil {
		return err
	}
	_, err = conn.Write([]byte{'X', 0, 0, 0, 4}) // goodbye
	return err
}

func awaitQueryReady(r io.Reader) error {
	for {
		var head [5]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return err
		}
		size := int64(binary.BigEndian.Uint32(head[1:])) - 4
		if size < 0 || size > 1<<20 {
			return fmt.Errorf("no PostgreSQL server: a message of %d bytes", size)
		}
		body := make([]byte, size)
		if _, err := io.ReadFull(r, body); err != nil {
			return err
		}
		switch head[0] {
		case 'E':
			return fmt.Errorf("refused: %q", bytes.Split(body, []byte{0}))
		case 'Z':
			return nil
		}
	}
}

// releaseShared frees the few bytes of System V memory that a killed server could not. Their ID ends the line of its
// lock file that a server in order removes.
func releaseShared(data string) {
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return
	}
	lines := strings.Split(string(text), "\n")
	if len(lines) < 7 {
		return
	}
	if ids := strings.Fields(lines[6]); len(ids) == 2 {
		_ = exec.Command("ipcrm", "-m", ids[1]).Run() // gone already, or freed with the machine
	}
}
