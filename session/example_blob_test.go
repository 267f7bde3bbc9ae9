package session_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/limpet-go/limpet/session"
)

func ExampleEncodeBlob() {
	secret := []byte("32 bytes from a secret store....")
	blob, err := session.EncodeBlob([]byte("state"), "", 1, secret)
	if err != nil {
		fmt.Println(err)
		return
	}
	payload, header, err := session.DecodeBlob(blob, secret, nil)
	fmt.Printf("%s, format %d, %v\n", payload, header.FormatVersion, err)

	blob[len(blob)-1] ^= 1
	_, _, err = session.DecodeBlob(blob, secret, nil)
	fmt.Println(err)
	// Output:
	// state, format 1, <nil>
	// vango: invalid session blob signature
}

func ExampleDecodeBlob() {
	oldSecret, newSecret := []byte("the secret until today ........."), []byte("the secret from today on .......")
	blob, err := session.EncodeBlob([]byte("state"), "", 1, oldSecret)
	if err != nil {
		fmt.Println(err)
		return
	}
	payload, _, err := session.DecodeBlob(blob, newSecret, oldSecret)
	fmt.Printf("while the secret is replaced: %s, %v\n", payload, err)

	_, _, err = session.DecodeBlob(blob, newSecret, nil)
	fmt.Println("afterwards:", errors.Is(err, session.ErrInvalidSignature))
	// Output:
	// while the secret is replaced: state, <nil>
	// afterwards: true
}

func ExampleKeyring() {
	keys := []session.Key{
		{ID: 2, Secret: []byte("32 bytes from a secret store, 2.")}, // writes
		{ID: 1, Secret: []byte("32 bytes from a secret store, 1.")}, // still reads
	}
	ring, err := session.NewKeyring(session.KeyringConfig{Keys: keys, Sealed: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	blob, err := ring.Encode("session-a", []byte("state"), "", 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	payload, _, err := ring.Decode("session-a", blob)
	fmt.Printf("%s, %v\n", payload, err)

	_, _, err = ring.Decode("session-b", blob)
	fmt.Println("another session:", err)

	revoked, err := session.NewKeyring(session.KeyringConfig{Keys: keys[1:]})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _, err = revoked.Decode("session-a", blob)
	fmt.Println("key 2 revoked:", err)
	// Output:
	// state, <nil>
	// another session: vango: invalid session blob signature
	// key 2 revoked: session: blob key is not in the keyring
}

func ExampleSerializeV2() {
	data, err := session.SerializeV2(&session.SerializableSessionV2{
		ID:          "session-a",
		CreatedAt:   time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC),
		LastActive:  time.Date(2024, 5, 1, 12, 30, 0, 0, time.UTC),
		Route:       "/shop",
		SessionKeys: map[string][]byte{"theme": []byte("\x64dark")},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	restored, err := session.DeserializeV2(data)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(data), "bytes, version", restored.Version)
	fmt.Println(restored.Route, restored.LastActive.Sub(restored.CreatedAt))
	// Output:
	// 79 bytes, version 2
	// /shop 30m0s
}

func ExampleMigrateV1ToV2() {
	v1, err := session.Deserialize([]byte(`{"id":"session-a","version":1,"values":{"lang":"de"},"signals":{"count":3}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	v2 := session.MigrateV1ToV2(v1)
	fmt.Printf("version %d, lang %s, count %s\n", v2.Version, v2.LegacyValues["lang"], v2.Signals["count"])
	// Output:
	// version 2, lang "de", count 3
}
