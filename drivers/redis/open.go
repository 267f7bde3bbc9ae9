package redis

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/limpet-go/limpet/session"
)

const openTimeout = 10 * time.Second

// Option is an option of Open.
type Option func(*config)

// WithStore passes options on to session.NewRedisStore, after the URL's parameters: where the URL says otherwise, they
// count, and later ones more than earlier ones. Who owns the client is Open's to say.
func WithStore(opts ...session.RedisStoreOption) Option {
	return func(c *config) { c.store = append(c.store, opts...) }
}

// Open opens the store that a URL names; the package comment says how URLs look. It asks the server, or every master of
// a Cluster, for an answer and fails within ten seconds if there is none. It fails as well on a replica, which takes no
// writes, and on a node of a Cluster whose URL is that of a single server. Closing the store closes its connections.
//
// The text of its errors holds neither the URL, nor user or password, nor the value of a parameter.
func Open(rawURL string, opts ...Option) (*Store, error) {
	u, err := url.Parse(rawURL)
	if err != nil { // its text quotes what may be a password
		return nil, errors.New("redis: open store: malformed URL (special characters must be percent-encoded," +
			" and the last of several hosts needs its port)")
	}
	store, err := openURL(u, opts...)
	if err != nil {
		return nil, fmt.Errorf("redis: open store: %w", err)
	}
	return store, nil
}

func openURL(u *url.URL, opts ...Option) (*Store, error) {
	c, err := parse(u)
	if err != nil {
		return nil, err
	}
	for _, opt := range opts {
		if opt != nil {
			opt(&c)
		}
	}
	store := New(newClient(c), append(c.store, session.WithRedisOwnedClient())...)
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()
	if err := store.probe(ctx); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}

// probe fails if the store cannot serve calls.
func (s *Store) probe(ctx context.Context) error {
	if err := s.Ping(ctx); err != nil {
		return err
	}
	return s.failed(ctx, "write", s.writable(ctx))
}
