package peers

import (
	"context"
	"errors"
	"time"

	"github.com/redis/rueidis"

	"github.com/limpet-go/limpet/session"
)

// Rueidis keeps sessions in Redis through rueidis, whose client sends commands of many goroutines together by itself.
type Rueidis struct{ client rueidis.Client }

// NewRueidis returns a store on the server at addr.
func NewRueidis(addr string) (*Rueidis, error) {
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{addr}, DisableCache: true})
	if err != nil {
		return nil, err
	}
	return &Rueidis{client}, nil
}

func (s *Rueidis) set(id string, data []byte, expiresAt time.Time) rueidis.Completed {
	return s.client.B().Set().Key("rueidis:" + id).Value(rueidis.BinaryString(data)).Px(time.Until(expiresAt)).Build()
}

// Save sets a key that expires.
func (s *Rueidis) Save(ctx context.Context, id string, data []byte, expiresAt time.Time) error {
	return s.client.Do(ctx, s.set(id, data, expiresAt)).Error()
}

// Load gets a key; it returns nil when there is none.
func (s *Rueidis) Load(ctx context.Context, id string) ([]byte, error) {
	data, err := s.client.Do(ctx, s.client.B().Get().Key("rueidis:"+id).Build()).AsBytes()
	if rueidis.IsRedisNil(err) {
		return nil, nil
	}
	return data, err
}

// Touch moves a key's expiry.
func (s *Rueidis) Touch(ctx context.Context, id string, expiresAt time.Time) error {
	cmd := s.client.B().Pexpireat().Key("rueidis:" + id).MillisecondsTimestamp(expiresAt.UnixMilli()).Build()
	return s.client.Do(ctx, cmd).Error()
}

// SaveAll hands everything to the client at once.
func (s *Rueidis) SaveAll(ctx context.Context, sessions map[string]session.SessionData) error {
	cmds := make(rueidis.Commands, 0, len(sessions))
	for id, d := range sessions {
		cmds = append(cmds, s.set(id, d.Data, d.ExpiresAt))
	}
	var errs []error
	for _, result := range s.client.DoMulti(ctx, cmds...) {
		errs = append(errs, result.Error())
	}
	return errors.Join(errs...)
}

// Close closes the client.
func (s *Rueidis) Close() error {
	s.client.Close()
	return nil
}
