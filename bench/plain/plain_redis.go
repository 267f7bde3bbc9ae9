package plain

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/limpet-go/limpet/session"
)

// Redis is a session.SessionStore on a go-redis client: one command a call, and SaveAll in one pipeline.
type Redis struct{ client *redis.Client }

// NewRedis returns a store on client, which it owns.
func NewRedis(client *redis.Client) *Redis { return &Redis{client} }

func key(id string) string { return "plain:" + id }

// Save sets a key that expires.
func (s *Redis) Save(ctx context.Context, id string, data []byte, expiresAt time.Time) error {
	return s.client.Set(ctx, key(id), data, time.Until(expiresAt)).Err()
}

// Load gets a key; it returns nil when there is none.
func (s *Redis) Load(ctx context.Context, id string) ([]byte, error) {
	data, err := s.client.Get(ctx, key(id)).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	return data, err
}

// Touch moves a key's expiry.
func (s *Redis) Touch(ctx context.Context, id string, expiresAt time.Time) error {
	return s.client.PExpireAt(ctx, key(id), expiresAt).Err()
}

// Delete deletes a key.
func (s *Redis) Delete(ctx context.Context, id string) error { return s.client.Del(ctx, key(id)).Err() }

// SaveAll sends everything in one pipeline.
func (s *Redis) SaveAll(ctx context.Context, sessions map[string]session.SessionData) error {
	p := s.client.Pipeline()
	for id, d := range sessions {
		p.Set(ctx, key(id), d.Data, time.Until(d.ExpiresAt))
	}
	_, err := p.Exec(ctx)
	return err
}

// Close closes the client.
func (s *Redis) Close() error { return s.client.Close() }
