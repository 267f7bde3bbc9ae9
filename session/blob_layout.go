package session

import (
	"encoding/binary"
	"fmt"
	"time"
)

// The first blobPrefixSize bytes of a blob have the same meaning in every format version, and so has the way it is
// signed or sealed: a genuine blob of a newer version is recognised as one.
//
//	magic 4 | format version 1 | flags 1 | key ID 4 | header size 2
//
// Version 1 goes on with
//
//	schema version 2 | milliseconds since 1970 8 | hash size 1 | schema hash
//
// which ends the header; numbers are big-endian. The body follows: a payload and its MAC, or, sealed, a nonce, the
// encrypted payload and its tag.
const (
	blobMagic         = "LMPT"
	blobFormatVersion = 1

	blobPrefixSize = 12
	blobFixedSize  = blobPrefixSize + 11 // up to the schema hash
	maxSchemaHash  = 255
	macSize        = 32

	// maxBlobBytes leaves room for a header and a body of any kind around the largest payload.
	maxBlobBytes = maxSerializedBytes + 1<<10
)

// Flags of a blob.
const (
	blobKeyed  byte = 1 << iota // written by a Keyring: bound to a session
	blobSealed                  // encrypted
)

// blobWriter holds what a header says.
type blobWriter struct {
	flags         byte
	keyID         uint32
	schemaHash    string
	schemaVersion uint16
	at            time.Time
}

// header returns a header in a slice with room for a payload of the given size and extra bytes.
func (w blobWriter) header(payload, extra int) ([]byte, error) {
	if payload > maxSerializedBytes {
		return nil, &SizeError{Size: payload, Limit: maxSerializedBytes}
	}
	if len(w.schemaHash) > maxSchemaHash {
		return nil, fmt.Errorf("schema hash has %d bytes, more than %d", len(w.schemaHash), maxSchemaHash)
	}
	size := blobFixedSize + len(w.schemaHash)
	b := make([]byte, 0, size+payload+extra)
	b = append(b, blobMagic...)
	b = append(b, blobFormatVersion, w.flags)
	b = binary.BigEndian.AppendUint32(b, w.keyID)
	b = binary.BigEndian.AppendUint16(b, uint16(size))
	b = binary.BigEndian.AppendUint16(b, w.schemaVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(w.at.UnixMilli()))
	b = append(b, byte(len(w.schemaHash)))
	return append(b, w.schemaHash...), nil
}

// envelope is a blob cut at the end of its header, nothing of which is trusted yet.
type envelope struct {
	header []byte
	body   []byte // at least as long as asked for
}

// openEnvelope checks the size and the magic, and cuts. The body has at least least bytes.
func openEnvelope(data []byte, least int) (envelope, error) {
	if len(data) > maxBlobBytes {
		return envelope{}, fmt.Errorf("%w: %w", ErrInvalidBlob, &SizeError{Size: len(data), Limit: maxBlobBytes})
	}
	if len(data) < blobPrefixSize+least || string(data[:len(blobMagic)]) != blobMagic {
		return envelope{}, ErrInvalidBlob
	}
	size := int(binary.BigEndian.Uint16(data[10:]))
	if size < blobPrefixSize || size > len(data)-least {
		return envelope{}, ErrInvalidBlob
	}
	return envelope{header: data[:size], body: data[size:]}, nil
}

func (e envelope) version() byte { return e.header[4] }
func (e envelope) flags() byte   { return e.header[5] }
func (e envelope) keyID() uint32 { return binary.BigEndian.Uint32(e.header[6:]) }

// parse reads the header of a blob that was found genuine and must have just these flags.
func (e envelope) parse(flags byte) (BlobHeader, error) {
	switch {
	case e.version() > blobFormatVersion, e.flags() != flags:
		return BlobHeader{}, ErrBlobVersion
	case e.version() == 0, len(e.header) < blobFixedSize:
		return BlobHeader{}, ErrInvalidBlob
	}
	hash := e.header[blobFixedSize:]
	if len(hash) != int(e.header[blobFixedSize-1]) {
		return BlobHeader{}, ErrInvalidBlob
	}
	return BlobHeader{
		FormatVersion: e.version(),
		SchemaVersion: binary.BigEndian.Uint16(e.header[12:]),
		SchemaHash:    string(hash),
		TimestampMs:   int64(binary.BigEndian.Uint64(e.header[14:])),
	}, nil
}
