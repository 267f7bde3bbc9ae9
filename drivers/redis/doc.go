// Package redis keeps sessions in Redis 7 or newer, or a server that speaks its protocol, such as Valkey: a single one, one
// that Sentinels watch, or a Cluster. Importing it teaches session.ParseStoreURL these schemes:
//
//	redis://user:password@host:6379/0                      a server, and its database
//	rediss://user:password@host:6379/0                     the same over TLS
//	redis://:password@/run/redis/redis.sock?db=1           a server behind a socket
//	redis://host1:26379,host2:26379/0?master_name=main     the server that these Sentinels call main
//	redis+cluster://user:password@host1:6379,host2:6379    a Cluster, found through some of its nodes
//	rediss+cluster://user:password@host1:6379,host2:6379   the same over TLS
//
// Special characters in a user's name or password must be percent-encoded. The last of several hosts needs its port,
// and none of them can be an IPv6 address: give such a Cluster or Sentinels names, or name one of the nodes.
//
// # Parameters
//
//   - prefix=text: what stands before the ID in every key, "vango:session:" unless given. Stores with different
//     prefixes share a server without seeing each other, as long as no prefix begins with another.
//   - pool_size=20: how many connections calls have, to each node of a Cluster; up to ten more carry batches. Unless
//     given it is ten for each processor, five in a Cluster.
//   - dial_timeout=5s, read_timeout=3s, write_timeout=3s: how long to wait for a connection, for an answer, for a
//     request to be taken. A plain number is one of seconds.
//   - tls_ca=file: a PEM file with the authorities to trust in place of the system's.
//   - tls_cert=file, tls_key=file: a certificate to show, and its key.
//   - tls_server_name=name: the name that the server's certificate must have, if it is not the host's.
//   - master_name=name: the hosts are Sentinels. sentinel_user=name and sentinel_password=text are for them; the URL's
//     own user, password and database are for the servers they watch. With rediss all of these speak TLS.
//   - db=1: the database of a server behind a socket.
//
// Anything else is an error. There is no way to use TLS without checking the certificate; in a Cluster the certificates
// must have the names or addresses that the nodes announce. The server must answer when the store is opened, and be no
// replica that refuses writes. A node of a Cluster is refused unless the URL says that it is one, or all of the store's keys
// lie there, which a hash tag in the prefix sees to.
//
// # Durability
//
// What an acknowledged write survives is up to the server's settings:
//
//   - A restart loses what the append-only file does not have: nothing with "appendonly yes" and "appendfsync always";
//     with "everysec" about a second, if the machine stops too; without that file, all since the last snapshot.
//   - A failover may lose acknowledged writes whatever is set, since a server answers before its replicas have the
//     write: the last moments, or more if replicas lagged or a master that was cut off went on serving its clients.
//     The server's min-replicas-to-write and min-replicas-max-lag bound it. A deleted session may come back likewise.
//   - "maxmemory-policy" must be "noeviction". A full server then refuses writes, which is an error and is tried again
//     by session.Manager. Any other policy, "volatile-ttl" among them, drops live sessions without a word.
//
// The store sends each write once, whatever its client is set to, and leaves retries to its caller: one whose outcome is
// unknown might otherwise be done after somebody else's newer one. A Cluster's client repeats reads. While a master is
// being replaced, calls for its sessions fail. The layout of a Cluster in use is asked for every second.
//
// # Rights
//
// A user of the server's access control list is made with
//
//	ACL SETUSER limpet on >password resetchannels ~vango:session:*
//
// and the rights to
//
//	+get +set +del +pexpire +multi +exec               sessions
//	+scan +info +strlen +pttl                          Scan
//	+eval +evalsha +time +strlen +pttl +pexpire        SetUser, UserSessions, RevokeUser
//	+zadd +zrange +zrangebyscore +zrem +zscore         SetUser, UserSessions, RevokeUser
//	+cluster|slots +asking                             Cluster
//	+select                                            database other than 0
//
// A Sentinel's user needs "+sentinel|get-master-addr-by-name +sentinel|sentinels +subscribe allchannels".
//
// # Clients of your own
//
// New and Adapt work on any go-redis client. One that is to behave as Open's sets ContextTimeoutEnabled, without which
// a deadline is not heeded while an answer is awaited; for a Cluster ClusterStateReloadInterval, without which a dead
// master goes unnoticed for a minute, and DisableRoutingPolicies, without which nodes are asked for COMMAND.
//
// A deadline ends a call in time. A cancellation ends one that awaits an answer after read_timeout at the latest.
//
// go-redis tells some events on standard error, through a logger that the whole process shares: mostly of Sentinels,
// which one answered and what master it named. When Close overtakes calls it may tell of a connection's unexpected state
// ("Unexpected conn[7] state changed by hook to CLOSED, closing it"), which is harmless. Nothing of it is secret. The package
// leaves that logger alone; redis.SetLogger replaces it.
package redis
