package live

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // for the client script
	"net/http"
	"time"
)

//go:embed client.js
var script []byte

var scriptETag = func() string {
	sum := sha256.Sum256(script)
	return `"` + base64url.EncodeToString(sum[:12]) + `"`
}()

// serveScript sends the client script, which browsers keep and ask about each time.
func serveScript(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-cache")
	header.Set("Content-Type", "text/javascript; charset=utf-8")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("ETag", scriptETag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(script))
}
