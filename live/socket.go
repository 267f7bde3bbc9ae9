package live

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

const (
	helloTimeout  = 10 * time.Second
	attachTimeout = 15 * time.Second
	closeTimeout  = time.Second
)

// socket is one WebSocket from its upgrade to its end.
type socket struct {
	conn    *websocket.Conn
	ctx     context.Context // of reads and writes; its end breaks the connection
	cut     context.CancelFunc
	finish  chan struct{} // closed when the writer should write what is left and end
	done    chan struct{} // closed when nothing of the socket is left
	readers sync.WaitGroup
	writers sync.WaitGroup
	inputs  chan input      // closed by the reader when the client is gone
	alive   context.Context // ends when the reader does
	gone    context.CancelFunc
	reading bool // the reader runs; for the serving goroutine only
	tab     *tab // guarded by Host.mu; nil until attached
}

func newSocket(r *http.Request) *socket {
	s := &socket{inputs: make(chan input, maxInputs), finish: make(chan struct{}), done: make(chan struct{})}
	s.ctx, s.cut = context.WithCancel(context.WithoutCancel(r.Context()))
	s.alive, s.gone = context.WithCancel(s.ctx)
	return s
}

// caller is what is known about who opened a socket.
type caller struct {
	browser []byte
	user    string
	ip      string
	path    string
}

// socket answers the request for a socket. Nothing but the signed cookie, the origin and the application's own
// Authenticate decide whether it gets as far as a hello; no store is asked before.
func (p *page) socket(w http.ResponseWriter, r *http.Request) {
	h := p.host
	if !h.originAllowed(r) {
		h.log.Warn(eventSocketRefused, "reason", "origin")
		http.Error(w, "forbidden", http.StatusForbidden)
		return
	}
	s := newSocket(r)
	defer s.cut()
	if !h.admit(s) {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "shutting down", http.StatusServiceUnavailable)
		return
	}
	defer h.dismiss(s)
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true}) // the origin is checked above
	if err != nil {
		return // Accept has answered
	}
	defer conn.CloseNow() // a hijacked connection is closed by nobody else
	s.conn = conn
	conn.SetReadLimit(maxMessageBytes)
	s.close(p.serve(s, r))
}

// serve runs the connection and returns how to close it.
func (p *page) serve(s *socket, r *http.Request) ending {
	h := p.host
	c := caller{ip: h.proxies.clientIP(r), path: r.URL.Path}
	var ok bool
	if c.browser, _, ok = h.cookies.browser(r); !ok {
		return endNoCookie
	}
	var err error
	switch c.user, err = h.authenticate(r); {
	case errors.Is(err, errPanic):
		h.log.Error(eventSocketRefused, "reason", "panic", "error", err)
		return endInternal
	case err != nil:
		h.log.Info(eventSocketRefused, "reason", "user", "error", err)
		return endNoUser
	}
	hello, err := s.hello()
	if err != nil {
		return endingFor(err)
	}
	s.reading = true
	s.readers.Go(s.read)
	// A client that gave this connection up while Authenticate took its time has opened another one since, whose
	// session must not be taken over.
	if hello.Tab != "" {
		s.ping()
	}
	if s.alive.Err() != nil {
		return endGone
	}
	t, err := p.attach(s, c, hello.Tab)
	if err != nil {
		return endingFor(err)
	}
	s.writers.Go(func() { s.write(t.out) })
	return t.run()
}

func (h *Host) authenticate(r *http.Request) (user string, err error) {
	defer recoverTo(&err, "authenticate")
	return h.cfg.Authenticate(r)
}

func (s *socket) hello() (hello, error) {
	ctx, cancel := context.WithTimeout(s.ctx, helloTimeout)
	defer cancel()
	data, err := s.receive(ctx)
	if err != nil {
		return hello{}, err
	}
	return decodeHello(data)
}

func (s *socket) receive(ctx context.Context) ([]byte, error) {
	kind, data, err := s.conn.Read(ctx)
	if err != nil {
		return nil, fmt.Errorf("live: read: %w", err)
	}
	if kind != websocket.MessageText {
		return nil, fmt.Errorf("%w: not a text message", errProtocol)
	}
	return data, nil
}

// read passes the client's inputs to the loop. When the loop has ended it goes on reading, since that is how the
// closing handshake arrives, and drops what it reads.
func (s *socket) read() {
	defer close(s.inputs)
	defer s.gone()
	for {
		data, err := s.receive(s.ctx)
		var in input
		if err == nil {
			in, err = decodeInput(data)
		}
		switch {
		case errors.Is(err, errProtocol):
			in = input{malformed: true}
		case err != nil:
			return
		}
		select {
		case s.inputs <- in:
		case <-s.finish:
		}
	}
}

// discard reads and drops until the connection is closed.
func (s *socket) discard() {
	for {
		if _, _, err := s.conn.Read(s.ctx); err != nil {
			return
		}
	}
}

// close says goodbye and ends the socket's goroutines. A peer that does not answer is not waited for.
func (s *socket) close(end ending) {
	timer := time.AfterFunc(closeTimeout, s.cut)
	defer timer.Stop()
	close(s.finish)
	s.writers.Wait()
	if !s.reading { // nobody reads, and only a reader can be cut
		s.readers.Go(s.discard)
	}
	_ = s.conn.Close(end.code, end.reason) // a peer that is gone already needs no goodbye
	s.cut()
	s.readers.Wait()
}
