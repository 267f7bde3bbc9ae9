package live_test

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/limpet-go/limpet/live"
	"github.com/limpet-go/limpet/live/livetest"
	"github.com/limpet-go/limpet/setup"
)

var counterPage = template.Must(template.New("counter").Parse(`<!doctype html>
<html lang="en"><head><title>Counter</title><script defer src="?limpet=js"></script></head>
<body><button data-live-click="add" data-value-by="2">{{.}}</button> <span data-live-status role="status"></span></body></html>`))

func counter(s *setup.Scope) live.View {
	count := setup.SharedSignal(s, 0, setup.Key("count"))
	return live.View{
		Template: counterPage,
		Data:     func() any { return count.Get() },
		On: map[string]live.Handler{
			"add": func(e *live.Event) error {
				by, err := e.Int("by")
				count.Update(func(n int) int { return n + by })
				return err
			},
		},
	}
}

func ExampleHost_Page() {
	host, err := live.NewHost(live.Config{Key: []byte("32 random bytes, kept somewhere!")})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("GET /counter", host.Page(counter))
	server := httptest.NewServer(mux)
	defer server.Close()

	// A browser does this by itself.
	ctx := context.Background()
	browser := livetest.NewBrowser(server.Client().Transport)
	url := server.URL + "/counter"
	if _, err := browser.Get(ctx, url); err != nil {
		fmt.Println(err)
		return
	}
	tab, err := browser.Dial(ctx, url)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer tab.Close()
	welcome, _ := tab.Hello(ctx, "")
	fmt.Println("fresh:", welcome.Fresh)
	_ = tab.Send(ctx, livetest.Input{Seq: 1, Name: "add", V: map[string]string{"by": "2"}})
	m, _ := tab.Until(ctx, func(m livetest.Message) bool { return m.Applied == 1 })
	fmt.Println("shows 2:", strings.Contains(m.HTML, ">2</button>"))
	_ = tab.Close()
	fmt.Println("shutdown:", host.Shutdown(ctx))
	// Output:
	// fresh: true
	// shows 2: true
	// shutdown: <nil>
}
