package live

import (
	"context"
	"hash/maphash"
	"log/slog"
	"sync"
	"time"

	"github.com/limpet-go/limpet"
	"github.com/limpet-go/limpet/internal/recovered"
	"github.com/limpet-go/limpet/session"
)

// maxInputs is how many inputs may wait for a loop before its socket is read more slowly.
const maxInputs = 16

// durableTimeout is how long a tab that is to move waits for the store at most.
const durableTimeout = time.Second

// tab is one connection to a session, and the loop that owns the session while it lasts.
type tab struct {
	host       *Host
	socket     *socket
	session    *limpet.Session
	view       View
	attachment *session.Attachment

	inputs <-chan input // the socket's
	mail   *mailbox
	out    *outbox
	ledger ledger

	progress progress // saved with the session
	user     string   // as the manager knows it
	changed  bool     // something ran that may have changed the page
	dirty    bool     // something ran that may have changed the persisted state
	shown    uint64   // hash of the page that was sent last
	removed  bool     // the application ended the session
	noteless bool     // attempts cannot be noted

	endOnce sync.Once
	how     ending
	ending  chan struct{} // closed when the loop is to end
	done    chan struct{} // closed when the final state was handed over
}

func newTab(h *Host, s *socket, sess *limpet.Session) *tab {
	t := &tab{
		host:    h,
		socket:  s,
		session: sess,
		inputs:  s.inputs,
		mail:    newMailbox(),
		out:     newOutbox(),
		ending:  make(chan struct{}),
		done:    make(chan struct{}),
	}
	sess.BindLoop(t.post)
	return t
}

// end makes the loop end after the event that it is applying, from any goroutine. The first call says how.
func (t *tab) end(how ending) {
	t.endOnce.Do(func() {
		t.how = how
		close(t.ending)
	})
}

// run is the session's loop: it applies inputs in order and runs what was posted, and shows the page after each
// batch. It returns how to close the socket, after the session's final state was handed over.
func (t *tab) run() ending {
	defer t.finish()
	for {
		select {
		case <-t.ending:
			return t.how
		case in, ok := <-t.inputs:
			if !ok {
				t.end(endGone)
				continue
			}
			t.applyBatch(in)
		case <-t.mail.ready:
			t.runMail(t.mail.take())
		}
		t.settle()
	}
}

// settle tells manager and client what a batch has changed.
func (t *tab) settle() {
	if t.dirty {
		t.dirty = false
		t.session.SetLastActive(time.Now())
		t.host.manager.MarkDirty(t.session.ID())
		t.followUser()
	}
	if t.changed {
		t.changed = false
		t.show()
	}
	t.out.progress(t.progress.Applied)
}

// followUser tells the manager about a login or logout.
func (t *tab) followUser() {
	user := t.session.UserID()
	if user == t.user {
		return
	}
	t.user = user
	if err := t.host.manager.SetUser(t.session.ID(), user); err != nil {
		t.event(slog.LevelWarn, eventUserNotChanged, slog.Any("error", err))
	}
}

// show sends the page if it looks different.
func (t *tab) show() {
	html, err := render(t.view)
	if err != nil {
		t.event(slog.LevelError, eventPageNotRendered, slog.String("path", t.session.Route()), slog.Any("error", err))
		return
	}
	if sum := maphash.String(seed, html); sum != t.shown {
		t.shown = sum
		t.out.show(html, t.progress.Applied)
	}
}

// post leaves a function of the application for the loop.
func (t *tab) post(fn func()) bool {
	return t.mail.post(func() {
		t.changed, t.dirty = true, true
		t.guard("dispatch", func() error { fn(); return nil })
	})
}

func (t *tab) runMail(mail []func()) {
	for _, fn := range mail {
		fn()
	}
}

// guard runs code of the application. Its error or panic is logged and ends nothing.
func (t *tab) guard(event string, run func() error) {
	defer func() {
		if v := recover(); v != nil {
			t.event(slog.LevelError, eventHandlerPanicked, slog.String("event", event),
				slog.String("error", recovered.Text(v)), slog.String("stack", recovered.Stack()))
		}
	}()
	if err := run(); err != nil {
		t.event(slog.LevelWarn, eventHandlerFailed, slog.String("event", event), slog.Any("error", err))
	}
}

// finish hands the session over: to the manager with its final state, or to oblivion if the application ended it.
func (t *tab) finish() {
	t.runMail(t.mail.close())
	t.session.BindLoop(nil)
	if t.removed {
		t.host.manager.Remove(t.session.ID())
	} else {
		t.attachment.Detach(t.finalState())
	}
	t.host.leave(t)
	if t.how == endRestart && !t.removed {
		t.awaitDurable()
	}
}

// awaitDurable waits for the final state to be in the store, where the node that the client comes back to looks for it.
// It does not wait for a client that is gone, nor long for a store.
func (t *tab) awaitDurable() {
	ctx, cancel := context.WithTimeout(t.socket.alive, durableTimeout)
	defer cancel()
	_ = t.host.manager.Sync(ctx, t.session.ID()) // the manager keeps at it; its Shutdown says what it could not save
}

// loopKey marks the contexts of calls made on a session's own loop.
type loopKey struct{}

func (t *tab) onLoop(ctx context.Context) context.Context {
	return context.WithValue(ctx, loopKey{}, t)
}
