package live

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"github.com/limpet-go/limpet/session"
)

const (
	minKeyBytes            = 32
	defaultCookieName      = "limpet"
	defaultPersistInterval = time.Second
)

// Config configures a Host. Everything but Key may be left zero. NewHost copies what it keeps.
type Config struct {
	// Key signs the cookie and seals the sessions in the store. It is required, at least 32 bytes, the same on
	// every node and across restarts: with another key every session is lost.
	Key []byte

	// PreviousKeys are still accepted, but nothing new is signed with them. Leaving one out revokes it.
	PreviousKeys [][]byte

	// Store is where sessions outlive the process. The caller closes it, after Shutdown. Default: a memory store
	// that belongs to the host.
	Store session.SessionStore

	// Manager configures the session manager. Default of its PersistInterval here: 1 second; neither that nor
	// ResumeWindow may be negative. Its OnTakeover, if any, is called after the host's own.
	Manager session.ManagerConfig

	// Logger gets one line for everything that an operator should know; docs/operations.md lists them. No line holds
	// an ID, a cookie or state. Default: slog.Default.
	Logger *slog.Logger

	// AllowedOrigins are origins beyond the page's own whose scripts may open the socket, such as
	// "https://shop.example".
	AllowedOrigins []string

	// TrustedProxies are the addresses whose X-Forwarded-For, -Proto and -Host headers are believed. The headers
	// of everyone else are ignored.
	TrustedProxies []netip.Prefix

	// Authenticate says whose request this is, at every attach and every resume. An error refuses the socket. A
	// session is resumed only by the user it belongs to: that of its first attach, or the one that a handler set
	// with Session.SetUserID; anyone else gets a fresh session. Default: everyone is nobody, the empty user.
	Authenticate func(r *http.Request) (userID string, err error)

	// CookieName names the browser's cookie. Default: "limpet". Applications on one host need different ones, on
	// different ports too: browsers keep cookies by host.
	CookieName string
}

// withDefaults checks the configuration and returns a copy that nobody else can change.
func (c Config) withDefaults() (Config, error) {
	if err := c.check(); err != nil {
		return Config{}, err
	}
	c.Key = slices.Clone(c.Key)
	c.PreviousKeys = slices.Clone(c.PreviousKeys)
	c.AllowedOrigins = slices.Clone(c.AllowedOrigins)
	c.TrustedProxies = slices.Clone(c.TrustedProxies)
	if c.Manager.PersistInterval == 0 {
		c.Manager.PersistInterval = defaultPersistInterval
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Authenticate == nil {
		c.Authenticate = func(*http.Request) (string, error) { return "", nil }
	}
	if c.CookieName == "" {
		c.CookieName = defaultCookieName
	}
	return c, nil
}

// check returns every mistake in the configuration, joined.
func (c Config) check() error {
	var errs []error
	for _, key := range append([][]byte{c.Key}, c.PreviousKeys...) {
		if len(key) < minKeyBytes {
			errs = append(errs, fmt.Errorf("live: configuration: a key has %d bytes, want at least %d", len(key), minKeyBytes))
		}
	}
	if c.Manager.ResumeWindow < 0 || c.Manager.PersistInterval < 0 {
		errs = append(errs, errors.New("live: configuration: Manager.ResumeWindow and PersistInterval must not be negative: "+
			"clients keep every input until it is saved"))
	}
	for _, origin := range c.AllowedOrigins {
		if u, err := url.Parse(origin); err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != origin {
			errs = append(errs, fmt.Errorf("live: configuration: %q is not an origin such as https://shop.example", origin))
		}
	}
	for _, prefix := range c.TrustedProxies {
		if !prefix.IsValid() {
			errs = append(errs, errors.New("live: configuration: an invalid prefix among the trusted proxies"))
		}
	}
	if c.CookieName != "" {
		if err := (&http.Cookie{Name: c.CookieName, Value: "x"}).Valid(); err != nil {
			errs = append(errs, fmt.Errorf("live: configuration: cookie name: %w", err))
		}
	}
	return errors.Join(errs...)
}
