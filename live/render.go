package live

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"github.com/limpet-go/limpet"
	"github.com/limpet-go/limpet/internal/recovered"
	"github.com/limpet-go/limpet/setup"
)

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxPooledBytes keeps one huge page from staying in the pool.
const maxPooledBytes = 1 << 20

func recycle(buf *bytes.Buffer) {
	if buf.Cap() <= maxPooledBytes {
		buf.Reset()
		buffers.Put(buf)
	}
}

// mountOn runs the application's mount function; a panic becomes an error.
func mountOn(s *limpet.Session, mount Mount) (view View, err error) {
	defer recoverTo(&err, "mount")
	scope := setup.NewScope(s, "page")
	view = mount(&scope)
	if view.Template == nil {
		return View{}, errors.New("live: mount: the view has no template")
	}
	return view, nil
}

// render returns the whole document; a panic becomes an error.
func render(view View) (html string, err error) {
	defer recoverTo(&err, "render")
	var data any
	if view.Data != nil {
		data = view.Data()
	}
	buf := buffers.Get().(*bytes.Buffer)
	defer recycle(buf)
	if err := view.Template.Execute(buf, data); err != nil {
		return "", fmt.Errorf("live: render: %w", err)
	}
	return buf.String(), nil
}

// errPanic says that the application's code panicked.
var errPanic = errors.New("panic")

// recoverTo turns a panic of the application into an error. It is deferred.
func recoverTo(err *error, what string) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("live: %s: %w: %v", what, errPanic, recovered.Text(v))
	}
}
