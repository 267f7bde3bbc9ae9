package redis

import (
	"context"
	"crypto/tls"
	"net"
	"time"
)

type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// dialer returns go-redis' dial function. A connection that could not be made is returned all the same, and says why at
// its first use: go-redis' pool writes a line to standard error for every dial that fails, and after as many failures
// as it has connections it tries only once a second, however soon the server is back.
func dialer(timeout time.Duration, config *tls.Config) dialFunc {
	plain := &net.Dialer{
		Timeout:         timeout,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 30 * time.Second, Interval: 5 * time.Second, Count: 3},
	}
	dial := plain.DialContext
	if config != nil {
		dial = (&tls.Dialer{NetDialer: plain, Config: config}).DialContext
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return unconnected{addr: address{network, addr}, err: err}, nil
		}
		return conn, nil
	}
}

// unconnected is a connection that was never made.
type unconnected struct {
	addr address
	err  error
}

func (c unconnected) Read([]byte) (int, error)         { return 0, dialError{c.err} }
func (c unconnected) Write([]byte) (int, error)        { return 0, dialError{c.err} }
func (c unconnected) Close() error                     { return nil }
func (c unconnected) LocalAddr() net.Addr              { return address{c.addr.network, ""} }
func (c unconnected) RemoteAddr() net.Addr             { return c.addr }
func (c unconnected) SetDeadline(time.Time) error      { return nil }
func (c unconnected) SetReadDeadline(time.Time) error  { return nil }
func (c unconnected) SetWriteDeadline(time.Time) error { return nil }

// dialError stands around the cause because go-redis takes one layer off the error of a connection's first use.
type dialError struct{ err error }

func (e dialError) Error() string { return "connect: " + e.err.Error() }

func (e dialError) Unwrap() error { return e.err }

type address struct{ network, text string }

func (a address) Network() string { return a.network }
func (a address) String() string  { return a.text }
