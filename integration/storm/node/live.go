package main

import (
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"

	"github.com/limpet-go/limpet/integration/storm"
	"github.com/limpet-go/limpet/live"
	"github.com/limpet-go/limpet/setup"
)

var counterTemplate = template.Must(template.New("counter").Parse(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Counter</title><script defer src="?limpet=js"></script></head>
<body><p>Count: <output id="count">{{.}}</output></p><button data-live-click="add">add</button></body>
</html>
`))

// counterPage counts the inputs of a tab.
func counterPage(s *setup.Scope) live.View {
	count := setup.SharedSignal(s, 0, setup.Key("count"))
	return live.View{
		Template: counterTemplate,
		Data:     func() any { return count.Get() },
		On: map[string]live.Handler{"add": func(*live.Event) error {
			count.Update(func(n int) int { return n + 1 })
			return nil
		}},
	}
}

// serve opens the page to clients, which say by X-Forwarded-For from where they come.
func (n *node) serve(c storm.Command, r *storm.Reply) error {
	if err := n.openStore(c); err != nil {
		return err
	}
	host, err := live.NewHost(live.Config{
		Key:            c.Key,
		Store:          n.store,
		Logger:         n.log,
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	n.host, r.Addr = host, listener.Addr().String()
	go n.listenOn(listener, host.Page(counterPage))
	return nil
}

func (n *node) listenOn(listener net.Listener, page http.Handler) {
	server := &http.Server{Handler: page, ErrorLog: slog.NewLogLogger(n.log.Handler(), slog.LevelDebug)}
	n.log.Error("node: serving ended", "error", server.Serve(listener))
	os.Exit(exitUnsaved)
}
