// Package livetest is a small client of a live page without a browser, for tests and load. It speaks the messages
// of docs/live-protocol.md as they are and adds no behaviour: it does not reconnect, number or re-send by itself.
package livetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"github.com/coder/websocket"
)

// MaxServerMessage is the largest message that a Conn reads, in bytes.
const MaxServerMessage = 16 << 20

// Message is any message of the protocol; T says which, and which fields count.
type Message struct {
	T       string `json:"t"`
	Tab     string `json:"tab"`
	Fresh   bool   `json:"fresh"`
	Foreign bool   `json:"foreign"`
	Applied uint64 `json:"applied"`
	Durable uint64 `json:"durable"`
	AgeMs   int64  `json:"age_ms"`
	HTML    string `json:"html"`
	AfterMs int64  `json:"after_ms"`
}

// Input is an input of the client. Seq 0 marks one that may be lost.
type Input struct {
	T     string            `json:"t"` // set by Send
	Seq   uint64            `json:"seq"`
	Name  string            `json:"name"`
	V     map[string]string `json:"v,omitempty"`
	Again bool              `json:"again,omitempty"`
}

// Browser is what the tabs of one browser share: the cookie. It is safe for use by many goroutines.
type Browser struct {
	// Client sends the requests; its Jar keeps the cookie.
	Client *http.Client

	// Header is added to every request.
	Header http.Header
}

// NewBrowser returns a browser without cookies. A nil transport means http.DefaultTransport.
func NewBrowser(transport http.RoundTripper) *Browser {
	jar, _ := cookiejar.New(nil) // fails for no options
	return &Browser{Client: &http.Client{Transport: transport, Jar: jar}, Header: http.Header{}}
}

// Get fetches a page, as a browser does before it opens the page's socket, and returns the document.
func (b *Browser) Get(ctx context.Context, pageURL string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, pageURL, nil)
	if err != nil {
		return "", fmt.Errorf("livetest: get: %w", err)
	}
	req.Header = b.Header.Clone()
	res, err := b.Client.Do(req)
	if err != nil {
		return "", fmt.Errorf("livetest: get: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = errors.New(res.Status)
	}
	if err != nil {
		return "", fmt.Errorf("livetest: get: %w", err)
	}
	return string(body), nil
}

// Dial opens the socket of a page. The caller closes it.
func (b *Browser) Dial(ctx context.Context, pageURL string) (*Conn, error) {
	u, err := url.Parse(pageURL)
	if err != nil {
		return nil, fmt.Errorf("livetest: dial: %w", err)
	}
	u.RawQuery = "limpet=ws"
	ws, _, err := websocket.Dial(ctx, u.String(), &websocket.DialOptions{HTTPClient: b.Client, HTTPHeader: b.Header.Clone()})
	if err != nil {
		return nil, fmt.Errorf("livetest: dial: %w", err)
	}
	ws.SetReadLimit(MaxServerMessage)
	return &Conn{ws: ws, path: u.Path}, nil
}

// Conn is one socket. One goroutine may send while another one receives.
type Conn struct {
	ws   *websocket.Conn
	path string
}

// Hello sends the first message and returns the answer. tab is empty for a fresh session, or the tab part of a
// welcome to resume. When the server asks to come back later, AfterMs of the message says when, and the error how it
// closed the socket.
func (c *Conn) Hello(ctx context.Context, tab string) (Message, error) {
	hello := map[string]any{"t": "hello", "v": 1, "tab": tab, "path": "/" + strings.TrimPrefix(c.path, "/")}
	if err := c.SendJSON(ctx, hello); err != nil {
		return Message{}, err
	}
	m, err := c.Next(ctx)
	if err == nil && m.T == "reconnect" {
		_, err = c.Next(ctx)
	}
	if err == nil && m.T != "welcome" {
		err = fmt.Errorf("livetest: hello: answered by %q", m.T)
	}
	return m, err
}

// Send sends an input.
func (c *Conn) Send(ctx context.Context, in Input) error {
	in.T = "in"
	return c.SendJSON(ctx, in)
}

// SendJSON sends any value as a message.
func (c *Conn) SendJSON(ctx context.Context, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("livetest: send: %w", err)
	}
	return c.SendText(ctx, string(data))
}

// SendText sends any text as a message.
func (c *Conn) SendText(ctx context.Context, text string) error {
	if err := c.ws.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
		return fmt.Errorf("livetest: send: %w", err)
	}
	return nil
}

// Next returns the next message of the server. CloseCode says how the error closed the socket. A context that ends
// breaks the connection.
func (c *Conn) Next(ctx context.Context) (Message, error) {
	var m Message
	_, data, err := c.ws.Read(ctx)
	if err != nil {
		return m, fmt.Errorf("livetest: receive: %w", err)
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return m, fmt.Errorf("livetest: receive: %w", err)
	}
	return m, nil
}

// Until receives until a message satisfies ok, and returns that one.
func (c *Conn) Until(ctx context.Context, ok func(Message) bool) (Message, error) {
	for {
		m, err := c.Next(ctx)
		if err != nil || ok(m) {
			return m, err
		}
	}
}

// Close ends the connection as a tab does that is closed.
func (c *Conn) Close() error { return c.ws.Close(websocket.StatusNormalClosure, "") }

// Cut breaks the connection without a goodbye.
func (c *Conn) Cut() error { return c.ws.CloseNow() }

// CloseCode returns the code with which the server closed the socket, or -1 if err says nothing of the kind.
func CloseCode(err error) int { return int(websocket.CloseStatus(err)) }
