package main

import (
	"html/template"
	"log"
	"net/http"
	"os"

	_ "github.com/limpet-go/limpet/drivers/sqlite"
	"github.com/limpet-go/limpet/live"
	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/setup"
)

var page = template.Must(template.New("page").Parse(`<!doctype html><title>Count</title>
<script defer src="?limpet=js"></script>
<button data-live-click="add">{{.}} clicks</button> <i data-live-status></i>`))

func counter(s *setup.Scope) live.View {
	count := setup.SharedSignal(s, 0, setup.Key("count")) // lives in the store, one for each tab
	add := func(*live.Event) error { count.Set(count.Get() + 1); return nil }
	return live.View{Template: page, Data: func() any { return count.Get() }, On: map[string]live.Handler{"add": add}}
}

func main() {
	store, err := session.ParseStoreURL("sqlite:count.db")
	if err != nil {
		log.Fatal(err)
	}
	host, err := live.NewHost(live.Config{Store: store, Key: []byte(os.Getenv("COUNT_KEY"))}) // 32 secret bytes
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", host.Page(counter)))
}
