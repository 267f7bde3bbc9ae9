package integration

import (
	"bytes"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/limpet-go/limpet/drivers/sqlite" // the database/sql driver "sqlite"
)

// demo is `limpet demo` on a store and an address of its own, started and stopped at will.
type demo struct {
	t    *testing.T
	bin  string
	args []string
	file string // the database
	addr string
	url  string
	log  *output // of the latest start
	cmd  *exec.Cmd
	done chan error
}

// newDemo starts the demo.
func (b *browser) newDemo(t *testing.T, args ...string) *demo {
	t.Helper()
	addr := freeAddr()
	d := &demo{t: t, bin: b.limpet, args: args, file: filepath.Join(t.TempDir(), "demo.db"), addr: addr, url: "http://" + addr + "/"}
	d.start()
	t.Cleanup(func() {
		if d.cmd != nil {
			d.stop()
		}
		if t.Failed() {
			t.Logf("the demo's output:\n%s", d.log)
		}
	})
	return d
}

var addrs atomic.Int32

// freeAddr is an address that no other process, and no earlier test of this one, uses: cookies belong to a host
// whatever its port.
func freeAddr() string {
	pid := os.Getpid()
	return fmt.Sprintf("127.%d.%d.%d:8080", 64+pid>>8&63, pid&255, 1+addrs.Add(1))
}

// start runs the demo and waits until it serves.
func (d *demo) start() {
	d.t.Helper()
	store := (&url.URL{Scheme: "sqlite", Path: d.file}).String()
	d.log = &output{}
	d.cmd = exec.Command(d.bin, append([]string{"demo", "--addr", d.addr, "--store", store}, d.args...)...)
	d.cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
	d.cmd.Stdout, d.cmd.Stderr = d.log, d.log
	d.cmd.WaitDelay = time.Second
	d.cmd.SysProcAttr = fate()
	if err := d.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.done = make(chan error, 1)
	go func(cmd *exec.Cmd, done chan<- error) { done <- cmd.Wait() }(d.cmd, d.done)
	until(d.t, soon(), "the demo serves", func() bool { return strings.Contains(d.log.String(), "open   http://"+d.addr) })
}

// stop ends the demo as Ctrl-C does. It must end well.
func (d *demo) stop() {
	d.t.Helper()
	d.cmd.Process.Signal(syscall.SIGTERM)
	if err := d.wait(); err != nil {
		d.t.Errorf("the demo ended with %v\n%s", err, d.log)
	}
}

// kill ends the demo and all its nodes without warning.
func (d *demo) kill(nodes ...int) {
	d.t.Helper()
	d.cmd.Process.Kill()
	d.wait()
	for _, pid := range nodes {
		until(d.t, soon(), "the node died with its supervisor", func() bool { return !running(pid) })
	}
}

func (d *demo) wait() error {
	d.t.Helper()
	d.cmd = nil
	select {
	case err := <-d.done:
		return err
	case <-time.After(20 * time.Second):
		d.t.Fatal("the demo does not end")
		return nil
	}
}

// stored returns every session in the database by its ID.
func (d *demo) stored() map[string][]byte {
	d.t.Helper()
	db := d.open()
	defer db.Close()
	rows, err := db.Query("SELECT id, data FROM " + sessionsTable)
	if err != nil {
		d.t.Fatal(err)
	}
	defer rows.Close()
	all := map[string][]byte{}
	for rows.Next() {
		var id string
		var data []byte
		if err := rows.Scan(&id, &data); err != nil {
			d.t.Fatal(err)
		}
		all[id] = data
	}
	if err := rows.Err(); err != nil {
		d.t.Fatal(err)
	}
	return all
}

// overwrite puts other bytes in a session's place.
func (d *demo) overwrite(id string, data []byte) {
	d.t.Helper()
	db := d.open()
	defer db.Close()
	if _, err := db.Exec("UPDATE "+sessionsTable+" SET data = ? WHERE id = ?", data, id); err != nil {
		d.t.Fatal(err)
	}
}

// sessionsTable is where the store keeps its sessions.
const sessionsTable = "vango_sessions"

func (d *demo) open() *sql.DB {
	d.t.Helper()
	db, err := sql.Open("sqlite", "file:"+d.file+"?_pragma=busy_timeout(5000)")
	if err != nil {
		d.t.Fatal(err)
	}
	return db
}

// running reports whether a process runs; one that died and was not waited for does not.
func running(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return syscall.Kill(pid, 0) == nil && !os.IsNotExist(err)
	}
	_, after, _ := bytes.Cut(stat, []byte(") "))
	return len(after) > 0 && after[0] != 'Z'
}

// output keeps what a process prints. It is safe for concurrent use.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
