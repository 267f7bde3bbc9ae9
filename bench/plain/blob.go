package plain

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// EncodeBlob signs a small header and payload with a new HMAC-SHA256.
func EncodeBlob(payload []byte, schemaHash string, secret []byte) []byte {
	blob := make([]byte, 0, 16+len(schemaHash)+len(payload)+sha256.Size)
	blob = append(blob, "PLAIN1"...)
	blob = binary.BigEndian.AppendUint64(blob, uint64(time.Now().UnixMilli()))
	blob = binary.BigEndian.AppendUint16(blob, uint16(len(schemaHash)))
	blob = append(append(blob, schemaHash...), payload...)
	mac := hmac.New(sha256.New, secret)
	mac.Write(blob)
	return mac.Sum(blob)
}

// DecodeBlob returns a copy of the payload of a blob that EncodeBlob wrote, or nil when it is not genuine.
func DecodeBlob(blob []byte, secret []byte) []byte {
	if len(blob) < 16+sha256.Size {
		return nil
	}
	signed, sum := blob[:len(blob)-sha256.Size], blob[len(blob)-sha256.Size:]
	mac := hmac.New(sha256.New, secret)
	mac.Write(signed)
	if !hmac.Equal(mac.Sum(nil), sum) {
		return nil
	}
	start := 16 + int(binary.BigEndian.Uint16(signed[14:]))
	if start > len(signed) {
		return nil
	}
	return append([]byte{}, signed[start:]...)
}
