package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"time"

	_ "github.com/limpet-go/limpet/drivers/sqlite" // the scheme of the default store
	"github.com/limpet-go/limpet/live"
	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/setup"
)

const nodeArg = "livetabs-node"

const shutdownTimeout = 30 * time.Second

// nodeConfig is the first line that a node reads.
type nodeConfig struct {
	Key   []byte
	Store string
}

// nodeReply is every line that a node writes: the first one says where it serves, each further one answers a line
// of its input with what it uses.
type nodeReply struct {
	Addr     string `json:",omitempty"`
	RSS      int64  `json:",omitempty"` // before the collection; 0 where the system does not tell
	LiveHeap int64  `json:",omitempty"` // after a collection
	Stacks   int64  `json:",omitempty"`
}

func isNode(args []string) bool { return len(args) > 1 && args[1] == nodeArg }

// nodeMain serves the counter page until its input ends, and returns the code to exit with.
func nodeMain(in io.Reader, out io.Writer) int {
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err := serveNode(bufio.NewScanner(in), json.NewEncoder(out)); err != nil {
		fmt.Fprintln(os.Stderr, "livetabs: node:", err)
		return 1
	}
	return 0
}

func serveNode(in *bufio.Scanner, out *json.Encoder) error {
	var cfg nodeConfig
	if !in.Scan() {
		return errors.Join(errors.New("no configuration"), in.Err())
	}
	if err := json.Unmarshal(in.Bytes(), &cfg); err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	store, err := session.ParseStoreURL(cfg.Store)
	if err != nil {
		return err
	}
	host, err := live.NewHost(live.Config{
		Key:     cfg.Key,
		Store:   store,
		Manager: session.ManagerConfig{MaxSessionsPerIP: -1}, // every tab has the address of this machine
	})
	if err != nil {
		return errors.Join(err, store.Close())
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(err, store.Close())
	}
	server := &http.Server{Handler: host.Page(counterPage)}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	err = out.Encode(nodeReply{Addr: listener.Addr().String()})
	for err == nil && in.Scan() {
		err = out.Encode(usage())
	}
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	err = errors.Join(err, in.Err(), host.Shutdown(ctx), server.Shutdown(ctx), store.Close())
	if e := <-served; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, e)
	}
	return err
}

// usage returns what the process uses now. The resident memory is read first: a collection would not shrink it.
func usage() nodeReply {
	r := nodeReply{RSS: residentBytes()}
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	r.LiveHeap, r.Stacks = int64(m.HeapAlloc), int64(m.StackInuse)
	return r
}

// residentBytes reads the resident memory of this process from Linux.
func residentBytes() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(text), &size, &resident); err != nil {
		return 0
	}
	return resident * int64(os.Getpagesize())
}

var counterTemplate = template.Must(template.New("counter").Parse(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Counter</title><script defer src="?limpet=js"></script></head>
<body><p>Count: <output id="count">{{.}}</output></p><button data-live-click="add">add</button></body>
</html>
`))

// counterPage counts the inputs of a tab.
func counterPage(s *setup.Scope) live.View {
	count := setup.SharedSignal(s, 0, setup.Key("count"))
	return live.View{
		Template: counterTemplate,
		Data:     func() any { return count.Get() },
		On: map[string]live.Handler{"add": func(*live.Event) error {
			count.Update(func(n int) int { return n + 1 })
			return nil
		}},
	}
}
