// Package keyfile keeps a secret key in a file of its own.
package keyfile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Size is the length of a key in bytes.
const Size = 32

// Load returns the key that the file at path holds. A missing file is created with a random key, readable by its
// owner only; of several processes that create it at once all get the same key. A file of the wrong length, or one
// that others may read, is an error: the key in it cannot be trusted.
func Load(path string) ([]byte, error) {
	key, err := read(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := create(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("keyfile: creating the signing key: %w", err)
	}
	return read(path)
}

// New returns a random key that is kept nowhere.
func New() []byte {
	key := make([]byte, Size)
	rand.Read(key) // never fails
	return key
}

func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("keyfile: reading the signing key: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("keyfile: the signing key %s may be used by others (mode %04o): chmod 600 it, or delete it to get a new one",
			path, info.Mode().Perm())
	}
	key, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("keyfile: reading the signing key: %w", err)
	}
	if len(key) != Size {
		return nil, fmt.Errorf("keyfile: the signing key %s has %d bytes, not %d: restore it, or delete it and every open tab starts fresh",
			path, len(key), Size)
	}
	return key, nil
}

// create writes the whole key under another name and links it to path, so that nobody ever reads a part of it and
// the first of several creators wins. The error of the others matches fs.ErrExist.
func create(path string) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600, O_EXCL
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(New())
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Link(tmp.Name(), path)
}
