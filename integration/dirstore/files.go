package dirstore

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// path has only digits and small letters in its last part, so that two IDs never share a file where the file system
// does not tell capitals from small letters, and no ID leads out of the directory.
func (s *Store) path(id string) string { return filepath.Join(s.dir, hex.EncodeToString([]byte(id))) }

// deadline turns an instant into a duration that remains, and adds that to the clock that Load reads.
func deadline(expiresAt time.Time) int64 { return time.Now().Add(time.Until(expiresAt)).UnixMilli() }

func past(deadline int64) bool { return deadline <= time.Now().UnixMilli() }

// read returns the data of a live session, else nil.
func (s *Store) read(id string) ([]byte, error) {
	record, err := os.ReadFile(s.path(id))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case len(record) < 8:
		return nil, errors.New("a file is too short")
	case past(int64(binary.BigEndian.Uint64(record))):
		return nil, nil
	}
	return record[8:], nil
}

// write puts a session in place of what was there, or removes what was there. It is durable after the next sync.
func (s *Store) write(id string, deadline int64, data []byte) error {
	if past(deadline) {
		return s.remove(id)
	}
	unfinished := filepath.Join(s.dir, "new") // what a killed process left in it is written over
	f, err := os.OpenFile(unfinished, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(binary.BigEndian.AppendUint64(nil, uint64(deadline)), data...))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(unfinished, s.path(id))
}

func (s *Store) remove(id string) error {
	if err := os.Remove(s.path(id)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// sync makes the names in the directory durable, as f.Sync does with the content of a file.
func (s *Store) sync() error {
	d, err := os.Open(s.dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Sweep removes the files of sessions that have expired. Other calls have their turns in between.
func (s *Store) Sweep(ctx context.Context) error {
	var files []fs.DirEntry
	err := s.do(ctx, "sweep", func() (err error) { files, err = os.ReadDir(s.dir); return err })
	if err != nil {
		return err
	}
	for _, f := range files {
		id, err := hex.DecodeString(f.Name())
		if err != nil {
			continue // unfinished
		}
		err = s.do(ctx, "sweep", func() error {
			if data, err := s.read(string(id)); data != nil || err != nil {
				return err
			}
			return s.remove(string(id))
		})
		if err != nil {
			return err
		}
	}
	return nil
}
