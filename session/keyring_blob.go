package session

import (
	"crypto/rand"
	"errors"
	"fmt"
	"time"
)

const (
	nonceSize    = 12
	sealOverhead = nonceSize + 16 // and the tag
)

// Encode puts payload into a blob for one session. The session ID must be valid (ErrInvalidSessionID); schemaHash
// has at most 255 bytes and payload at most 16 MiB, else the error is a *SizeError. Nothing given is kept or
// changed; the caller owns the slice.
func (k *Keyring) Encode(sessionID string, payload []byte, schemaHash string, schemaVersion uint16) ([]byte, error) {
	if k == nil || k.writer == nil {
		return nil, errors.New("session: encode blob: keyring has no key")
	}
	if !validID(sessionID) {
		return nil, fmt.Errorf("session: encode blob: %w", ErrInvalidSessionID)
	}
	w := blobWriter{flags: blobKeyed, keyID: k.writer.id, schemaHash: schemaHash, schemaVersion: schemaVersion, at: time.Now()}
	extra := macSize
	if k.sealed {
		w.flags |= blobSealed
		extra = sealOverhead
	}
	blob, err := w.header(len(payload), extra)
	if err != nil {
		return nil, fmt.Errorf("session: encode blob: %w", err)
	}
	if k.sealed {
		return k.writer.appendSealed(blob, sessionID, payload)
	}
	blob = append(blob, payload...)
	return k.writer.sign.append(blob, sessionID, blob), nil
}

// Decode returns the payload of a blob that a keyring with the same key wrote for the same session, signed or sealed,
// and its header. Nothing but the size, the first four bytes, the key ID and the ends of its parts is looked at
// before the blob is found genuine.
//
// The error is ErrInvalidBlob, ErrUnknownBlobKey, ErrInvalidSignature or ErrBlobVersion. The caller owns the
// payload, which shares no memory with data.
func (k *Keyring) Decode(sessionID string, data []byte) ([]byte, BlobHeader, error) {
	env, err := openEnvelope(data, sealOverhead)
	if err != nil {
		return nil, BlobHeader{}, err
	}
	key := k.find(env.keyID())
	if key == nil {
		return nil, BlobHeader{}, ErrUnknownBlobKey
	}
	payload, err := key.open(sessionID, data, env)
	if err != nil {
		return nil, BlobHeader{}, err
	}
	header, err := env.parse(blobKeyed | env.flags()&blobSealed)
	if err != nil {
		return nil, BlobHeader{}, err
	}
	return payload, header, nil
}

func (k *Keyring) find(id uint32) *blobKey {
	if k == nil {
		return nil
	}
	return k.keys[id]
}

// open returns a copy of the payload of a blob that is genuine and of this session.
func (b *blobKey) open(sessionID string, data []byte, env envelope) ([]byte, error) {
	switch {
	case !validID(sessionID):
		return nil, ErrInvalidSignature
	case env.flags()&blobSealed != 0:
		return b.unseal(sessionID, env)
	case len(env.body) < macSize:
		return nil, ErrInvalidBlob
	}
	end := len(data) - macSize
	if !b.sign.verify(data[end:], sessionID, data[:end]) {
		return nil, ErrInvalidSignature
	}
	return cloneBytes(env.body[:len(env.body)-macSize]), nil
}

// appendSealed appends a nonce and the encrypted payload to a header.
func (b *blobKey) appendSealed(header []byte, sessionID string, payload []byte) ([]byte, error) {
	var nonce [nonceSize]byte
	if _, err := rand.Read(nonce[:]); err != nil {
		return nil, fmt.Errorf("session: encode blob: %w", err)
	}
	aad := sealedHeader(sessionID, header)
	return b.seal.Seal(append(header, nonce[:]...), nonce[:], payload, aad), nil
}

func (b *blobKey) unseal(sessionID string, env envelope) ([]byte, error) {
	nonce, sealed := env.body[:nonceSize], env.body[nonceSize:]
	payload, err := b.seal.Open(make([]byte, 0, len(sealed)), nonce, sealed, sealedHeader(sessionID, env.header))
	if err != nil {
		return nil, ErrInvalidSignature
	}
	return payload, nil
}

// sealedHeader returns what a sealed blob authenticates beside its payload.
func sealedHeader(sessionID string, header []byte) []byte {
	aad := make([]byte, 0, 1+len(sessionID)+len(header))
	return append(appendBinding(aad, sessionID), header...)
}
