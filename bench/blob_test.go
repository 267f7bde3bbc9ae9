package bench

import (
	"bytes"
	"crypto/sha256"
	"testing"

	"github.com/limpet-go/limpet/bench/plain"
	"github.com/limpet-go/limpet/session"
)

const (
	blobBytes  = 4 << 10
	schemaHash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	sessionID  = "0123456789abcdef0123456789abcdef0123456789a"
)

type blobContender struct {
	impl   string
	encode func(payload []byte) ([]byte, error)
	decode func(blob []byte) ([]byte, error)
}

func blobContenders(tb testing.TB) []blobContender {
	secret := payload(32)
	keyring := func(sealed bool) *session.Keyring {
		k, err := session.NewKeyring(session.KeyringConfig{
			Keys:   []session.Key{{ID: 1, Secret: secret}},
			Sealed: sealed,
		})
		if err != nil {
			tb.Fatal(err)
		}
		return k
	}
	return []blobContender{
		{
			"plain",
			func(p []byte) ([]byte, error) { return plain.EncodeBlob(p, schemaHash, secret), nil },
			func(d []byte) ([]byte, error) { return plain.DecodeBlob(d, secret), nil },
		}, {
			"encodeblob",
			func(p []byte) ([]byte, error) { return session.EncodeBlob(p, schemaHash, 1, secret) },
			func(d []byte) ([]byte, error) { p, _, err := session.DecodeBlob(d, secret, nil); return p, err },
		},
		keyringContender("signed", keyring(false)),
		keyringContender("sealed", keyring(true)),
		{"sha256", hashAndCopy, hashAndCopy},
	}
}

func keyringContender(impl string, k *session.Keyring) blobContender {
	return blobContender{
		impl,
		func(p []byte) ([]byte, error) { return k.Encode(sessionID, p, schemaHash, 1) },
		func(d []byte) ([]byte, error) { p, _, err := k.Decode(sessionID, d); return p, err },
	}
}

// hashAndCopy is the limit of signing: the hash of the bytes, and a copy of them.
func hashAndCopy(data []byte) ([]byte, error) {
	out := append(make([]byte, 0, len(data)+sha256.Size), data...)
	sum := sha256.Sum256(out)
	return append(out, sum[:]...), nil
}

func TestBlobContendersRoundTrip(t *testing.T) {
	for _, c := range blobContenders(t) {
		if c.impl == "sha256" {
			continue
		}
		blob, err := c.encode(payload(blobBytes))
		if err != nil {
			t.Fatalf("%s: %v", c.impl, err)
		}
		if got, err := c.decode(blob); err != nil || !bytes.Equal(got, payload(blobBytes)) {
			t.Errorf("%s: decoded %d bytes, %v", c.impl, len(got), err)
		}
		blob[len(blob)/2] ^= 1
		if got, _ := c.decode(blob); got != nil {
			t.Errorf("%s: took a forged blob", c.impl)
		}
	}
}

func BenchmarkBlobEncode(b *testing.B) {
	data := payload(blobBytes)
	for _, c := range blobContenders(b) {
		b.Run("impl="+c.impl, func(b *testing.B) {
			b.ReportAllocs()
			defer reportProcessorTime(b)()
			for b.Loop() {
				if _, err := c.encode(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkBlobDecode(b *testing.B) {
	for _, c := range blobContenders(b) {
		blob, err := c.encode(payload(blobBytes))
		if err != nil {
			b.Fatal(err)
		}
		b.Run("impl="+c.impl, func(b *testing.B) {
			b.ReportAllocs()
			defer reportProcessorTime(b)()
			for b.Loop() {
				if p, err := c.decode(blob); p == nil || err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
