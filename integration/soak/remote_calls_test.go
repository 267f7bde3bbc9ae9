package soak

import (
	"context"
	"errors"
	"time"

	"github.com/limpet-go/limpet/session"
)

var _ target = (*remote)(nil)

func (r *remote) Save(ctx context.Context, id string, data []byte, expiresAt time.Time) error {
	_, err := r.call(ctx, Request{Method: "Save", IDs: []string{id},
		Sessions: map[string]session.SessionData{id: {Data: data, ExpiresAt: expiresAt}}})
	return err
}

func (r *remote) Load(ctx context.Context, id string) ([]byte, error) {
	res, err := r.call(ctx, Request{Method: "Load", IDs: []string{id}})
	return res.Found[id], err
}

func (r *remote) Delete(ctx context.Context, id string) error {
	_, err := r.call(ctx, Request{Method: "Delete", IDs: []string{id}})
	return err
}

func (r *remote) Touch(ctx context.Context, id string, expiresAt time.Time) error {
	_, err := r.call(ctx, Request{Method: "Touch", IDs: []string{id}, Expiries: map[string]time.Time{id: expiresAt}})
	return err
}

func (r *remote) SaveAll(ctx context.Context, sessions map[string]session.SessionData) error {
	_, err := r.call(ctx, Request{Method: "SaveAll", Sessions: sessions})
	return err
}

func (r *remote) SaveAllAtomic(ctx context.Context, sessions map[string]session.SessionData) error {
	_, err := r.call(ctx, Request{Method: "SaveAllAtomic", Sessions: sessions})
	return err
}

func (r *remote) LoadAll(ctx context.Context, ids []string) (map[string][]byte, error) {
	res, err := r.call(ctx, Request{Method: "LoadAll", IDs: ids})
	return res.Found, err
}

func (r *remote) TouchAll(ctx context.Context, expiries map[string]time.Time) error {
	_, err := r.call(ctx, Request{Method: "TouchAll", Expiries: expiries})
	return err
}

func (r *remote) DeleteAll(ctx context.Context, ids []string) error {
	_, err := r.call(ctx, Request{Method: "DeleteAll", IDs: ids})
	return err
}

func (r *remote) SetUser(ctx context.Context, id, user string, expiresAt time.Time) error {
	_, err := r.call(ctx, Request{Method: "SetUser", IDs: []string{id}, User: user, Expiries: map[string]time.Time{id: expiresAt}})
	return err
}

func (r *remote) UserSessions(ctx context.Context, user string) ([]session.SessionInfo, error) {
	res, err := r.call(ctx, Request{Method: "UserSessions", User: user})
	return res.Infos, err
}

func (r *remote) RevokeUser(context.Context, string) ([]string, error) {
	return nil, errors.New("not served")
}

func (r *remote) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conn == nil {
		return nil
	}
	err := r.conn.Close()
	r.conn = nil
	return err
}
