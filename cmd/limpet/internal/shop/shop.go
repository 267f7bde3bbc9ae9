// Package shop is the demo's page: three kinds of fruit, a cart, a note and a theme, each kept in the way that suits
// it.
package shop

import (
	_ "embed"
	"html/template"
	"strings"
	"unicode/utf8"

	"github.com/limpet-go/limpet"
	"github.com/limpet-go/limpet/live"
	"github.com/limpet-go/limpet/setup"
)

// theme belongs to the session as a whole.
var theme = limpet.NewSessionKey[string]("theme", limpet.Default("light"))

// noteLimit is how many characters a note may have.
const noteLimit = 500

//go:embed page.html
var pageHTML string

var page = template.Must(template.New("page").Parse(pageHTML))

// Server is what the page tells about the process that renders it.
type Server struct {
	Node int
	PID  int
}

type point struct{ X, Y int }

// visit is one mounted page.
type visit struct {
	server  Server
	session *limpet.Session
	cart    *limpet.Signal[cart]
	note    *limpet.Signal[string]
	pointer *limpet.Signal[point]
}

// Mount returns the page's mount function.
func Mount(server Server) live.Mount {
	return func(s *setup.Scope) live.View {
		v := &visit{
			server:  server,
			session: s.Session(),
			cart:    setup.SharedSignal(s, cart(nil), setup.Key("cart")),
			note:    setup.SharedSignal(s, "", setup.Key("note")),
			pointer: setup.Signal(s, point{}),
		}
		return live.View{Template: page, Data: func() any { return v.view() }, On: map[string]live.Handler{
			"add":     v.add,
			"remove":  v.remove,
			"note":    v.write,
			"theme":   v.switchTheme,
			"pointer": v.point,
		}}
	}
}

func (v *visit) add(e *live.Event) error {
	if id := e.Value("product"); sells(id) {
		v.cart.Update(func(c cart) cart { return c.add(id) })
	}
	return nil
}

func (v *visit) remove(e *live.Event) error {
	v.cart.Update(func(c cart) cart { return c.remove(e.Value("product")) })
	return nil
}

func (v *visit) write(e *live.Event) error {
	v.note.Set(clip(e.Value("value"), noteLimit))
	return nil
}

func (v *visit) switchTheme(*live.Event) error {
	next := "dark"
	if theme.Get(v.session) == "dark" {
		next = "light"
	}
	theme.Set(v.session, next)
	return nil
}

func (v *visit) point(e *live.Event) error {
	x, err := e.Int("x")
	if err != nil {
		return err
	}
	y, err := e.Int("y")
	if err != nil {
		return err
	}
	v.pointer.Set(point{x, y})
	return nil
}

// clip returns the first characters of s, valid as UTF-8.
func clip(s string, limit int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit])
}
