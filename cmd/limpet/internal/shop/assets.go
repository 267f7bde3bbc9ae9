package shop

import (
	"embed"
	"io/fs"
	"net/http"
)

//go:embed assets
var files embed.FS

// Assets serves the page's style sheet, script and pictures below /assets/.
func Assets() http.Handler {
	server := http.FileServerFS(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if info, err := fs.Stat(files, r.URL.Path[1:]); err != nil || info.IsDir() {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "no-cache")
		server.ServeHTTP(w, r)
	})
}
