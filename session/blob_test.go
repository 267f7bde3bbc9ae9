package session

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"
)

var (
	secretA = bytes.Repeat([]byte("a"), 32)
	secretB = bytes.Repeat([]byte("b"), 32)
)

func TestBlobRoundTrip(t *testing.T) {
	for _, payload := range [][]byte{nil, {}, []byte("p"), bytes.Repeat([]byte{0xff}, 4096)} {
		for _, hash := range []string{"", "abc", strings.Repeat("h", 255)} {
			before := time.Now().UnixMilli()
			blob, err := EncodeBlob(payload, hash, 7, secretA)
			if err != nil {
				t.Fatal(err)
			}
			got, header, err := DecodeBlob(blob, secretA, nil)
			if err != nil || !bytes.Equal(got, payload) || got == nil {
				t.Fatalf("DecodeBlob = %q, %v; want %q", got, err, payload)
			}
			if header.TimestampMs < before || header.TimestampMs > time.Now().UnixMilli() {
				t.Errorf("written at %d, not in the time it took", header.TimestampMs)
			}
			header.TimestampMs = 0
			if want := (BlobHeader{FormatVersion: 1, SchemaVersion: 7, SchemaHash: hash}); header != want {
				t.Errorf("header %+v, want %+v", header, want)
			}
			clear(blob)
			if !bytes.Equal(got, payload) {
				t.Error("the payload shares memory with the blob")
			}
		}
	}
}

func TestBlobSecrets(t *testing.T) {
	blob, err := EncodeBlob([]byte("p"), "h", 1, secretA)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		secret, previous []byte
		ok               bool
	}{
		"secret":              {secretA, nil, true},
		"secret, previous":    {secretA, secretB, true},
		"previous":            {secretB, secretA, true},
		"other":               {secretB, nil, false},
		"both other":          {secretB, secretB, false},
		"empty previous":      {secretB, []byte{}, false},
		"prefix of it":        {secretA[:31], nil, false},
		"previous as a whole": {secretB, append(secretA[:32:32], 0, 1), false},
	} {
		t.Run(name, func(t *testing.T) {
			payload, header, err := DecodeBlob(blob, test.secret, test.previous)
			if test.ok && err != nil || !test.ok && !errors.Is(err, ErrInvalidSignature) {
				t.Errorf("DecodeBlob = %v", err)
			}
			if err != nil && (payload != nil || header != BlobHeader{}) {
				t.Errorf("a refused blob gave %q, %+v", payload, header)
			}
		})
	}
}

func TestBlobEmptySecret(t *testing.T) {
	if _, err := EncodeBlob(nil, "", 1, nil); err == nil {
		t.Error("EncodeBlob signed with an empty secret")
	}
	forged := sign(t, nil, nil, func([]byte) {})
	for _, secret := range [][]byte{nil, {}} {
		if _, _, err := DecodeBlob(forged, secret, secretA); err == nil {
			t.Error("DecodeBlob took an empty secret")
		}
	}
	if _, _, err := DecodeBlob(forged, secretA, []byte{}); !errors.Is(err, ErrInvalidSignature) {
		t.Errorf("an empty previous secret: %v, want ErrInvalidSignature", err)
	}
}

// sign returns a blob whose header was changed before it was signed.
func sign(t *testing.T, payload, secret []byte, change func(header []byte)) []byte {
	t.Helper()
	blob, err := blobWriter{schemaHash: "hash", schemaVersion: 1, at: time.Now()}.header(len(payload), macSize)
	if err != nil {
		t.Fatal(err)
	}
	change(blob)
	blob = append(blob, payload...)
	mac := hmac.New(sha256.New, secret)
	mac.Write(blob)
	return mac.Sum(blob)
}

// TestBlobOrder shows that nothing a blob says about itself counts until its signature is right.
func TestBlobOrder(t *testing.T) {
	hashSize := func(n byte) func([]byte) { return func(h []byte) { h[blobFixedSize-1] = n } }
	headerSize := func(n uint16) func([]byte) { return func(h []byte) { binary.BigEndian.PutUint16(h[10:], n) } }
	for name, test := range map[string]struct {
		change        func(header []byte)
		signed, other error
	}{
		"unchanged":        {func([]byte) {}, nil, ErrInvalidSignature},
		"newer version":    {func(h []byte) { h[4] = 2 }, ErrBlobVersion, ErrInvalidSignature},
		"version 0":        {func(h []byte) { h[4] = 0 }, ErrInvalidBlob, ErrInvalidSignature},
		"new flag":         {func(h []byte) { h[5] = 0x80 }, ErrBlobVersion, ErrInvalidSignature},
		"sealed flag":      {func(h []byte) { h[5] = blobSealed }, ErrBlobVersion, ErrInvalidSignature},
		"hash too long":    {hashSize(5), ErrInvalidBlob, ErrInvalidSignature},
		"hash too short":   {hashSize(3), ErrInvalidBlob, ErrInvalidSignature},
		"short header":     {headerSize(blobFixedSize - 1), ErrInvalidBlob, ErrInvalidSignature},
		"header past body": {headerSize(200), ErrInvalidBlob, ErrInvalidBlob},
		"header in prefix": {headerSize(blobPrefixSize - 1), ErrInvalidBlob, ErrInvalidBlob},
		"magic":            {func(h []byte) { h[0] = 'X' }, ErrInvalidBlob, ErrInvalidBlob},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := DecodeBlob(sign(t, []byte("payload"), secretA, test.change), secretA, nil); !errors.Is(err, test.signed) {
				t.Errorf("signed: %v, want %v", err, test.signed)
			}
			if _, _, err := DecodeBlob(sign(t, []byte("payload"), secretB, test.change), secretA, nil); !errors.Is(err, test.other) {
				t.Errorf("signed with another secret: %v, want %v", err, test.other)
			}
		})
	}
}

func TestBlobSizes(t *testing.T) {
	largest := make([]byte, maxSerializedBytes)
	blob, err := EncodeBlob(largest, strings.Repeat("h", 255), 1, secretA)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := DecodeBlob(blob, secretA, nil); err != nil {
		t.Errorf("the largest blob: %v", err)
	}
	if _, err := EncodeBlob(append(largest, 0), "", 1, secretA); !errors.Is(err, ErrSessionTooLarge) {
		t.Errorf("EncodeBlob of over 16 MiB = %v, want ErrSessionTooLarge", err)
	}
	if _, err := EncodeBlob(nil, strings.Repeat("h", 256), 1, secretA); err == nil {
		t.Error("EncodeBlob took a schema hash of 256 bytes")
	}
	_, _, err = DecodeBlob(make([]byte, maxBlobBytes+1), secretA, nil)
	if !errors.Is(err, ErrInvalidBlob) || !errors.Is(err, ErrSessionTooLarge) {
		t.Errorf("DecodeBlob of over the limit = %v, want ErrInvalidBlob and ErrSessionTooLarge", err)
	}
	for size := range blobPrefixSize + macSize {
		if _, _, err := DecodeBlob(blob[:size], secretA, nil); !errors.Is(err, ErrInvalidBlob) {
			t.Errorf("%d bytes: %v, want ErrInvalidBlob", size, err)
		}
	}
}

// TestBlobChangedBit flips each bit and cuts at each byte: neither may ever verify.
func TestBlobChangedBit(t *testing.T) {
	blob, err := EncodeBlob([]byte("some payload"), "hash", 1, secretA)
	if err != nil {
		t.Fatal(err)
	}
	eachDamage(blob, func(what string, bad []byte) {
		if _, _, err := DecodeBlob(bad, secretA, secretB); !errors.Is(err, ErrInvalidSignature) && !errors.Is(err, ErrInvalidBlob) {
			t.Errorf("%s: %v", what, err)
		}
	})
}
