package live

import (
	"context"
	"log/slog"
	"net/http"
	"sync"

	"github.com/limpet-go/limpet/session"
)

// Host serves live pages and keeps their sessions. Make one per process with NewHost and end it with Shutdown.
// Its methods are safe for use by many goroutines.
type Host struct {
	cfg      Config
	log      *slog.Logger
	cookies  *cookies
	proxies  proxies
	keyring  *session.Keyring
	store    session.SessionStore // the host's own one, nil when the caller brought it
	manager  *session.Manager
	ctx      context.Context // of events; ends when a shutdown does not wait any longer
	cancel   context.CancelFunc
	shutdown sync.Mutex // held by Shutdown

	mu       sync.Mutex
	draining bool
	sockets  map[*socket]struct{}
	tabs     map[string]*tab // by session ID; the newest connection of each
}

// NewHost returns a host, or every mistake in the configuration, joined.
func NewHost(cfg Config) (*Host, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	keys := distinctKeys(cfg.Key, cfg.PreviousKeys)
	cookies, err := newCookies(cfg.CookieName, keys)
	if err != nil {
		return nil, err
	}
	keyring, err := newKeyring(keys)
	if err != nil {
		return nil, err
	}
	h := &Host{
		cfg:     cfg,
		log:     boundedLog(cfg.Logger),
		cookies: cookies,
		proxies: cfg.TrustedProxies,
		keyring: keyring,
		sockets: make(map[*socket]struct{}),
		tabs:    make(map[string]*tab),
	}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	if cfg.Store == nil {
		h.store = session.NewMemoryStore()
		cfg.Store = h.store
	}
	managed := cfg.Manager
	managed.OnTakeover = h.takeover
	h.manager = session.NewManager(cfg.Store, managed, cfg.Logger)
	return h, nil
}

// Page returns the handler of one live page. It may be mounted at any path, and at several: the page, the client
// script and the socket share the page's own path. A session belongs to the path it was made on.
func (h *Host) Page(mount Mount) http.Handler { return &page{host: h, mount: mount} }

// Stats returns what the session manager holds.
func (h *Host) Stats() session.ManagerStats { return h.manager.Stats() }

// admit counts a new socket, unless the host is shutting down.
func (h *Host) admit(s *socket) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.draining {
		return false
	}
	h.sockets[s] = struct{}{}
	return true
}

func (h *Host) dismiss(s *socket) {
	h.mu.Lock()
	delete(h.sockets, s)
	h.mu.Unlock()
	close(s.done)
}

// enter connects t to its session and makes it the connection that a takeover ends, both at once: a connection that
// the manager knows and the host does not could not be told to end.
func (h *Host) enter(t *tab, connect func() error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := connect(); err != nil {
		return err
	}
	h.tabs[t.session.ID()] = t
	t.socket.tab = t
	if h.draining {
		t.end(endRestart)
	}
	return nil
}

// leave says that the connection has handed its session over, or will never hold it.
func (h *Host) leave(t *tab) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.tabs[t.session.ID()] == t {
		delete(h.tabs, t.session.ID())
	}
	close(t.done)
}

// takeover ends the older connection of a session and returns when its final state was handed over, or with ctx.
func (h *Host) takeover(ctx context.Context, id string) {
	h.mu.Lock()
	t := h.tabs[id]
	h.mu.Unlock()
	if t != nil {
		t.end(endTakenOver)
		select {
		case <-t.done:
		case <-ctx.Done():
		}
	}
	if h.cfg.Manager.OnTakeover != nil {
		h.cfg.Manager.OnTakeover(ctx, id)
	}
}
