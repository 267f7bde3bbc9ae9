package live

import (
	"context"
	"errors"
	"fmt"

	"github.com/limpet-go/limpet"
	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/state"
)

// errNotResumed says that the tab gets a fresh session: the one it names is gone, or must not or cannot be read.
var errNotResumed = errors.New("live: not resumed")

// errTakenOver says that a newer connection resumed the session while this one was about to.
var errTakenOver = errors.New("live: taken over")

// resume connects the socket to the session that the tab names.
func (p *page) resume(ctx context.Context, s *socket, c caller, tabPart string) (*tab, error) {
	h := p.host
	id := sessionID(c.browser, tabPart)
	attachment, err := h.manager.ResumeFrom(ctx, id, c.ip)
	switch {
	case errors.Is(err, session.ErrSessionNotFound), errors.Is(err, session.ErrSessionExpired):
		return nil, errNotResumed
	case err != nil:
		h.sendAway(s, id, err)
		return nil, fmt.Errorf("live: resume: %w", err)
	}
	t, html, err := p.restore(s, c, id, attachment)
	if err != nil {
		attachment.Release()
		h.log.Warn(eventNotResumed, "reason", reason(err), "session", session.HashID(id), "error", err)
		return nil, fmt.Errorf("%w: %w", errNotResumed, err)
	}
	if ctx.Err() != nil { // the client left while the page was mounted
		attachment.Release()
		return nil, ctx.Err()
	}
	if err := h.enter(t, func() error { return attachment.Connect(t.managed(c)) }); err != nil {
		attachment.Release()
		return nil, whyNotConnected(err)
	}
	t.begin(html, welcome{Tab: tabPart})
	return t, nil
}

// whyNotConnected says what became of a session between its resume and the end of the mount.
func whyNotConnected(err error) error {
	switch {
	case errors.Is(err, session.ErrSessionConnected):
		return errTakenOver
	case errors.Is(err, session.ErrSessionNotFound): // removed, too
		return errNotResumed
	}
	return fmt.Errorf("live: resume: %w", err)
}

// Reasons why stored state is not used. The stored bytes stay as they are.
var (
	errOtherUser  = errors.New("live: the session belongs to another user")
	errOtherPath  = errors.New("live: the session belongs to another page")
	errNewer      = errors.New("live: the state was written by a newer version")
	errOtherState = errors.New("live: the state does not fit what the page declares")
)

// reason puts an error of restore into a class for the log.
func reason(err error) string {
	for _, class := range []struct {
		err  error
		text string
	}{
		{session.ErrInvalidSignature, "signature"},
		{session.ErrUnknownBlobKey, "key"},
		{session.ErrBlobVersion, "version"},
		{errNewer, "version"},
		{session.ErrInvalidBlob, "blob"},
		{errOtherUser, "user"},
		{errOtherPath, "path"},
		{errOtherState, "schema"},
		{errMount, "mount"},
	} {
		if errors.Is(err, class.err) {
			return class.text
		}
	}
	return "state"
}

// restore makes a tab from the bytes of a resumed session and mounts the page on it.
func (p *page) restore(s *socket, c caller, id string, a *session.Attachment) (*tab, string, error) {
	sess := limpet.NewSession(id)
	payload, header, err := p.host.open(sess, a.Data())
	if err != nil {
		return nil, "", err
	}
	switch {
	case sess.UserID() != c.user:
		return nil, "", errOtherUser
	case sess.Route() != c.path:
		return nil, "", errOtherPath
	}
	t := newTab(p.host, s, sess)
	t.attachment = a
	html, err := t.mount(p.mount)
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w", errMount, err)
	}
	return t, html, fits(sess, payload, header.SchemaHash)
}

// open checks a session's stored bytes and reads them into sess.
func (h *Host) open(sess *limpet.Session, data []byte) ([]byte, session.BlobHeader, error) {
	payload, header, err := h.keyring.Decode(sess.ID(), data)
	if err != nil {
		return nil, header, err
	}
	if header.SchemaVersion > state.SchemaVersionID {
		return nil, header, errNewer
	}
	return payload, header, sess.Deserialize(payload)
}

// fits reports whether what was persisted fits what the mounted page declares.
func fits(sess *limpet.Session, payload []byte, persistedHash string) error {
	if problems := sess.Problems(); len(problems) > 0 {
		return fmt.Errorf("%w: %w", errOtherState, errors.Join(problems...))
	}
	current := sess.Schema()
	if current.Hash() == persistedHash {
		return nil
	}
	stored, err := session.DeserializeV2(payload)
	if err != nil {
		return err
	}
	if how, why := state.CompareSchemas(withValues(stored), current); how == state.CompatibilityIncompatible {
		return fmt.Errorf("%w: %q", errOtherState, why)
	}
	return nil
}

// withValues returns the persisted schema of the keys that have a value. One that was declared and never set
// left none, so whether it is still declared does not matter.
func withValues(stored *session.SerializableSessionV2) *state.Schema {
	if stored.Schema == nil {
		return nil
	}
	return &state.Schema{
		Version:     stored.Schema.Version,
		Signals:     shapesOf(stored.Schema.Signals, stored.Signals),
		SessionKeys: shapesOf(stored.Schema.SessionKeys, stored.SessionKeys),
	}
}

func shapesOf(shapes map[string]*state.Shape, values map[string][]byte) map[string]*state.Shape {
	kept := make(map[string]*state.Shape, len(values))
	for key, shape := range shapes {
		if _, ok := values[key]; ok {
			kept[key] = shape
		}
	}
	return kept
}
