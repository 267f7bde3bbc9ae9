package live

import (
	"bytes"
	"context"
	"time"

	"github.com/coder/websocket"
)

const (
	writeTimeout = 10 * time.Second
	pingInterval = 15 * time.Second
	pingTimeout  = 10 * time.Second
)

// write sends what the outbox holds until the socket is to finish, and then what is left. Now and then it pings
// the client, whose silence breaks the connection, and sends it an ack, whose absence tells the client that the
// server is gone. A message that cannot be written breaks the connection.
func (s *socket) write(out *outbox) {
	tick := time.NewTicker(pingInterval)
	defer tick.Stop()
	for {
		select {
		case <-out.ready:
			s.flush(out)
		case <-tick.C:
			out.heartbeat()
			s.writers.Go(s.ping)
		case <-s.finish:
			s.flush(out)
			return
		}
	}
}

func (s *socket) flush(out *outbox) {
	buf := buffers.Get().(*bytes.Buffer)
	defer recycle(buf)
	for _, message := range out.take() {
		data, err := encode(buf, message)
		if err == nil {
			err = s.send(data)
		}
		if err != nil {
			s.cut()
			return
		}
	}
}

func (s *socket) send(data []byte) error {
	ctx, cancel := context.WithTimeout(s.ctx, writeTimeout)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, data)
}

// ping breaks the connection when the client does not answer.
func (s *socket) ping() {
	ctx, cancel := context.WithTimeout(s.ctx, pingTimeout)
	defer cancel()
	if s.conn.Ping(ctx) != nil {
		s.cut()
	}
}
