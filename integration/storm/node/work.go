package main

import (
	"errors"
	"math/rand/v2"

	"github.com/limpet-go/limpet/session"
)

// workers change sessions at once, each its own.
const workers = 64

// work changes sessions until the process ends: some are saved at once, some soon, and some are disconnected.
func (n *node) work() {
	for w := range workers {
		var own []*member
		for i := w; i < len(n.members); i += workers {
			own = append(own, n.members[i])
		}
		go n.keepChanging(own)
	}
}

func (n *node) keepChanging(own []*member) {
	for len(own) > 0 {
		i := rand.IntN(len(own))
		if x := own[i]; !n.change(x) {
			own[i] = own[len(own)-1]
			own = own[:len(own)-1]
		}
	}
}

// change makes a new version of a session and reports whether it can be changed again.
func (n *node) change(x *member) bool {
	x.version.Add(1)
	switch rand.IntN(10) {
	case 0:
		x.attachment.Detach(x.state())
		if rand.IntN(2) == 0 {
			_ = n.settle(x)
		}
		return false
	case 1, 2, 3, 4:
		return n.settle(x) == nil
	default:
		n.manager.MarkDirty(x.id)
		return true
	}
}

func (n *node) settle(x *member) error {
	err := x.sync()
	if err != nil && !errors.Is(err, session.ErrManagerStopped) {
		n.log.Error("not synced", "error", err)
	}
	return err
}
