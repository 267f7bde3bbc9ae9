package integration

import (
	"context"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/limpet-go/limpet/live"
	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/setup"
)

// The environment that makes this test binary serve a page with a button that kills the process.
const (
	fragileAddr  = "LIMPET_TEST_FRAGILE_ADDR"
	fragileStore = "LIMPET_TEST_FRAGILE_STORE"
)

var fragilePage = template.Must(template.New("fragile").Parse(`<!doctype html>
<html lang="en" data-theme="none">
<head><meta charset="utf-8"><title>fragile</title><script defer src="?limpet=js"></script></head>
<body>
<p data-testid="status" data-live-status>connecting</p>
<p data-testid="pid">{{.PID}}</p>
<p data-testid="count">{{.Count}}</p>
<button data-testid="more" data-live-click="more">more</button>
<button data-testid="deadly" data-live-click="deadly">deadly</button>
</body>
</html>`))

func fragile(s *setup.Scope) live.View {
	count := setup.SharedSignal(s, 0, setup.Key("count"))
	return live.View{
		Template: fragilePage,
		Data:     func() any { return map[string]int{"PID": os.Getpid(), "Count": count.Get()} },
		On: map[string]live.Handler{
			"more": func(*live.Event) error {
				count.Update(func(n int) int { return n + 1 })
				return nil
			},
			"deadly": func(*live.Event) error {
				count.Set(-1000) // must never be seen
				return syscall.Kill(os.Getpid(), syscall.SIGKILL)
			},
		},
	}
}

// runFragile serves the page until SIGTERM and returns the exit code.
func runFragile(addr, storeURL string) int {
	store, err := session.ParseStoreURL(storeURL)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer store.Close()
	host, err := live.NewHost(live.Config{
		Key:    []byte("a key that only this test ever uses."),
		Store:  store,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	server := &http.Server{Addr: addr, Handler: host.Page(fragile)}
	go server.ListenAndServe()
	<-ctx.Done()
	host.Shutdown(context.Background())
	server.Close()
	return 0
}

// startFragile runs this test binary as that server. The channel it returns is closed when the process has ended.
func startFragile(t *testing.T, addr, storeURL string, log *output) (*exec.Cmd, <-chan struct{}) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fragileAddr+"="+addr, fragileStore+"="+storeURL, "GORACE=atexit_sleep_ms=0")
	cmd.Stdout, cmd.Stderr = log, log
	cmd.WaitDelay = time.Second
	cmd.SysProcAttr = fate()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		<-ended
	})
	return cmd, ended
}

func deadlyInputIsSetAside(t *testing.T, b *browser) {
	addr, log := freeAddr(), &output{}
	storeURL := "sqlite://" + filepath.Join(t.TempDir(), "fragile.db")
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the server's output:\n%s", log)
		}
	})
	server, ended := startFragile(t, addr, storeURL, log)
	until(t, soon(), "the server answers", func() bool {
		resp, err := http.Get("http://" + addr + "/")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return true
	})
	http.DefaultClient.CloseIdleConnections()
	tb := b.open(t, "http://"+addr+"/")
	tb.connected(soon())
	tb.mark()
	tb.press("more", 2)
	tb.press("deadly", 1)
	tb.press("more", 3)
	for attempt := range 3 {
		select {
		case <-ended:
		case <-time.After(patience):
			t.Fatalf("attempt %d did not reach the handler", attempt+1)
		}
		server, ended = startFragile(t, addr, storeURL, log)
	}
	tb.wait(soon(), fmt.Sprintf("%s.textContent === '%d'", element("pid"), server.Process.Pid))
	tb.says("count", "5")
	tb.press("more", 1)
	tb.says("count", "6")
	tb.same()
	if n := strings.Count(log.String(), "input set aside"); n != 1 {
		t.Errorf("%d log lines about it, want one", n)
	}
	select {
	case <-ended:
		t.Error("the fourth process died too")
	default:
	}
}
