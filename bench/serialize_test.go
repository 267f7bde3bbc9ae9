package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/limpet-go/limpet/bench/plain"
	"github.com/limpet-go/limpet/session"
)

// sessionV1 returns a session of 20 signals and 5 session keys, about 3.3 KB in JSON.
func sessionV1() *session.SerializableSession {
	signals, values := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	for i := range 20 {
		signals[fmt.Sprintf("shop.cart.signal%02d", i)] = json.RawMessage(fmt.Sprintf(
			`{"id":%d,"name":"a product of the shop, number %d","price":%d.95,"tags":["fruit","fresh","today"],"open":true}`,
			i, i, i))
	}
	for i := range 5 {
		values[fmt.Sprintf("key%d", i)] = json.RawMessage(`"a value that is stored under a session key"`)
	}
	at := time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)
	return &session.SerializableSession{
		ID: sessionID, UserID: "user-1234", CreatedAt: at, LastActive: at.Add(time.Hour),
		Values: values, Signals: signals,
		Route: "/shop/fruit", RouteParams: map[string]string{"sort": "price"}, Version: 1,
	}
}

// sessionV2 returns the same session in version 2.
func sessionV2() *session.SerializableSessionV2 {
	v1 := sessionV1()
	v2 := &session.SerializableSessionV2{
		ID: v1.ID, UserID: v1.UserID, CreatedAt: v1.CreatedAt, LastActive: v1.LastActive,
		Route: v1.Route, RouteParams: maps.Clone(v1.RouteParams), Version: 2,
		Signals: map[string][]byte{}, SessionKeys: map[string][]byte{},
	}
	for k, v := range v1.Signals {
		v2.Signals[k] = v
	}
	for k, v := range v1.Values {
		v2.SessionKeys[k] = v
	}
	return v2
}

func must[T any](b *testing.B) func(T, error) T {
	return func(v T, err error) T {
		if err != nil {
			b.Fatal(err)
		}
		return v
	}
}

func BenchmarkSerialize(b *testing.B) {
	v1, v2 := sessionV1(), sessionV2()
	mode, err := cbor.CoreDetEncOptions().UserBufferEncMode()
	if err != nil {
		b.Fatal(err)
	}
	var buf bytes.Buffer
	for _, c := range []struct {
		impl   string
		encode func() (int, error)
	}{
		{"plain", func() (int, error) { d, err := plain.Encode(v1); return len(d), err }},
		{"v1", func() (int, error) { d, err := session.Serialize(v1); return len(d), err }},
		{"v2", func() (int, error) { d, err := session.SerializeV2(v2); return len(d), err }},
		{"buffer", func() (int, error) { buf.Reset(); return buf.Len(), mode.MarshalToBuffer(v2, &buf) }},
	} {
		b.Run("impl="+c.impl, func(b *testing.B) {
			b.ReportAllocs()
			defer reportProcessorTime(b)()
			var n int
			for b.Loop() {
				n = must[int](b)(c.encode())
			}
			_ = n
		})
	}
}

func BenchmarkDeserialize(b *testing.B) {
	v1 := must[[]byte](b)(session.Serialize(sessionV1()))
	v2 := must[[]byte](b)(session.SerializeV2(sessionV2()))
	for _, c := range []struct {
		impl   string
		size   int
		decode func() error
	}{
		{"plain", len(v1), func() error { _, err := plain.Decode(v1); return err }},
		{"v1", len(v1), func() error { _, err := session.Deserialize(v1); return err }},
		{"v2", len(v2), func() error { _, err := session.DeserializeV2(v2); return err }},
	} {
		b.Run("impl="+c.impl, func(b *testing.B) {
			b.ReportAllocs()
			defer reportProcessorTime(b)()
			for b.Loop() {
				if err := c.decode(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(c.size), "encoded-B")
		})
	}
}
