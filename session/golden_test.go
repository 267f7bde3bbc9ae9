package session_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/state"
)

var update = flag.Bool("update", false, "write golden files that do not exist yet; never change one that does")

// goldenCase is something that was once written, how it is written now, and how it is checked. Cases are added, never
// changed or taken away: testdata/golden holds what stores out there hold.
type goldenCase struct {
	write func() ([]byte, error)
	check func(t *testing.T, data []byte)
}

var (
	goldenSecret   = []byte("golden secret, 32 bytes of text.")
	goldenPrevious = []byte("an older golden secret, 32 bytes")
	goldenPayload  = []byte("golden payload")
)

const goldenHash = "7b38ca5046bd8252f59e6d058d2f1d27c8ef01a26dc83c7e8b3e22b0e1f75715"

func goldenCases(t *testing.T) map[string]goldenCase {
	signed, sealed := goldenKeyring(t, false), goldenKeyring(t, true)
	return map[string]goldenCase{
		"session-v1-full.json":     v1Case(goldenV1()),
		"session-v1-least.json":    v1Case(&session.SerializableSession{ID: "g", Version: 1}),
		"session-v2-full.cbor":     v2Case(goldenV2()),
		"session-v2-least.cbor":    v2Case(&session.SerializableSessionV2{ID: "g", Version: 2}),
		"session-v2-migrated.cbor": v2Case(session.MigrateV1ToV2(goldenV1())),
		"blob-1-plain": {
			write: func() ([]byte, error) { return session.EncodeBlob(goldenPayload, goldenHash, 1, goldenSecret) },
			check: func(t *testing.T, data []byte) {
				payload, header, err := session.DecodeBlob(data, goldenPrevious, goldenSecret)
				checkGoldenBlob(t, payload, header, err)
			},
		},
		"blob-1-keyring-signed": keyringCase(signed, sealed),
		"blob-1-keyring-sealed": keyringCase(sealed, signed),
	}
}

// keyringCase writes with one keyring and reads with another of the same keys.
func keyringCase(writer, reader *session.Keyring) goldenCase {
	return goldenCase{
		write: func() ([]byte, error) { return writer.Encode("golden-session", goldenPayload, goldenHash, 1) },
		check: func(t *testing.T, data []byte) {
			payload, header, err := reader.Decode("golden-session", data)
			checkGoldenBlob(t, payload, header, err)
		},
	}
}

func goldenKeyring(t *testing.T, sealed bool) *session.Keyring {
	t.Helper()
	k, err := session.NewKeyring(session.KeyringConfig{Sealed: sealed, Keys: []session.Key{
		{ID: 2, Secret: goldenSecret}, {ID: 1, Secret: goldenPrevious},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func checkGoldenBlob(t *testing.T, payload []byte, header session.BlobHeader, err error) {
	t.Helper()
	if err != nil || !bytes.Equal(payload, goldenPayload) {
		t.Fatalf("read %q, %v", payload, err)
	}
	if header.FormatVersion != 1 || header.SchemaVersion != 1 || header.SchemaHash != goldenHash || header.TimestampMs <= 0 {
		t.Errorf("header %+v", header)
	}
}

func v1Case(want *session.SerializableSession) goldenCase {
	return goldenCase{
		write: func() ([]byte, error) { return session.Serialize(want) },
		check: func(t *testing.T, data []byte) {
			got, err := session.Deserialize(data)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("read %+v, %v\nwant %+v", got, err, want)
			}
			if again, err := session.Serialize(got); err != nil || !bytes.Equal(again, data) {
				t.Errorf("written again: %s, %v\nwant %s", again, err, data)
			}
		},
	}
}

func v2Case(want *session.SerializableSessionV2) goldenCase {
	return goldenCase{
		write: func() ([]byte, error) { return session.SerializeV2(want) },
		check: func(t *testing.T, data []byte) {
			got, err := session.DeserializeV2(data)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("read %+v, %v\nwant %+v", got, err, want)
			}
			if again, err := session.SerializeV2(got); err != nil || !bytes.Equal(again, data) {
				t.Errorf("written again: %x, %v\nwant %x", again, err, data)
			}
		},
	}
}

func goldenV1() *session.SerializableSession {
	return &session.SerializableSession{
		ID: "golden-session", UserID: "Åsa",
		CreatedAt:   time.Date(2023, 12, 31, 23, 59, 59, 999999999, time.UTC),
		LastActive:  time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC),
		Values:      map[string]json.RawMessage{"lang": json.RawMessage(`"sv"`), "none": json.RawMessage(`null`)},
		Signals:     map[string]json.RawMessage{"cart": json.RawMessage(`[{"id":"apple","qty":2}]`)},
		Route:       "/shop/apples",
		RouteParams: map[string]string{"sort": "price"},
		Version:     1,
	}
}

func goldenV2() *session.SerializableSessionV2 {
	text := &state.Shape{Kind: state.KindString}
	item := &state.Shape{ID: "shop.Item", Kind: state.KindStruct, Fields: []state.Field{
		{Name: "ID", Shape: text}, {Name: "Qty", Shape: &state.Shape{Kind: state.KindInt, Bits: 64}},
	}}
	return &session.SerializableSessionV2{
		ID: "golden-session", UserID: "Åsa",
		CreatedAt:    time.Date(2023, 12, 31, 23, 59, 59, 999999999, time.UTC),
		LastActive:   time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC),
		Route:        "/shop/apples",
		RouteParams:  map[string]string{"sort": "price"},
		Signals:      map[string][]byte{"cart": {0x81, 0xa2, 0x62, 'I', 'D', 0x61, 'a', 0x63, 'Q', 't', 'y', 0x02}, "note": {0x60}},
		SessionKeys:  map[string][]byte{"theme": {0x64, 'd', 'a', 'r', 'k'}},
		LegacyValues: map[string]json.RawMessage{"lang": json.RawMessage(`"sv"`)},
		Version:      2,
		Schema: &state.Schema{
			Version:     "1.0",
			Signals:     map[string]*state.Shape{"cart": {Kind: state.KindList, Elem: item}, "note": text},
			SessionKeys: map[string]*state.Shape{"theme": {ID: "shop.Theme", Kind: state.KindString}},
		},
		AuthHints: &session.AuthHintsV1{HadAuth: true, Presence: true},
	}
}

// TestGolden reads everything that any release ever wrote.
func TestGolden(t *testing.T) {
	cases := goldenCases(t)
	if *update {
		writeNewGolden(t, cases)
	}
	files, err := os.ReadDir(filepath.Join("testdata", "golden"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		c, ok := cases[file.Name()]
		if !ok {
			t.Errorf("no case reads %s any more", file.Name())
			continue
		}
		delete(cases, file.Name())
		t.Run(file.Name(), func(t *testing.T) {
			data, err := os.ReadFile(goldenPath(file.Name()))
			if err != nil {
				t.Fatal(err)
			}
			c.check(t, data)
		})
	}
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		t.Errorf("%s is missing; go test -run TestGolden -update writes it", goldenPath(name))
	}
}

func goldenPath(name string) string { return filepath.Join("testdata", "golden", name) }

func writeNewGolden(t *testing.T, cases map[string]goldenCase) {
	t.Helper()
	for name, c := range cases {
		data, err := c.write()
		if err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(goldenPath(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if os.IsExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.Write(data)
		if closeErr := f.Close(); err != nil || closeErr != nil {
			t.Fatal(err, closeErr)
		}
	}
}
