package live

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"

	"github.com/limpet-go/limpet"
	"github.com/limpet-go/limpet/session"
)

var (
	// errMount says that the application's mount function or template failed.
	errMount = errors.New("live: the page could not be mounted")
)

// attach connects a socket to a session: to the one that the tab names, or to a fresh one when there is none to
// resume. An outage is neither: it is an error, and the client tries again.
func (p *page) attach(s *socket, c caller, tabPart string) (*tab, error) {
	ctx, cancel := context.WithTimeout(s.alive, attachTimeout)
	defer cancel()
	foreign := false
	if tabPart != "" {
		t, err := p.resume(ctx, s, c, tabPart)
		if !errors.Is(err, errNotResumed) {
			return t, err
		}
		foreign = errors.Is(err, errOtherUser)
	}
	return p.fresh(s, c, foreign)
}

// fresh makes a session under an ID that nobody had before. foreign says that the client asked for another user's,
// whose inputs it may still keep.
func (p *page) fresh(s *socket, c caller, foreign bool) (*tab, error) {
	tabPart := newTabPart()
	sess := limpet.NewSession(sessionID(c.browser, tabPart))
	sess.SetUserID(c.user)
	sess.SetRoute(c.path, nil)
	t := newTab(p.host, s, sess)
	html, err := t.mount(p.mount)
	if err != nil {
		p.host.log.Error(eventPageNotMounted, "path", c.path, "error", err)
		return nil, errMount
	}
	p.logMistakes(sess)
	managed := t.managed(c)
	err = p.host.enter(t, func() (err error) {
		t.attachment, err = p.host.manager.Attach(&managed)
		return err
	})
	if err != nil {
		p.host.log.Warn(eventNotAttached, "error", err)
		return nil, fmt.Errorf("live: attach: %w", err)
	}
	t.begin(html, welcome{Tab: tabPart, Fresh: true, Foreign: foreign})
	return t, nil
}

// managed describes the connection to the manager.
func (t *tab) managed(c caller) session.ManagedSession {
	t.user = t.session.UserID()
	return session.ManagedSession{
		ID:        t.session.ID(),
		IP:        c.ip,
		UserID:    t.user,
		CreatedAt: t.session.CreatedAt(),
		Snapshot:  t.snapshot,
		OnDurable: t.durable,
	}
}

// mount sets the page up on the tab's session and returns it as HTML.
func (t *tab) mount(mount Mount) (html string, err error) {
	if t.view, err = mountOn(t.session, mount); err != nil {
		return "", err
	}
	t.progress = progressKey.Get(t.session)
	return render(t.view)
}

// begin queues the welcome, and has the state saved soon: of a fresh session so that it outlives this process,
// of a resumed one so that the client learns what is durable: until then this connection knows of nothing.
func (t *tab) begin(html string, m welcome) {
	m.T, m.HTML, m.Applied = typeWelcome, html, t.progress.Applied
	t.shown = maphash.String(seed, html)
	t.out.greet(m)
	t.host.manager.MarkDirty(t.session.ID())
}

// logMistakes says once per page what is wrong with the state that the page declares.
func (p *page) logMistakes(s *limpet.Session) {
	p.mistakes.Do(func() {
		if keys := s.PositionalKeys(); len(keys) > 0 {
			p.host.log.Warn(eventPositionalSignals,
				"path", s.Route(), "signals", keys)
		}
		for _, err := range s.Problems() {
			p.host.log.Error(eventNotPersisted, "path", s.Route(), "error", err)
		}
	})
}
