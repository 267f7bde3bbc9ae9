package live

import "sync"

// maxMail bounds the functions that wait for a loop.
const maxMail = 10_000

// mailbox holds functions for a loop until it runs them. ready holds a token while there is mail.
type mailbox struct {
	ready chan struct{}

	mu     sync.Mutex
	mail   []func()
	closed bool
}

func newMailbox() *mailbox { return &mailbox{ready: make(chan struct{}, 1)} }

// post leaves fn for the loop, from any goroutine and without waiting. It is false when fn will not run, since
// the loop ended or is hopelessly behind.
func (m *mailbox) post(fn func()) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || len(m.mail) >= maxMail {
		return false
	}
	m.mail = append(m.mail, fn)
	select {
	case m.ready <- struct{}{}:
	default:
	}
	return true
}

// take returns what is there, in order.
func (m *mailbox) take() []func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	mail := m.mail
	m.mail = nil
	return mail
}

// close refuses further mail and returns what is there.
func (m *mailbox) close() []func() {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	return m.take()
}
