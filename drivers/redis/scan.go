package redis

import (
	"context"
	"errors"
	"strings"

	goredis "github.com/redis/go-redis/v9"

	"github.com/limpet-go/limpet/session"
)

const (
	defaultScanPage = 1000
	maxScanPage     = 10_000
)

// Scan lists live sessions with SCAN, in a Cluster on one master after the other. A page looks at about as many keys as
// limit says, other programs' keys included, so that it may well be short or empty; a session may be listed twice. Keys
// that have no expiry are not listed, since no store writes such.
//
// A server that was restarted, or was replaced by its replica, is listed from its beginning again, since its SCAN has a
// new order. What is not promised: a session whose slot moves from one master of a Cluster to another in the meantime may
// be missed. See session.Scanner for the rest of the contract.
func (s *Store) Scan(ctx context.Context, cursor string, limit int) ([]session.SessionInfo, string, error) {
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return nil, "", err
	}
	defer done()
	at, err := openCursor(cursor)
	if err != nil {
		return nil, "", err
	}
	page, next, err := s.scan(ctx, at, limit)
	if err != nil {
		return nil, "", s.failed(ctx, "scan", err)
	}
	return page, next, nil
}

func (s *Store) scan(ctx context.Context, at position, limit int) ([]session.SessionInfo, string, error) {
	node, following, err := s.node(ctx, at)
	if err != nil {
		return nil, "", err
	}
	ids, at, err := s.scanNode(ctx, node, at, scanLimit(limit))
	if err != nil {
		return nil, "", err
	}
	found, err := s.lookUp(ctx, ids, false)
	if err != nil {
		return nil, "", err
	}
	if at.cursor == 0 {
		return infos(found), following, nil
	}
	return infos(found), at.String(), nil
}

// node returns the server to ask, and the cursor of the server after it.
func (s *Store) node(ctx context.Context, at position) (goredis.Cmdable, string, error) {
	switch client := s.client.(type) {
	case *goredis.ClusterClient:
		return clusterNode(ctx, client, at)
	case *goredis.Ring:
		return nil, "", errors.New("a Ring cannot be listed")
	}
	return s.client, "", nil
}

// scanNode makes one step of SCAN. What a cursor means is known only to the process it came from: another begins anew.
func (s *Store) scanNode(ctx context.Context, node goredis.Cmdable, at position, limit int) ([]string, position, error) {
	keys, next, run, err := s.scanStep(ctx, node, at.cursor, limit)
	if err == nil && at.cursor != 0 && run != at.run {
		keys, next, run, err = s.scanStep(ctx, node, 0, limit)
	}
	if err != nil {
		return nil, at, err
	}
	var ids []string
	for _, key := range keys {
		if id, ok := strings.CutPrefix(key, s.Prefix()); ok && validID(id) {
			ids = append(ids, id)
		}
	}
	return ids, position{slot: at.slot, run: run, cursor: next}, nil
}

// scanStep asks who answers and for some keys, on one connection.
func (s *Store) scanStep(
	ctx context.Context, node goredis.Cmdable, cursor uint64, limit int,
) (keys []string, next uint64, run string, err error) {
	pipe := node.Pipeline()
	server, replication := pipe.Info(ctx, "server"), pipe.Info(ctx, "replication")
	scan := pipe.ScanType(ctx, cursor, escapeGlob(s.Prefix())+"*", int64(limit), "string")
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, 0, "", err
	}
	if role := infoField(replication.Val(), "role"); role != "" && role != "master" {
		return nil, 0, "", errors.New("the server is no master now: repeat the call when the failover is over")
	}
	keys, next = scan.Val()
	return keys, next, infoField(server.Val(), "run_id"), nil
}

func infoField(info, name string) string {
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func scanLimit(limit int) int {
	if limit <= 0 {
		return defaultScanPage
	}
	return min(limit, maxScanPage)
}

// escapeGlob makes a pattern that matches the text alone.
func escapeGlob(text string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(text)
}
