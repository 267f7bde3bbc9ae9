package session_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/limpet-go/limpet/session"
)

// BenchmarkSerialize compares both versions on a session of 20 signals and 5 keys, some 3 KB.
func BenchmarkSerialize(b *testing.B) {
	v1 := sampleV1()
	for i := range 20 {
		v1.Signals[fmt.Sprint("signal", i)] = json.RawMessage(`{"name":"` + strings.Repeat("x", 100) + `"}`)
	}
	for i := range 5 {
		v1.Values[fmt.Sprint("key", i)] = json.RawMessage(`"` + strings.Repeat("v", 50) + `"`)
	}
	v2 := session.MigrateV1ToV2(v1)
	v2.SessionKeys = make(map[string][]byte)
	for key, value := range v2.LegacyValues {
		v2.SessionKeys[key] = value
	}
	v2.LegacyValues = nil

	b.Run("v1/json.Marshal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(v1); err != nil {
				b.Fatal(err)
			}
		}
	})
	benchmarkBoth(b, "v1", v1, session.Serialize, session.Deserialize)
	benchmarkBoth(b, "v2", v2, session.SerializeV2, session.DeserializeV2)
}

func benchmarkBoth[S any](b *testing.B, name string, ss S, write func(S) ([]byte, error), read func([]byte) (S, error)) {
	data, err := write(ss)
	if err != nil {
		b.Fatal(err)
	}
	b.Run(name+"/write", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := write(ss); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run(name+"/read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := read(data); err != nil {
				b.Fatal(err)
			}
		}
	})
}
