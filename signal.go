package limpet

import (
	"fmt"

	"github.com/limpet-go/limpet/session"
)

// Signal is one value of a component's state. Package setup makes signals while a component is mounted. A signal
// belongs to its session's loop.
type Signal[T any] struct {
	key  string
	cell *value[T]
}

// Get returns the value. A slice or map is the signal's own: changing it in place changes the signal.
func (g *Signal[T]) Get() T { return g.cell.now }

// Set replaces the value. The signal keeps what it is given.
func (g *Signal[T]) Set(v T) { g.cell.now, g.cell.set = v, true }

// Update replaces the value by what change makes of it.
func (g *Signal[T]) Update(change func(T) T) { g.Set(change(g.cell.now)) }

// Key returns the name under which the value is persisted, empty for a signal of this connection only.
func (g *Signal[T]) Key() string { return g.key }

// LocalSignal returns a signal that lives as long as this Session value and is never persisted. Components use
// setup.Signal.
func LocalSignal[T any](first T) *Signal[T] {
	return &Signal[T]{cell: &value[T]{now: first}}
}

// PersistedSignal returns the session's signal of this key, holding the restored value if there is one and
// first otherwise. Declaring a key again gives the same signal; declaring it with another type is one of the
// session's Problems, and gives a signal that is not persisted. A transient config gives a local signal.
// positional says that cfg.PersistKey was made up from a position. Components use setup.SharedSignal.
func PersistedSignal[T any](s *Session, first T, cfg session.SignalConfig, positional bool) *Signal[T] {
	if cfg.Transient {
		return LocalSignal(first)
	}
	if cfg.PersistKey == "" {
		s.problem(fmt.Errorf("limpet: a persisted signal needs a key"))
		return LocalSignal(first)
	}
	if positional {
		s.positional = append(s.positional, cfg.PersistKey)
	}
	fresh := newValue(newInitial(first), true)
	fresh.now = first
	cell, err := declare(&s.signals, cfg.PersistKey, fresh)
	if err != nil {
		s.problem(err)
	}
	return &Signal[T]{key: cfg.PersistKey, cell: cell}
}
