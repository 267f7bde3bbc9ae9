package limpet

// SessionKey names a typed value of a whole session. It is declared once, as a package variable, and may be used
// from many goroutines, each on the session that its goroutine owns.
type SessionKey[T any] struct {
	name     string
	fallback initial[T]
}

// KeyOption configures a SessionKey of T.
type KeyOption[T any] func(*SessionKey[T])

// Default gives the value that Get returns while a session has none of its own. It must not be changed
// afterwards; each session gets a copy.
func Default[T any](v T) KeyOption[T] {
	return func(k *SessionKey[T]) { k.fallback = newInitial(v) }
}

// NewSessionKey returns the key of this name. Two keys of one name and type are the same key; with different
// types, the second one used on a session is among that session's Problems and is not persisted.
func NewSessionKey[T any](name string, opts ...KeyOption[T]) *SessionKey[T] {
	k := &SessionKey[T]{name: name}
	for _, opt := range opts {
		if opt != nil {
			opt(k)
		}
	}
	return k
}

// Name returns the name under which the value is persisted.
func (k *SessionKey[T]) Name() string { return k.name }

// Get returns the session's value, or the default. A slice or map is the session's own.
func (k *SessionKey[T]) Get(s *Session) T { return k.cell(s).now }

// Set gives the session a value. The session keeps what it is given.
func (k *SessionKey[T]) Set(s *Session, v T) {
	c := k.cell(s)
	c.now, c.set = v, true
}

// Delete takes the value from the session: Get returns the default again, and nothing is persisted.
func (k *SessionKey[T]) Delete(s *Session) { k.cell(s).reset() }

func (k *SessionKey[T]) cell(s *Session) *value[T] {
	if c, ok := s.keys.cells[k.name].(*value[T]); ok {
		return c
	}
	c, err := declare(&s.keys, k.name, newValue(k.fallback, false))
	if err != nil {
		s.problem(err)
	}
	return c
}
