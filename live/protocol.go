package live

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/coder/websocket"
)

// ProtocolVersion is the version of the socket's messages, which docs/live-protocol.md describes.
const ProtocolVersion = 1

// Limits of what a client may send.
const (
	maxMessageBytes = 64 << 10
	maxNameBytes    = 64
	maxValues       = 64
	maxPathBytes    = 2 << 10
	maxSeq          = 1<<53 - 1 // what a JavaScript number counts exactly
)

// Close codes beyond the ones of the WebSocket protocol.
const (
	// CloseTakenOver says that another connection has the session now. The client must not reconnect by itself.
	CloseTakenOver websocket.StatusCode = 4001

	// CloseProtocol says that the client broke the protocol.
	CloseProtocol websocket.StatusCode = 4002

	// CloseRefused says that the socket is refused. The reason is "cookie" when the page should be fetched again
	// for a good cookie, and "user" when the host's Authenticate refused.
	CloseRefused websocket.StatusCode = 4003

	// CloseEnded says that the application ended the session. The client forgets it.
	CloseEnded websocket.StatusCode = 4004
)

// Types of messages.
const (
	typeHello     = "hello"
	typeInput     = "in"
	typeWelcome   = "welcome"
	typeRender    = "render"
	typeAck       = "ack"
	typeReconnect = "reconnect"
)

// hello is the client's first message.
type hello struct {
	T    string `json:"t"`
	V    int    `json:"v"`
	Tab  string `json:"tab"`
	Path string `json:"path"`
}

// input is every other message of the client. Seq 0 marks one that may be lost.
type input struct {
	T     string            `json:"t"`
	Seq   uint64            `json:"seq"`
	Name  string            `json:"name"`
	V     map[string]string `json:"v"`
	Again bool              `json:"again"`

	malformed bool // in place of a message that breaks the protocol
}

// fingerprint tells inputs apart, for this and later processes.
func (in input) fingerprint() uint64 {
	h := fnv.New64a()
	part := func(text string) {
		h.Write([]byte(text))
		h.Write([]byte{0})
	}
	part(in.Name)
	for _, key := range slices.Sorted(maps.Keys(in.V)) {
		part(key)
		part(in.V[key])
	}
	return h.Sum64()
}

type welcome struct {
	T       string `json:"t"`
	Tab     string `json:"tab"`
	Fresh   bool   `json:"fresh"`
	Foreign bool   `json:"foreign,omitempty"` // the session asked for is another user's
	Applied uint64 `json:"applied"`
	Durable uint64 `json:"durable"`
	AgeMs   int64  `json:"age_ms"`
	HTML    string `json:"html"`
}

type renderMessage struct {
	T       string `json:"t"`
	HTML    string `json:"html"`
	Applied uint64 `json:"applied"`
}

type ack struct {
	T       string `json:"t"`
	Applied uint64 `json:"applied"`
	Durable uint64 `json:"durable"`
	AgeMs   int64  `json:"age_ms"` // of the newest durable state; negative if this connection knows of none
}

type reconnect struct {
	T       string `json:"t"`
	AfterMs int64  `json:"after_ms"`
}

// errProtocol says that the client broke the protocol; errors that match it are safe to log and to send.
var errProtocol = errors.New("live: protocol error")

func decodeHello(data []byte) (hello, error) {
	var m hello
	if err := decodeStrictly(data, &m); err != nil {
		return m, err
	}
	switch {
	case m.T != typeHello:
		return m, fmt.Errorf("%w: the first message is not a hello", errProtocol)
	case m.V != ProtocolVersion:
		return m, fmt.Errorf("%w: unknown protocol version", errProtocol)
	case m.Tab != "" && !validTabPart(m.Tab):
		return m, fmt.Errorf("%w: malformed tab", errProtocol)
	case len(m.Path) > maxPathBytes || !strings.HasPrefix(m.Path, "/"):
		return m, fmt.Errorf("%w: malformed path", errProtocol)
	}
	return m, nil
}

func decodeInput(data []byte) (input, error) {
	var m input
	if err := decodeStrictly(data, &m); err != nil {
		return m, err
	}
	switch {
	case m.T != typeInput:
		return m, fmt.Errorf("%w: unexpected type of message", errProtocol)
	case m.Seq > maxSeq:
		return m, fmt.Errorf("%w: sequence number out of range", errProtocol)
	case m.Name == "" || len(m.Name) > maxNameBytes:
		return m, fmt.Errorf("%w: malformed event name", errProtocol)
	case len(m.V) > maxValues:
		return m, fmt.Errorf("%w: too many values", errProtocol)
	}
	return m, nil
}

// decodeStrictly reads one JSON value into m and refuses unknown fields and anything after it.
func decodeStrictly(data []byte, m any) error {
	if len(data) > maxMessageBytes {
		return fmt.Errorf("%w: message too large", errProtocol)
	}
	if !utf8.Valid(data) { // encoding/json would put replacement characters
		return fmt.Errorf("%w: not UTF-8", errProtocol)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(m); err != nil {
		return fmt.Errorf("%w: malformed message", errProtocol)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: more than one value in a message", errProtocol)
	}
	return nil
}

// encode returns a message as JSON in which HTML stays as it is.
func encode(buf *bytes.Buffer, m any) ([]byte, error) {
	buf.Reset()
	e := json.NewEncoder(buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(m); err != nil {
		return nil, fmt.Errorf("live: encode message: %w", err)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}
