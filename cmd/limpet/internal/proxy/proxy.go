// Package proxy is what a browser talks to: it passes requests and WebSockets on to the node that serves the browser,
// and to another one when that is dead.
package proxy

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"strconv"
	"time"

	"github.com/limpet-go/limpet/cmd/limpet/internal/supervisor"
)

// Nodes is the set of processes behind the proxy. Its methods must be safe for concurrent use.
type Nodes interface {
	// Live returns the processes that can serve.
	Live() []supervisor.Process

	// Kill ends a node's process without warning.
	Kill(node int) error
}

// Config says what the proxy serves.
type Config struct {
	Nodes Nodes

	// CookieName names the cookie whose value ties a browser to a node.
	CookieName string

	// Logger is told of requests that no node could answer. nil means none.
	Logger *slog.Logger
}

// New returns the proxy. Beside what it passes on it answers POST /kill?node=N, which ends that node's process; a page
// of another site cannot send it.
//
// A node sees the browser's own Host, and its address in X-Forwarded-For; what a client put there is dropped.
func New(cfg Config) http.Handler {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	mux := http.NewServeMux()
	mux.Handle("/kill", http.NewCrossOriginProtection().Handler(killHandler(cfg.Nodes, cfg.Logger)))
	mux.Handle("/", &httputil.ReverseProxy{
		Rewrite:      rewrite,
		Transport:    newTransport(cfg.Nodes, cfg.CookieName),
		ErrorHandler: unanswered(cfg.Logger),
		ErrorLog:     slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelDebug),
	})
	return mux
}

// rewrite leaves the Host header as the browser sent it: the page's origin is judged by it.
func rewrite(r *httputil.ProxyRequest) {
	r.Out.URL.Scheme = "http"
	r.Out.URL.Host = "node" // the transport puts the address of the node it picks
	r.SetXForwarded()
}

// unanswered tells a browser to come again: a node that died is back within moments.
func unanswered(logger *slog.Logger) func(http.ResponseWriter, *http.Request, error) {
	return func(w http.ResponseWriter, r *http.Request, err error) {
		if errors.Is(err, context.Canceled) {
			return // the browser went away
		}
		logger.Debug("no node answered", "method", r.Method, "error", err)
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusServiceUnavailable)
		if r.Method == http.MethodGet {
			w.Write([]byte(comingBack))
		}
	}
}

// retryAfter is when a browser may ask again.
const retryAfter = time.Second

// comingBack loads itself again, so that a visitor who reloaded at the wrong moment gets the page.
const comingBack = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><meta http-equiv="refresh" content="1">
<title>Back in a moment</title>
<body style="font: 1.1rem/1.6 system-ui, sans-serif; display: grid; place-content: center; min-height: 90vh; text-align: center">
<p>The server is starting. This page comes back by itself.</p>
`
