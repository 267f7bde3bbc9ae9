package proxy

import (
	"log/slog"
	"net/http"
	"strconv"
)

// killHandler answers POST /kill?node=N.
func killHandler(nodes Nodes, logger *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "use POST", http.StatusMethodNotAllowed)
			return
		}
		node, err := strconv.Atoi(r.URL.Query().Get("node"))
		if err != nil {
			http.Error(w, "node must be a number", http.StatusBadRequest)
			return
		}
		if err := nodes.Kill(node); err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		logger.Info("node killed on request", "node", node)
		w.WriteHeader(http.StatusNoContent)
	})
}
