package dirstore

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/limpet-go/limpet/session"
)

// SaveAll writes a batch in small steps. Its error is a *session.NotSavedError.
func (s *Store) SaveAll(ctx context.Context, sessions map[string]session.SessionData) error {
	if err := s.ready(); err != nil {
		return err
	}
	var good, left []string
	var badID, tooLarge, cause error
	for id, one := range sessions {
		switch err := s.check(id, one.Data); {
		case err == nil:
			good = append(good, id)
			continue
		case errors.Is(err, session.ErrSessionTooLarge):
			tooLarge = cmp.Or(tooLarge, err)
		default:
			badID = err
		}
		left = append(left, id)
	}
	slices.Sort(good)
	for step := range slices.Chunk(good, stepSize) {
		unsaved, err := s.saveStep(ctx, step, sessions)
		left, cause = append(left, unsaved...), cmp.Or(cause, err)
	}
	if len(left) == 0 {
		return nil
	}
	slices.Sort(left)
	return &session.NotSavedError{SessionIDs: left, Err: errors.Join(badID, tooLarge, cause)}
}

// saveStep returns the IDs of what it did not write, or does not know of.
func (s *Store) saveStep(ctx context.Context, ids []string, sessions map[string]session.SessionData) ([]string, error) {
	own := map[string]session.SessionData{}
	for _, id := range ids {
		own[id] = session.SessionData{Data: slices.Clone(sessions[id].Data), ExpiresAt: sessions[id].ExpiresAt}
	}
	err := s.do(ctx, "save all", func(ctx context.Context) error {
		var unsaved []string
		var cause error
		for _, id := range ids {
			err := s.locked(ctx, id, func() error { return s.write(id, deadline(own[id].ExpiresAt), own[id].Data) })
			if err != nil {
				unsaved, cause = append(unsaved, id), cmp.Or(cause, failed("save all", err))
			}
		}
		if err := s.sync(); err != nil || len(unsaved) == 0 {
			return err
		}
		return &session.NotSavedError{SessionIDs: unsaved, Err: cause}
	})
	var some *session.NotSavedError
	switch {
	case err == nil:
		return nil, nil
	case errors.As(err, &some):
		return some.SessionIDs, some.Err
	}
	return ids, err
}
