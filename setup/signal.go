package setup

import (
	"github.com/limpet-go/limpet"
	"github.com/limpet-go/limpet/session"
)

// Option configures a shared signal.
type Option func(*session.SignalConfig)

// Key names the signal in the session's bytes. It must be unique within the session: a second signal of the same
// key and type is the same signal.
func Key(name string) Option {
	return func(c *session.SignalConfig) { c.PersistKey = name }
}

// Transient makes a signal that is declared as shared live as long as the connection only.
func Transient() Option {
	return func(c *session.SignalConfig) { c.Transient = true }
}

// Config takes over a whole configuration, as options given before it were. A nil config changes nothing.
func Config(cfg *session.SignalConfig) Option {
	return func(c *session.SignalConfig) {
		if cfg != nil {
			*c = *cfg
		}
	}
}

// Signal declares a signal of this connection: it starts from initial on every mount and is never persisted.
func Signal[T any](s *Scope, initial T) *limpet.Signal[T] {
	s.nextKey() // it has a position too, so that making it shared moves no other signal
	return limpet.LocalSignal(initial)
}

// SharedSignal declares a signal that is persisted with the session. On a resume it has the persisted value,
// else initial. T is anything that package state can describe: no channels, functions or interfaces.
func SharedSignal[T any](s *Scope, initial T, opts ...Option) *limpet.Signal[T] {
	cfg := *session.NewSignalConfig()
	for _, opt := range opts {
		if opt != nil {
			opt(&cfg)
		}
	}
	position := s.nextKey()
	positional := cfg.PersistKey == ""
	if positional {
		cfg.PersistKey = position
	}
	return limpet.PersistedSignal(s.session, initial, cfg, positional)
}
