package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/limpet-go/limpet/integration/storm"
	"github.com/limpet-go/limpet/live"
	"github.com/limpet-go/limpet/session"
)

// node is what the process holds. Commands come one at a time.
type node struct {
	log     *slog.Logger
	out     *output
	cfg     storm.Command // the first one
	store   *storm.Counter
	manager *session.Manager // of DoOpen
	host    *live.Host       // of DoServe
	members []*member
}

// member is one session. One goroutine at a time changes it.
type member struct {
	n          *node
	index      int
	id         string
	version    atomic.Uint64
	attachment *session.Attachment // nil when it is not connected
}

func (n *node) do(c storm.Command, r *storm.Reply) error {
	switch c.Do {
	case storm.DoOpen:
		return n.open(c)
	case storm.DoServe:
		return n.serve(c, r)
	case storm.DoConnect:
		return n.connect()
	case storm.DoWork:
		n.work()
	case storm.DoHold:
		n.store.Hold(c.Hold, func() { n.out.write(storm.Line{Held: true}) })
	case storm.DoDirty:
		n.dirty()
	case storm.DoResume:
		r.Storm = n.resume(c)
	case storm.DoRelease:
		n.store.Release()
	case storm.DoLoad:
		load := n.store.Take()
		r.Load = &load
	default:
		return fmt.Errorf("unknown command %q", c.Do)
	}
	return nil
}

// listen obeys while the node drains: held calls may be let go.
func (n *node) listen(commands <-chan storm.Command) {
	for c := range commands {
		reply := &storm.Reply{}
		if c.Do != storm.DoRelease {
			reply.Error = "the node ends"
		} else {
			n.store.Release()
		}
		n.out.write(storm.Line{Reply: reply})
	}
}

// openStore opens the store and counts its calls.
func (n *node) openStore(c storm.Command) error {
	store, err := session.ParseStoreURL(c.Store)
	if err != nil {
		return err
	}
	n.cfg = c
	n.store, err = storm.NewCounter(store)
	return err
}

func (n *node) open(c storm.Command) error {
	if err := n.openStore(c); err != nil {
		return err
	}
	for i := range c.Sessions {
		n.members = append(n.members, &member{n: n, index: i, id: storm.ID(c.Seed, i)})
	}
	n.manager = session.NewManager(n.store, session.ManagerConfig{PersistInterval: c.Persist}, n.log)
	return nil
}

// connect attaches every session and saves it.
func (n *node) connect() error {
	return n.each(func(x *member) error {
		x.version.Store(1)
		sess := x.managed()
		var err error
		if x.attachment, err = n.manager.Attach(&sess); err != nil {
			return err
		}
		return x.sync()
	})
}

// dirty changes every session.
func (n *node) dirty() {
	for _, x := range n.members {
		x.version.Add(1)
		n.manager.MarkDirty(x.id)
	}
}

// each runs do for all sessions, some of them at once.
func (n *node) each(do func(x *member) error) error {
	const workers = 256
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed error
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(n.members); i += workers {
				if err := do(n.members[i]); err != nil {
					mu.Lock()
					failed = errors.Join(failed, fmt.Errorf("session %d: %w", i, err))
					mu.Unlock()
					return
				}
			}
		})
	}
	wg.Wait()
	return failed
}

func (x *member) managed() session.ManagedSession {
	return session.ManagedSession{
		ID:        x.id,
		IP:        storm.Addr(x.index),
		Snapshot:  func(context.Context) ([]byte, error) { return x.state(), nil },
		OnDurable: x.durable,
	}
}

func (x *member) state() []byte { return storm.State(x.id, x.version.Load()) }

func (x *member) durable(data []byte) {
	version, err := storm.Version(x.id, data)
	if err != nil {
		x.n.log.Error("acknowledged what is no state", "error", err)
		return
	}
	x.acknowledged(version)
}

func (x *member) acknowledged(version uint64) {
	x.n.out.ack(storm.Ack{Session: x.index, Version: version})
}

// sync returns when the session's version is durable, and tells the parent.
func (x *member) sync() error {
	version := x.version.Load()
	if err := x.n.manager.Sync(context.Background(), x.id); err != nil {
		return err
	}
	x.acknowledged(version)
	return nil
}
