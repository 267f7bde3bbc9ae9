package limpet

import (
	"maps"
	"sync/atomic"
	"time"

	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/state"
)

// Session is the typed, persisted state of one live tab. It is owned by one goroutine; only Dispatch may be
// called from others.
type Session struct {
	id         string
	userID     string
	createdAt  time.Time
	lastActive time.Time
	route      string
	params     map[string]string
	authHints  *session.AuthHintsV1

	signals    table
	keys       table
	positional []string
	problems   []error

	post atomic.Pointer[func(func()) bool]
}

// NewSession returns an empty session. The ID is what names it in a store, a bearer secret; package session says
// which IDs a store accepts.
func NewSession(id string) *Session {
	now := time.Now()
	return &Session{id: id, createdAt: now, lastActive: now, signals: newTable("signal"), keys: newTable("session key")}
}

// ID returns the session's ID, a bearer secret.
func (s *Session) ID() string { return s.id }

// UserID returns the user the session belongs to, empty when there is none. It says whose state this is, not
// that the present connection is that user's: that is for the host to check.
func (s *Session) UserID() string { return s.userID }

// SetUserID says which user the session belongs to.
func (s *Session) SetUserID(id string) { s.userID = id }

// CreatedAt returns when the session was created, at first or before it was restored.
func (s *Session) CreatedAt() time.Time { return s.createdAt }

// LastActive returns what SetLastActive was last given, at first the time of creation.
func (s *Session) LastActive() time.Time { return s.lastActive }

// SetLastActive records when the user was last active.
func (s *Session) SetLastActive(t time.Time) { s.lastActive = t }

// Route returns the page's route.
func (s *Session) Route() string { return s.route }

// RouteParams returns a copy of the route's parameters.
func (s *Session) RouteParams() map[string]string { return maps.Clone(s.params) }

// SetRoute records the page's route and its parameters, which are copied.
func (s *Session) SetRoute(route string, params map[string]string) {
	s.route, s.params = route, maps.Clone(params)
}

// AuthHints returns what is known about the session's authentication before it was restored. It proves nothing.
func (s *Session) AuthHints() session.AuthHintsV1 {
	if s.authHints == nil {
		return session.AuthHintsV1{}
	}
	return *s.authHints
}

// SetAuthHints records the hints to store.
func (s *Session) SetAuthHints(h session.AuthHintsV1) { s.authHints = &h }

// Problems returns what went wrong with single values: a persisted value that its declaration could not decode,
// or two declarations of one key that disagree. A host that finds problems after mounting a restored session
// should not write it back, since the values in question would be replaced by their initial ones.
func (s *Session) Problems() []error { return append([]error(nil), s.problems...) }

// PositionalKeys returns the keys of the persisted signals that were declared without a key of their own, in
// order of declaration. Such a key moves when a signal is inserted before it.
func (s *Session) PositionalKeys() []string { return append([]string(nil), s.positional...) }

// Schema describes the persisted state: what is declared now, and what was restored and no declaration has
// claimed yet, under the description it came with.
func (s *Session) Schema() *state.Schema {
	return &state.Schema{
		Version:     state.SchemaVersion,
		Signals:     s.signals.shapes(),
		SessionKeys: s.keys.shapes(),
	}
}

func (s *Session) problem(err error) { s.problems = append(s.problems, err) }
