package session

import (
	"crypto/hmac"
	"crypto/sha256"
	"testing"
)

// BenchmarkMAC compares the pooled MAC of a 4 KiB blob with a fresh one per call and with SHA-256 alone.
func BenchmarkMAC(b *testing.B) {
	data := make([]byte, 4096)
	b.Run("pooled", func(b *testing.B) {
		p, sum := newMACPool(secretA), make([]byte, 0, macSize)
		b.ReportAllocs()
		for b.Loop() {
			p.append(sum, "s1", data)
		}
	})
	b.Run("fresh", func(b *testing.B) {
		sum := make([]byte, 0, macSize)
		b.ReportAllocs()
		for b.Loop() {
			mac := hmac.New(sha256.New, secretA)
			mac.Write(data)
			mac.Sum(sum)
		}
	})
	b.Run("sha256", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			sha256.Sum256(data)
		}
	})
}

// BenchmarkBlob measures blobs of 4 KiB, signed and sealed.
func BenchmarkBlob(b *testing.B) {
	payload := make([]byte, 4096)
	b.Run("EncodeBlob", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := EncodeBlob(payload, "hash", 1, secretA); err != nil {
				b.Fatal(err)
			}
		}
	})
	for name, sealed := range map[string]bool{"signed": false, "sealed": true} {
		k := newKeyring(b, sealed, Key{1, secretA})
		blob, err := k.Encode("s1", payload, "hash", 1)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("Keyring/encode/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := k.Encode("s1", payload, "hash", 1); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("Keyring/decode/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := k.Decode("s1", blob); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
