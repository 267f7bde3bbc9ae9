package setup

import (
	"strconv"

	"github.com/limpet-go/limpet"
)

// Scope is where a component declares its signals. It belongs to the session's loop and is used through its
// address; a copy made after the first signal would give its position out again.
type Scope struct {
	session   *limpet.Session
	component string
	position  int
}

// NewScope returns a scope for one component of the session. The name tells its positional keys from those of
// other components, so it must be unique within the session and stay the same across builds.
func NewScope(s *limpet.Session, component string) Scope {
	return Scope{session: s, component: component}
}

// Session returns the session that is mounted.
func (s *Scope) Session() *limpet.Session { return s.session }

// nextKey returns the key of the next position.
func (s *Scope) nextKey() string {
	s.position++
	return s.component + "#" + strconv.Itoa(s.position)
}
