// Package node is one server process of the demo: it serves the shop to the proxy in front of it.
package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"time"

	"github.com/limpet-go/limpet/cmd/limpet/internal/shop"
	_ "github.com/limpet-go/limpet/drivers/all" // registers the schemes of every store
	"github.com/limpet-go/limpet/live"
	"github.com/limpet-go/limpet/session"
)

// DrainTimeout is how long a node takes at most to save everything and end.
const DrainTimeout = 10 * time.Second

// Settings are what a node needs to know. They hold secrets.
type Settings struct {
	Node  int    `json:"node"`
	Store string `json:"store"`
	Key   []byte `json:"key"`
}

// Encode returns the settings as one line.
func (s Settings) Encode() []byte {
	line, err := json.Marshal(s)
	if err != nil {
		return nil // cannot happen: strings, bytes and a number
	}
	return line
}

// DecodeSettings reads what Encode wrote.
func DecodeSettings(line []byte) (Settings, error) {
	var s Settings
	if err := json.Unmarshal(line, &s); err != nil {
		return Settings{}, errors.New("node: malformed settings") // the cause may quote a secret
	}
	return s, nil
}

// Run serves on a free port of this machine, calls ready with the address, and when ctx ends saves everything and
// returns.
func Run(ctx context.Context, s Settings, ready func(addr string) error, logger *slog.Logger) error {
	store, err := session.ParseStoreURL(s.Store)
	if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	defer store.Close()
	host, err := live.NewHost(live.Config{
		Key:            s.Key,
		CookieName:     CookieName(s.Key),
		Store:          store,
		Logger:         logger,
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
	})
	if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return errors.Join(fmt.Errorf("node: %w", err), host.Shutdown(ctx))
	}
	server := &http.Server{
		Handler:           routes(host, s.Node),
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	end := func() error { return drain(host, server, DrainTimeout, logger) }
	if err := ready(ln.Addr().String()); err != nil {
		return errors.Join(err, end())
	}
	select {
	case <-ctx.Done():
		return end()
	case err := <-served:
		return errors.Join(fmt.Errorf("node: serving: %w", err), end())
	}
}

// drain saves every session, or says in the log which it could not, then gives requests that are under way a moment. What is
// idle then is cut off: a connection that was opened and never used would hold a patient shutdown up for seconds.
func drain(host *live.Host, server *http.Server, within time.Duration, logger *slog.Logger) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	err := host.Shutdown(ctx)
	var unsaved *session.NotSavedError
	if errors.As(err, &unsaved) {
		logger.Error("sessions not saved", "unsaved", unsaved)
	}
	short, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
	defer cancel()
	if server.Shutdown(short) != nil {
		server.Close()
	}
	return err
}

func routes(host *live.Host, node int) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/{$}", host.Page(shop.Mount(shop.Server{Node: node, PID: os.Getpid()})))
	mux.Handle("GET /assets/", shop.Assets())
	return headers(mux)
}

// headers lets the page load nothing but its own files.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}
