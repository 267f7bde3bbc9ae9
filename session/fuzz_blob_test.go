package session_test

import (
	"bytes"
	"testing"

	"github.com/limpet-go/limpet/internal/cborx"
	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/state"
)

// settled returns a schema as it is after it was written and read.
func settled(s *state.Schema) *state.Schema {
	data, err := cborx.Marshal(s)
	if err != nil {
		return nil
	}
	out := new(state.Schema)
	if err := cborx.Unmarshal(data, out); err != nil {
		return nil
	}
	return out
}

// FuzzDecodeBlob tries bytes as a blob, then as the payload of one whose bit is flipped: neither may be taken for
// genuine.
func FuzzDecodeBlob(f *testing.F) {
	addGolden(f, "blob-*")
	f.Add([]byte("LMPT"))
	f.Fuzz(func(t *testing.T, data []byte) {
		other := []byte("a secret that signed nothing")
		var payload []byte
		var err error
		boundedMemory(t, len(data), func() { payload, _, err = session.DecodeBlob(data, other, nil) })
		if err == nil || payload != nil {
			t.Fatalf("read %q from bytes that nobody signed", payload)
		}
		blob, err := session.EncodeBlob(data, "hash", 3, goldenSecret)
		if err != nil {
			t.Fatal(err)
		}
		got, header, err := session.DecodeBlob(blob, goldenSecret, nil)
		if err != nil || !bytes.Equal(got, data) || header.SchemaHash != "hash" || header.SchemaVersion != 3 {
			t.Fatalf("read %q, %+v, %v; wrote %q", got, header, err, data)
		}
		flipBit(blob, data)
		if _, _, err := session.DecodeBlob(blob, goldenSecret, other); err == nil {
			t.Fatal("a changed blob was taken for genuine")
		}
	})
}

// flipBit flips a bit of blob that choice picks.
func flipBit(blob, choice []byte) {
	at := len(choice)
	for _, b := range choice {
		at = at*31 + int(b)
	}
	at &= 1<<62 - 1
	blob[at/8%len(blob)] ^= 1 << (at % 8)
}

// FuzzKeyringDecode does the same with a keyring, signed and sealed, and moves blobs to another session.
func FuzzKeyringDecode(f *testing.F) {
	addGolden(f, "blob-*")
	f.Add([]byte("LMPT\x01\x01\x00\x00\x00\x01\x00\x17"))
	newRing := func(sealed bool, secret string) *session.Keyring {
		k, err := session.NewKeyring(session.KeyringConfig{Sealed: sealed, Keys: []session.Key{{ID: 2, Secret: []byte(secret)}}})
		if err != nil {
			f.Fatal(err)
		}
		return k
	}
	foreign := newRing(false, "a foreign secret, 32 bytes of it")
	rings := []*session.Keyring{newRing(false, string(goldenSecret)), newRing(true, string(goldenSecret))}
	f.Fuzz(func(t *testing.T, data []byte) {
		var err error
		boundedMemory(t, len(data), func() { _, _, err = foreign.Decode("golden-session", data) })
		if err == nil {
			t.Fatal("read a blob that nobody wrote")
		}
		for _, k := range rings {
			checkKeyring(t, k, data)
		}
	})
}

func checkKeyring(t *testing.T, k *session.Keyring, data []byte) {
	t.Helper()
	blob, err := k.Encode("s1", data, "hash", 3)
	if err != nil {
		t.Fatal(err)
	}
	if got, _, err := k.Decode("s1", blob); err != nil || !bytes.Equal(got, data) {
		t.Fatalf("read %q, %v; wrote %q", got, err, data)
	}
	if _, _, err := k.Decode("s2", blob); err == nil {
		t.Fatal("a blob was taken for another session's")
	}
	flipBit(blob, data)
	if _, _, err := k.Decode("s1", blob); err == nil {
		t.Fatal("a changed blob was taken for genuine")
	}
}
