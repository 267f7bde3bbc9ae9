package session

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
)

func newKeyring(t testing.TB, sealed bool, keys ...Key) *Keyring {
	t.Helper()
	k, err := NewKeyring(KeyringConfig{Keys: keys, Sealed: sealed})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// eachDamage calls f with blob damaged in every small way: a bit flipped, cut short, grown.
func eachDamage(blob []byte, f func(what string, bad []byte)) {
	for i := range blob {
		for bit := range 8 {
			bad := bytes.Clone(blob)
			bad[i] ^= 1 << bit
			f(fmt.Sprintf("bit %d of byte %d flipped", bit, i), bad)
		}
		f(fmt.Sprintf("cut to %d bytes", i), blob[:i])
	}
	f("grown", append(bytes.Clone(blob), 0))
}

func bothModes(t *testing.T, test func(t *testing.T, sealed bool)) {
	for _, sealed := range []bool{false, true} {
		t.Run(fmt.Sprintf("sealed=%v", sealed), func(t *testing.T) { test(t, sealed) })
	}
}

func TestKeyringRoundTrip(t *testing.T) {
	bothModes(t, func(t *testing.T, sealed bool) {
		k := newKeyring(t, sealed, Key{0, secretA})
		for _, payload := range [][]byte{nil, []byte("a payload in clear"), bytes.Repeat([]byte{1}, 4096)} {
			kept := bytes.Clone(payload)
			blob, err := k.Encode("s1", payload, "hash", 9)
			if err != nil {
				t.Fatal(err)
			}
			got, header, err := k.Decode("s1", blob)
			if err != nil || !bytes.Equal(got, payload) || got == nil {
				t.Fatalf("Decode = %q, %v; want %q", got, err, payload)
			}
			if header.FormatVersion != 1 || header.SchemaVersion != 9 || header.SchemaHash != "hash" || header.TimestampMs == 0 {
				t.Errorf("header %+v", header)
			}
			if len(payload) > 0 && bytes.Contains(blob, payload) == sealed {
				t.Errorf("the payload is in clear in a blob with sealed=%v", sealed)
			}
			clear(blob)
			if !bytes.Equal(got, kept) || !bytes.Equal(payload, kept) {
				t.Error("the payload shares memory with the blob")
			}
		}
	})
}

func TestKeyringBindsTheSession(t *testing.T) {
	bothModes(t, func(t *testing.T, sealed bool) {
		k := newKeyring(t, sealed, Key{1, secretA})
		blob, err := k.Encode("s1", []byte("p"), "", 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range []string{"s2", "s", "s11", "", "bad id", strings.Repeat("s", 65)} {
			if _, _, err := k.Decode(other, blob); !errors.Is(err, ErrInvalidSignature) {
				t.Errorf("Decode for %q = %v, want ErrInvalidSignature", other, err)
			}
		}
		for _, id := range []string{"", "bad id", strings.Repeat("s", 65)} {
			if _, err := k.Encode(id, nil, "", 1); !errors.Is(err, ErrInvalidSessionID) {
				t.Errorf("Encode for %q = %v, want ErrInvalidSessionID", id, err)
			}
		}
	})
}

// TestKeyringSplice cuts a genuine blob in two where its payload looks like a blob, and puts the first part into the
// session ID: the size of the ID, in one byte, would be the same.
func TestKeyringSplice(t *testing.T) {
	k := newKeyring(t, false, Key{1, secretA})
	inner, err := blobWriter{flags: blobKeyed, keyID: 1}.header(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	padding := make([]byte, 256-blobFixedSize)
	blob, err := k.Encode("s1", append(padding, inner...), "", 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := k.Decode("s1"+string(blob[:256]), blob[256:]); !errors.Is(err, ErrInvalidSignature) {
		t.Errorf("Decode = %v, want ErrInvalidSignature", err)
	}
}

func TestKeyringShortBody(t *testing.T) {
	bothModes(t, func(t *testing.T, sealed bool) {
		k := newKeyring(t, sealed, Key{1, secretA})
		blob, err := k.Encode("s1", nil, "", 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := k.Decode("s1", blob[:len(blob)-1]); !errors.Is(err, ErrInvalidBlob) {
			t.Errorf("Decode = %v, want ErrInvalidBlob", err)
		}
	})
}

// TestKeyringRotation shows a key being replaced while nodes with either list run, and its revocation.
func TestKeyringRotation(t *testing.T) {
	bothModes(t, func(t *testing.T, sealed bool) {
		old := newKeyring(t, sealed, Key{1, secretA}, Key{2, secretB})
		next := newKeyring(t, !sealed, Key{2, secretB}, Key{1, secretA}) // the other mode is read as well
		done := newKeyring(t, sealed, Key{2, secretB})
		reused := newKeyring(t, sealed, Key{1, secretB})

		byOld, err1 := old.Encode("s1", []byte("p"), "", 1)
		byNext, err2 := next.Encode("s1", []byte("p"), "", 1)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		for name, test := range map[string]struct {
			ring *Keyring
			blob []byte
			want error
		}{
			"old by next":   {next, byOld, nil},
			"next by old":   {old, byNext, nil},
			"next by done":  {done, byNext, nil},
			"revoked":       {done, byOld, ErrUnknownBlobKey},
			"ID reused":     {reused, byOld, ErrInvalidSignature},
			"no keyring":    {nil, byOld, ErrUnknownBlobKey},
			"empty keyring": {new(Keyring), byOld, ErrUnknownBlobKey},
		} {
			payload, header, err := test.ring.Decode("s1", test.blob)
			if !errors.Is(err, test.want) {
				t.Errorf("%s: %v, want %v", name, err, test.want)
			}
			if err != nil && (payload != nil || header != BlobHeader{}) {
				t.Errorf("%s: a refused blob gave %q, %+v", name, payload, header)
			}
		}
	})
}

func TestKeyringChangedBit(t *testing.T) {
	bothModes(t, func(t *testing.T, sealed bool) {
		k := newKeyring(t, sealed, Key{1, secretA}, Key{3, secretA}) // one bit apart
		blob, err := k.Encode("s1", []byte("some payload"), "hash", 1)
		if err != nil {
			t.Fatal(err)
		}
		eachDamage(blob, func(what string, bad []byte) {
			_, _, err := k.Decode("s1", bad)
			if !errors.Is(err, ErrInvalidSignature) && !errors.Is(err, ErrInvalidBlob) && !errors.Is(err, ErrUnknownBlobKey) {
				t.Errorf("%s: %v", what, err)
			}
		})
	})
}

// TestKeyringNewerVersion shows that only a genuine blob counts as one of a newer version.
func TestKeyringNewerVersion(t *testing.T) {
	bothModes(t, func(t *testing.T, sealed bool) {
		k := newKeyring(t, sealed, Key{1, secretA})
		blob, err := k.Encode("s1", []byte("p"), "hash", 1)
		if err != nil {
			t.Fatal(err)
		}
		env, err := openEnvelope(blob, 0)
		if err != nil {
			t.Fatal(err)
		}
		newer := bytes.Clone(env.header)
		newer[4] = 2
		if sealed {
			newer, err = k.writer.appendSealed(newer, "s1", []byte("p"))
		} else {
			newer = append(newer, 'p')
			newer = k.writer.sign.append(newer, "s1", newer)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := k.Decode("s1", newer); !errors.Is(err, ErrBlobVersion) {
			t.Errorf("Decode = %v, want ErrBlobVersion", err)
		}
		if _, _, err := k.Decode("s2", newer); !errors.Is(err, ErrInvalidSignature) {
			t.Errorf("Decode for another session = %v, want ErrInvalidSignature", err)
		}
	})
}

func TestKeyringAndDecodeBlobAreApart(t *testing.T) {
	k := newKeyring(t, false, Key{0, secretA})
	bound, err1 := k.Encode("s1", []byte("p"), "", 1)
	plain, err2 := EncodeBlob([]byte("p"), "", 1, secretA)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if _, _, err := DecodeBlob(bound, secretA, nil); !errors.Is(err, ErrInvalidSignature) {
		t.Errorf("DecodeBlob of a bound blob = %v, want ErrInvalidSignature", err)
	}
	if _, _, err := k.Decode("s1", plain); !errors.Is(err, ErrInvalidSignature) {
		t.Errorf("Decode of an unbound blob = %v, want ErrInvalidSignature", err)
	}
}

func TestNewKeyringRefuses(t *testing.T) {
	for name, keys := range map[string][]Key{
		"no key":       nil,
		"no secret":    {{ID: 1}},
		"short secret": {{1, secretA[:31]}},
		"ID twice":     {{1, secretA}, {1, secretB}},
	} {
		k, err := NewKeyring(KeyringConfig{Keys: keys})
		if err == nil || k != nil {
			t.Errorf("%s: NewKeyring = %v, %v", name, k, err)
		}
		if err != nil && strings.Contains(err.Error(), "aaaa") {
			t.Errorf("%s: error %q quotes a secret", name, err)
		}
	}
	for _, k := range []*Keyring{nil, {}} {
		if _, err := k.Encode("s1", nil, "", 1); err == nil {
			t.Error("a keyring without keys wrote a blob")
		}
	}
}

func TestKeyringCopiesSecrets(t *testing.T) {
	secret := bytes.Clone(secretA)
	k := newKeyring(t, true, Key{1, secret})
	clear(secret)
	blob, err := k.Encode("s1", nil, "", 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := newKeyring(t, true, Key{1, secretA}).Decode("s1", blob); err != nil {
		t.Errorf("the keyring changed with the caller's slice: %v", err)
	}
}

func TestKeyDoesNotPrintItsSecret(t *testing.T) {
	cfg := KeyringConfig{Keys: []Key{{7, secretA}}}
	for _, text := range []string{fmt.Sprint(cfg), fmt.Sprintf("%+v %#v %v", cfg, cfg, cfg.Keys[0])} {
		if strings.Contains(text, "97") || strings.Contains(text, "aaaa") || strings.Contains(text, "0x61") {
			t.Errorf("printed %s", text)
		}
	}
}

func TestKeyringNoncesDiffer(t *testing.T) {
	k := newKeyring(t, true, Key{1, secretA})
	seen := map[string]bool{}
	for range 1000 {
		blob, err := k.Encode("s1", nil, "", 1)
		if err != nil {
			t.Fatal(err)
		}
		nonce := string(blob[blobFixedSize : blobFixedSize+nonceSize])
		if seen[nonce] {
			t.Fatal("a nonce came twice")
		}
		seen[nonce] = true
	}
}

func TestKeyringConcurrently(t *testing.T) {
	bothModes(t, func(t *testing.T, sealed bool) {
		k := newKeyring(t, sealed, Key{1, secretA})
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				id, payload := fmt.Sprint("s", i), bytes.Repeat([]byte{byte(i)}, 100)
				for range 200 {
					blob, err := k.Encode(id, payload, "h", 1)
					if err != nil {
						t.Error(err)
						return
					}
					if got, _, err := k.Decode(id, blob); err != nil || !bytes.Equal(got, payload) {
						t.Errorf("Decode = %q, %v", got, err)
						return
					}
				}
			})
		}
		wg.Wait()
	})
}
