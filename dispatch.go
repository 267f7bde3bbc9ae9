package limpet

import "errors"

// ErrNoLoop says that a session has no loop to run a function on: nobody hosts it, or its connection ended.
var ErrNoLoop = errors.New("limpet: the session has no running loop")

// BindLoop is for hosts: it says how a function reaches the session's loop. post is called from any goroutine;
// it must not run the function itself, and returns false when the loop has ended. A nil post unbinds.
func (s *Session) BindLoop(post func(func()) bool) {
	if post == nil {
		s.post.Store(nil)
		return
	}
	s.post.Store(&post)
}

// Dispatch runs fn on the session's loop, after what is queued there already. It does not wait for fn, and may
// be called from any goroutine. It is ErrNoLoop when fn will surely not run; when the loop ends after Dispatch
// returned, fn may not run either.
func (s *Session) Dispatch(fn func()) error {
	post := s.post.Load()
	if post == nil || fn == nil || !(*post)(fn) {
		return ErrNoLoop
	}
	return nil
}
