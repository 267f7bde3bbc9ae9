package soak

import (
	"github.com/limpet-go/limpet/session"
)

// target is a store under test.
type target interface {
	session.SessionStore
	session.AtomicKVStore
	session.BatchStore
	session.UserIndex
}
