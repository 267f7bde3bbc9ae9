package dirstore

import (
	"context"
	"encoding/hex"
	"io/fs"
	"os"
)

// Ping says whether the directory can be read.
func (s *Store) Ping(ctx context.Context) error {
	return s.do(ctx, "ping", func(context.Context) error {
		_, err := os.Stat(s.dir)
		return err
	})
}

// Sweep removes the files of sessions that have expired.
func (s *Store) Sweep(ctx context.Context) error {
	var files []fs.DirEntry
	err := s.do(ctx, "sweep", func(context.Context) (err error) { files, err = os.ReadDir(s.dir); return err })
	if err != nil {
		return err
	}
	for _, f := range files {
		id, err := hex.DecodeString(f.Name())
		if err != nil {
			continue // one that is being written
		}
		err = s.do(ctx, "sweep", func(ctx context.Context) error {
			return s.locked(ctx, string(id), func() error {
				if data, err := s.read(string(id)); data != nil || err != nil {
					return err
				}
				return s.remove(string(id))
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}
