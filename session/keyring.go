package session

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
)

// minSecret is the smallest secret of a Key, in bytes.
const minSecret = 32

// Key is a secret with a name.
type Key struct {
	// ID is written into each blob, in clear, to find the key again. It must be unique in a keyring and is not
	// secret; a secret that changes needs a new ID.
	ID uint32

	// Secret has at least 32 bytes, random ones.
	Secret []byte
}

// String returns the key's ID and not its secret.
func (k Key) String() string { return fmt.Sprintf("key %d", k.ID) }

// GoString returns the key's ID and not its secret.
func (k Key) GoString() string { return k.String() }

// KeyringConfig configures a Keyring.
type KeyringConfig struct {
	// Keys holds at least one key. The first one writes and every one reads. A key that is not listed is revoked:
	// blobs written with it are refused with ErrUnknownBlobKey. To rotate, put the new key first on a node when
	// every node lists it, and drop the old one when its last session is gone.
	Keys []Key

	// Sealed says that blobs are encrypted with AES-256-GCM; else they are signed with HMAC-SHA256. A keyring
	// reads both. A key should seal no more than 2^32 blobs, since each one has a random nonce of 96 bits.
	Sealed bool
}

// Keyring writes and reads blobs that are bound to a session: one that is presented for another session is refused
// like a forged one. It holds keys derived from the secrets, for signing and sealing apart, and not the secrets.
// Any number of goroutines may use it.
type Keyring struct {
	writer *blobKey
	keys   map[uint32]*blobKey
	sealed bool
}

// blobKey holds what was derived from one secret.
type blobKey struct {
	id   uint32
	sign *macPool
	seal cipher.AEAD
}

// NewKeyring derives a keyring's keys. It copies what it needs of cfg. It fails without a key, on a secret shorter
// than 32 bytes and on an ID that occurs twice.
func NewKeyring(cfg KeyringConfig) (*Keyring, error) {
	if len(cfg.Keys) == 0 {
		return nil, errors.New("session: keyring: no key")
	}
	k := &Keyring{keys: make(map[uint32]*blobKey, len(cfg.Keys)), sealed: cfg.Sealed}
	for _, key := range cfg.Keys {
		derived, err := deriveKey(key)
		if err != nil {
			return nil, fmt.Errorf("session: keyring: %v: %w", key, err)
		}
		if k.keys[key.ID] != nil {
			return nil, fmt.Errorf("session: keyring: %v: ID occurs twice", key)
		}
		k.keys[key.ID] = derived
	}
	k.writer = k.keys[cfg.Keys[0].ID]
	return k, nil
}

func deriveKey(key Key) (*blobKey, error) {
	if len(key.Secret) < minSecret {
		return nil, fmt.Errorf("secret has %d bytes, fewer than %d", len(key.Secret), minSecret)
	}
	signKey, err := hkdf.Key(sha256.New, key.Secret, nil, "limpet blob 1 sign", 32)
	if err != nil {
		return nil, err
	}
	sealKey, err := hkdf.Key(sha256.New, key.Secret, nil, "limpet blob 1 seal", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(sealKey)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &blobKey{id: key.ID, sign: newMACPool(signKey), seal: aead}, nil
}
