package redis

import (
	"context"
	"errors"
	"strconv"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

const (
	// setUserSettles and listSettles bound what a call does for entries that ended.
	setUserSettles = 16
	listSettles    = 256
)

// entry is one of a user's set.
type entry struct {
	id    string
	score string // as the server wrote it
	until int64  // the same, in milliseconds by the server's clock
}

// enter adds a session to a user's set and returns a few entries there that ended.
func (s *Store) enter(ctx context.Context, user, id string, life time.Duration) ([]entry, error) {
	flat, err := addScript.Run(ctx, s.client, []string{s.userKey(user)},
		id, life.Milliseconds(), indexLife.Milliseconds(), indexGrace.Milliseconds(), setUserSettles).StringSlice()
	if err != nil {
		return nil, err
	}
	return entriesOf(flat)
}

// entries returns a user's whole set as it was at one moment, and the server's time, in milliseconds.
func (s *Store) entries(ctx context.Context, user string) ([]entry, int64, error) {
	reply, err := listScript.Run(ctx, s.client, []string{s.userKey(user)}).Slice()
	if err != nil {
		return nil, 0, err
	}
	var flat []string
	for _, value := range reply {
		text, ok := value.(string)
		if !ok {
			return nil, 0, errUnexpected
		}
		flat = append(flat, text)
	}
	if len(flat) == 0 {
		return nil, 0, errUnexpected
	}
	now, err := strconv.ParseInt(flat[0], 10, 64)
	if err != nil {
		return nil, 0, errUnexpected
	}
	entries, err := entriesOf(flat[1:])
	return entries, now, err
}

var errUnexpected = errors.New("an answer that was not expected")

// entriesOf reads session IDs and scores by turns.
func entriesOf(flat []string) ([]entry, error) {
	if len(flat)%2 != 0 {
		return nil, errUnexpected
	}
	entries := make([]entry, 0, len(flat)/2)
	for i := 0; i < len(flat); i += 2 {
		until, err := strconv.ParseFloat(flat[i+1], 64)
		if err != nil {
			return nil, errUnexpected
		}
		entries = append(entries, entry{id: flat[i], score: flat[i+1], until: int64(until)})
	}
	return entries, nil
}

// ended returns some of the entries that ended and had their grace.
func ended(entries []entry, now int64) []entry {
	var list []entry
	for _, e := range entries {
		if e.until < now-indexGrace.Milliseconds() && len(list) < listSettles {
			list = append(list, e)
		}
	}
	return list
}

func sessionsOf(entries []entry) []string {
	ids := make([]string, len(entries))
	for i, e := range entries {
		ids[i] = e.id
	}
	return ids
}

// owned returns the records of a user's sessions.
func owned(records []record, user string) []record {
	var mine []record
	for _, r := range records {
		if r.user == user {
			mine = append(mine, r)
		}
	}
	return mine
}

// settle moves ended entries whose sessions live on to their sessions' expiry, and removes the others. It is no part of
// what its callers promise: what fails is left to a later call.
func (s *Store) settle(ctx context.Context, user string, ended []entry, records []record) {
	if len(ended) == 0 {
		return
	}
	lives := map[string]time.Duration{}
	for _, r := range owned(records, user) {
		lives[r.id] = r.life
	}
	args := []any{indexLife.Milliseconds()}
	var cmds []goredis.Cmder
	for _, e := range ended {
		life := min(lives[e.id], maxIndexLife)
		if life > 0 {
			cmds = append(cmds, lengthenCmd(ctx, s.ownerKey(e.id), life+indexLife))
		}
		args = append(args, e.id, e.score, life.Milliseconds())
	}
	if len(cmds) > 0 && send(ctx, s.client, cmds) != nil {
		return
	}
	_ = settleScript.Run(ctx, s.client, []string{s.userKey(user)}, args...).Err()
}
