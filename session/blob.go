package session

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"
)

// Outcomes of decoding a blob, matched with errors.Is.
var (
	// ErrInvalidBlob says that bytes are no blob: too short, too long, or of another form.
	ErrInvalidBlob = errors.New("vango: invalid session blob")

	// ErrInvalidSignature says that a blob was changed, was written with another secret, or belongs to another
	// session.
	ErrInvalidSignature = errors.New("vango: invalid session blob signature")

	// ErrUnknownBlobKey says that a blob was written with a key that the keyring does not hold.
	ErrUnknownBlobKey = errors.New("session: blob key is not in the keyring")

	// ErrBlobVersion says that a blob is genuine and was written by a newer version of this package.
	ErrBlobVersion = errors.New("session: blob was written by a newer version")
)

var errEmptySecret = errors.New("session: blob secret is empty")

// BlobHeader is what a blob says about its payload. It is authenticated, never secret.
type BlobHeader struct {
	// FormatVersion is the version of the blob's layout.
	FormatVersion uint8

	// SchemaVersion and SchemaHash are what the writer gave for the schema of the payload.
	SchemaVersion uint16
	SchemaHash    string

	// TimestampMs is the writer's clock in milliseconds since 1970.
	TimestampMs int64
}

// EncodeBlob puts payload into an envelope signed with HMAC-SHA256 under secret, which must not be empty and should
// be 32 random bytes. schemaHash has at most 255 bytes and payload at most 16 MiB, else the error is a *SizeError.
// Nothing given is kept or changed; the caller owns the slice. docs/blob-format.md describes the bytes.
//
// The payload can be read by anyone who has the blob, and the blob is not bound to a session: see Keyring.
func EncodeBlob(payload []byte, schemaHash string, schemaVersion uint16, secret []byte) ([]byte, error) {
	if len(secret) == 0 {
		return nil, errEmptySecret
	}
	w := blobWriter{schemaHash: schemaHash, schemaVersion: schemaVersion, at: time.Now()}
	blob, err := w.header(len(payload), macSize)
	if err != nil {
		return nil, fmt.Errorf("session: encode blob: %w", err)
	}
	blob = append(blob, payload...)
	mac := hmac.New(sha256.New, secret)
	mac.Write(blob)
	return mac.Sum(blob), nil
}

// DecodeBlob returns the payload of a blob that EncodeBlob wrote, and its header. The signature must be that of
// secret or, while a secret is being replaced, of previousSecret; an empty previousSecret is none. Nothing but the
// size and the first four bytes is looked at before the signature is right.
//
// The error is ErrInvalidBlob, ErrInvalidSignature or ErrBlobVersion, or says that secret is empty. The caller owns
// the payload, which shares no memory with data.
func DecodeBlob(data []byte, secret, previousSecret []byte) ([]byte, BlobHeader, error) {
	if len(secret) == 0 {
		return nil, BlobHeader{}, errEmptySecret
	}
	env, err := openEnvelope(data, macSize)
	if err != nil {
		return nil, BlobHeader{}, err
	}
	if !signedWith(data, secret) && (len(previousSecret) == 0 || !signedWith(data, previousSecret)) {
		return nil, BlobHeader{}, ErrInvalidSignature
	}
	header, err := env.parse(0)
	if err != nil {
		return nil, BlobHeader{}, err
	}
	return cloneBytes(env.body[:len(env.body)-macSize]), header, nil
}

// signedWith reports, in constant time, whether the last bytes of blob are the MAC of those before them.
func signedWith(blob, secret []byte) bool {
	signed, sum := blob[:len(blob)-macSize], blob[len(blob)-macSize:]
	mac := hmac.New(sha256.New, secret)
	mac.Write(signed)
	return hmac.Equal(mac.Sum(nil), sum)
}

// cloneBytes copies b; the copy of no bytes is not nil.
func cloneBytes(b []byte) []byte { return append(make([]byte, 0, len(b)), b...) }
