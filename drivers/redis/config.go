package redis

import (
	"crypto/tls"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/limpet-go/limpet/session"
)

const (
	defaultDialTimeout = 5 * time.Second

	// defaultCallTimeout bounds each wait for the server: for callers whose deadline is far away, and for those who cancel
	// while a request is under way, of which go-redis takes no notice.
	defaultCallTimeout = 3 * time.Second

	// stateReload is how often a Cluster's client that is in use asks who serves which slots. A master that is gone
	// redirects nobody, so that without it a failover would go unnoticed for go-redis' minute.
	stateReload = time.Second
)

// config is what a URL says.
type config struct {
	network        string // tcp, or unix with the path of the socket in addrs
	addrs          []string
	cluster        bool
	user, password string
	database       int
	tls            *tls.Config // nil: none

	master                         string // of the Sentinels at addrs
	sentinelUser, sentinelPassword string

	poolSize                               int // zero: go-redis' default
	dialTimeout, readTimeout, writeTimeout time.Duration

	store []session.RedisStoreOption
}

// newClient returns a client that has not connected yet. None of them retries: see statusCmd. Of what go-redis does on a
// new connection by itself, only HELLO, which needs no right, and SELECT are left.
func newClient(c config) goredis.UniversalClient {
	dial := dialer(c.dialTimeout, c.tls)
	switch {
	case c.cluster:
		return goredis.NewClusterClient(c.clusterOptions(dial))
	case c.master != "":
		return goredis.NewFailoverClient(c.failoverOptions(dial))
	}
	return goredis.NewClient(c.singleOptions(dial))
}

func (c config) singleOptions(dial dialFunc) *goredis.Options {
	return &goredis.Options{
		Network: c.network, Addr: c.addrs[0], Username: c.user, Password: c.password, DB: c.database, TLSConfig: c.tls,
		Protocol: 2, Dialer: dial, DialerRetries: 1, MaxRetries: -1, ContextTimeoutEnabled: true, DisableIdentity: true,
		PoolSize: c.poolSize, DialTimeout: c.dialTimeout, ReadTimeout: c.readTimeout, WriteTimeout: c.writeTimeout,
		MaintNotificationsConfig: quiet(),
	}
}

func (c config) failoverOptions(dial dialFunc) *goredis.FailoverOptions {
	return &goredis.FailoverOptions{
		MasterName: c.master, SentinelAddrs: c.addrs, SentinelUsername: c.sentinelUser, SentinelPassword: c.sentinelPassword,
		Username: c.user, Password: c.password, DB: c.database, TLSConfig: c.tls,
		Protocol: 2, Dialer: dial, DialerRetries: 1, MaxRetries: -1, ContextTimeoutEnabled: true, DisableIdentity: true,
		PoolSize: c.poolSize, DialTimeout: c.dialTimeout, ReadTimeout: c.readTimeout, WriteTimeout: c.writeTimeout,
	}
}

// clusterOptions does without routing policies, which are for commands with keys in several slots: a client with them
// asks nodes for COMMAND, and again and again those that refuse.
func (c config) clusterOptions(dial dialFunc) *goredis.ClusterOptions {
	return &goredis.ClusterOptions{
		Addrs: c.addrs, Username: c.user, Password: c.password, TLSConfig: c.tls,
		Protocol: 2, Dialer: dial, DialerRetries: 1, MaxRetries: -1, ContextTimeoutEnabled: true, DisableIdentity: true,
		PoolSize: c.poolSize, DialTimeout: c.dialTimeout, ReadTimeout: c.readTimeout, WriteTimeout: c.writeTimeout,
		MaintNotificationsConfig: quiet(), ClusterStateReloadInterval: stateReload, DisableRoutingPolicies: true,
	}
}

// quiet turns off what a client asks of some hosted servers, and others refuse.
func quiet() *maintnotifications.Config {
	return &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}
