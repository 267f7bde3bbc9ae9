package live

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/limpet-go/limpet/session"
)

// purposes keep the keys derived from one configured key apart.
const (
	purposeCookie = "limpet live: cookie"
	purposeBlob   = "limpet live: session blob"
	purposeKeyID  = "limpet live: blob key id"
)

// newKeyring returns the keyring that seals sessions: the first key writes, all of them read.
func newKeyring(masters [][]byte) (*session.Keyring, error) {
	cfg := session.KeyringConfig{Sealed: true}
	for _, master := range masters {
		secret, err := derive(master, purposeBlob, 32)
		if err != nil {
			return nil, err
		}
		id, err := derive(master, purposeKeyID, 4)
		if err != nil {
			return nil, err
		}
		cfg.Keys = append(cfg.Keys, session.Key{ID: binary.BigEndian.Uint32(id), Secret: secret})
	}
	return session.NewKeyring(cfg)
}

func derive(master []byte, purpose string, size int) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, master, nil, purpose, size)
	if err != nil {
		return nil, fmt.Errorf("live: derive key: %w", err)
	}
	return key, nil
}

// distinctKeys returns the present key and the previous ones, each once.
func distinctKeys(present []byte, previous [][]byte) [][]byte {
	keys := [][]byte{present}
	for _, key := range previous {
		if !slices.ContainsFunc(keys, func(k []byte) bool { return slices.Equal(k, key) }) {
			keys = append(keys, key)
		}
	}
	return keys
}
