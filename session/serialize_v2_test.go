package session_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/internal/cborx"
	"github.com/limpet-go/limpet/session"
	"github.com/limpet-go/limpet/state"
)

func sampleV2() *session.SerializableSessionV2 {
	return &session.SerializableSessionV2{
		ID: "s1", UserID: "ann",
		CreatedAt:    time.Date(2024, 5, 6, 7, 8, 9, 123456789, time.UTC),
		LastActive:   time.Date(2024, 5, 6, 8, 8, 9, 0, time.UTC),
		Route:        "/shop",
		RouteParams:  map[string]string{"id": "7"},
		Signals:      map[string][]byte{"cart": {0x81, 0x01}, "note": nil, "empty": {}},
		SessionKeys:  map[string][]byte{"theme": []byte("\x64dark")},
		LegacyValues: map[string]json.RawMessage{"lang": json.RawMessage(`"de"`), "nil": nil},
		Version:      2,
		Schema: &state.Schema{Version: "1.0", Signals: map[string]*state.Shape{
			"cart": {Kind: state.KindList, Elem: &state.Shape{ID: "shop.Item", Kind: state.KindStruct, Fields: []state.Field{
				{Name: "Price", Shape: &state.Shape{Kind: state.KindInt, Bits: 32}},
			}}},
		}},
		AuthHints: &session.AuthHintsV1{HadAuth: true},
	}
}

func TestSerializeV2RoundTrip(t *testing.T) {
	data, err := session.SerializeV2(sampleV2())
	if err != nil {
		t.Fatal(err)
	}
	got, err := session.DeserializeV2(data)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, sampleV2()) {
		t.Errorf("read %+v\nwant %+v", got, sampleV2())
	}
	clear(data)
	if !reflect.DeepEqual(got, sampleV2()) {
		t.Error("the session shares memory with the bytes it was read from")
	}
}

// TestSerializeV2IsDeterministic shows that maps do not shuffle the bytes.
func TestSerializeV2IsDeterministic(t *testing.T) {
	ss := sampleV2()
	for i := range 50 {
		ss.Signals[strings.Repeat("k", i%7)+string(rune('a'+i%26))] = []byte{byte(i)}
	}
	first, err := session.SerializeV2(ss)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		ss.Signals = maps.Clone(ss.Signals)
		again, err := session.SerializeV2(ss)
		if err != nil || !bytes.Equal(again, first) {
			t.Fatalf("SerializeV2 = %x, %v; before %x", again, err, first)
		}
	}
}

func TestSerializeV2ChangesNothing(t *testing.T) {
	ss := sampleV2()
	ss.Version, ss.LastActive = 9, ss.LastActive.In(time.FixedZone("odd", 28))
	before := *ss
	data, err := session.SerializeV2(ss)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(*ss, before) {
		t.Errorf("SerializeV2 changed its argument to %+v", *ss)
	}
	got, err := session.DeserializeV2(data)
	if err != nil || got.Version != 2 || !got.LastActive.Equal(ss.LastActive) {
		t.Errorf("read %+v, %v; want version 2 at %v", got, err, ss.LastActive)
	}
}

func TestSerializeV2Refuses(t *testing.T) {
	if _, err := session.SerializeV2(nil); err == nil {
		t.Error("SerializeV2(nil) succeeded")
	}
	type v2 = session.SerializableSessionV2
	for name, test := range map[string]struct {
		change func(*v2)
		want   string
	}{
		"empty ID":         {func(s *v2) { s.ID = "" }, `key "id": empty`},
		"user text":        {func(s *v2) { s.UserID = "secret\xff" }, `key "user_id": not valid UTF-8`},
		"route text":       {func(s *v2) { s.Route = "\xff" }, `key "route"`},
		"param key":        {func(s *v2) { s.RouteParams["\xff"] = "secret" }, `key "route_params": "\xff"`},
		"param value":      {func(s *v2) { s.RouteParams["p"] = "secret\xff" }, `key "route_params": "p"`},
		"signal key":       {func(s *v2) { s.Signals["\xff"] = nil }, `key "signals": "\xff"`},
		"session key":      {func(s *v2) { s.SessionKeys["\xff"] = nil }, `key "session_keys": "\xff"`},
		"legacy key":       {func(s *v2) { s.LegacyValues["\xff"] = nil }, `key "legacy_values": "\xff"`},
		"legacy value":     {func(s *v2) { s.LegacyValues["k"] = json.RawMessage("secret") }, `key "legacy_values": "k": not one JSON value`},
		"empty legacy":     {func(s *v2) { s.LegacyValues["k"] = json.RawMessage{} }, `key "legacy_values": "k"`},
		"year":             {func(s *v2) { s.CreatedAt = time.Unix(-1<<40, 0) }, `key "created_at": year`},
		"schema":           {func(s *v2) { s.Schema.Signals["k"] = nil }, `key "schema": state: signal "k": shape is missing`},
		"too many entries": {func(s *v2) { s.Signals = manyEntries(1<<17 + 1) }, `key "signals": more than 131072 entries`},
	} {
		t.Run(name, func(t *testing.T) {
			ss := sampleV2()
			test.change(ss)
			data, err := session.SerializeV2(ss)
			checkRefused(t, data, err, test.want)
		})
	}
}

func manyEntries(n int) map[string][]byte {
	m := make(map[string][]byte, n)
	for i := range n {
		m[string(rune(0x10000+i))] = nil
	}
	return m
}

func TestSerializeV2Limits(t *testing.T) {
	ss := sampleV2()
	ss.Signals = manyEntries(1 << 17)
	data, err := session.SerializeV2(ss)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := session.DeserializeV2(data); err != nil {
		t.Errorf("the most entries written cannot be read: %v", err)
	}
	ss.Signals = map[string][]byte{"big": make([]byte, 16<<20)}
	if _, err := session.SerializeV2(ss); !errors.Is(err, session.ErrSessionTooLarge) {
		t.Errorf("SerializeV2 of over 16 MiB = %v, want ErrSessionTooLarge", err)
	}
	if _, err := session.DeserializeV2(make([]byte, 16<<20+1)); !errors.Is(err, session.ErrSessionTooLarge) {
		t.Errorf("DeserializeV2 of over 16 MiB = %v, want ErrSessionTooLarge", err)
	}
}

// edit returns a least session of version 2 with keys set, or left out if nil.
func edit(t *testing.T, change map[any]any) []byte {
	t.Helper()
	m := map[any]any{1: "s1", 3: nil, 4: nil, 10: 2}
	maps.Copy(m, change)
	for key, value := range change {
		if value == nil {
			delete(m, key)
		}
	}
	data, err := cborx.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestDeserializeV2Refuses(t *testing.T) {
	deepShape := map[int]any{2: "int"}
	for range 33 {
		deepShape = map[int]any{2: "list", 6: deepShape}
	}
	schema := func(shape any) map[any]any {
		return map[any]any{11: map[int]any{1: "1.0", 2: map[string]any{"k": shape}}}
	}
	valid := edit(t, nil)
	withMap := func(key byte, pairs string) []byte { // a duplicate cannot be written with a map
		raw, err := hex.DecodeString(pairs)
		if err != nil {
			t.Fatal(err)
		}
		return append(append([]byte{valid[0] + 1}, valid[1:]...), append([]byte{key}, raw...)...)
	}
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":           {nil, "EOF"},
		"null":              {[]byte{0xf6}, `key "version"`},
		"array":             {[]byte{0x81, 0x01}, "not a map from small integers"},
		"JSON":              {[]byte(`{"version":2,"id":"s1"}`), "session: deserialize: "},
		"truncated":         {valid[:len(valid)-1], "EOF"},
		"trailing bytes":    {append(bytes.Clone(valid), 0), "extraneous data"},
		"no version":        {edit(t, map[any]any{10: nil}), `key "version": not a version`},
		"version 1":         {edit(t, map[any]any{10: 1}), `key "version": not a version`},
		"version 3 and new": {edit(t, map[any]any{10: 3, 13: 1}), `key "version": not a version`},
		"version text":      {edit(t, map[any]any{10: "secret"}), `key "version": value is malformed`},
		"version big":       {edit(t, map[any]any{10: uint64(1 << 63)}), `key "version": value is malformed`},
		"no ID":             {edit(t, map[any]any{1: nil}), `key "id": empty`},
		"ID number":         {edit(t, map[any]any{1: 12}), `key "id": value is malformed`},
		"ID bytes":          {edit(t, map[any]any{1: []byte("secret")}), `key "id": value is malformed`},
		"ID text":           {edit(t, map[any]any{1: "secret\xff"}), `key "id": value is malformed`},
		"unknown key":       {edit(t, map[any]any{13: "secret"}), "key 13 is unknown"},
		"text key":          {edit(t, map[any]any{"id": "secret"}), "not a map from small integers"},
		"duplicate key":     {withMap(1, "6173"), "key 1 occurs twice"},
		"duplicate signal":  {withMap(7, "a2616b4101616b4102"), `key "signals": key "k" occurs twice`},
		"time":              {edit(t, map[any]any{3: "secret"}), `key "created_at": value is malformed`},
		"year":              {edit(t, map[any]any{4: 1 << 40}), `key "last_active": year`},
		"signal as text":    {edit(t, map[any]any{7: map[string]any{"k": "secret"}}), `key "signals": value is malformed`},
		"legacy value":      {edit(t, map[any]any{9: map[string][]byte{"k": []byte("secret")}}), `key "legacy_values": "k": not one JSON value`},
		"hints":             {edit(t, map[any]any{12: map[int]any{3: true}}), `key "auth_hints": value is malformed`},
		"schema key":        {edit(t, map[any]any{11: map[int]any{9: "secret"}}), `key "schema": value is malformed`},
		"schema shape":      {edit(t, schema(map[int]any{2: "int", 8: 1})), `key "schema": value is malformed`},
		"schema no shape":   {edit(t, schema(nil)), `key "schema": state: signal "k": shape is missing`},
		"schema deep":       {edit(t, schema(deepShape)), `key "schema": state: signal "k": shapes are nested deeper than 32`},
		"schema large":      {edit(t, map[any]any{11: map[int]any{1: strings.Repeat("v", 1<<20)}}), `key "schema": value is malformed`},
		"deep":              {withMap(7, strings.Repeat("81", 128)+"01"), "nested level"},
		"tag":               {edit(t, map[any]any{1: cborx.RawTag{Number: 262, Content: cborx.RawMessage("\x61s")}}), "tag"},
		"indefinite":        {[]byte{0xbf, 0x01, 0x61, 's', 0x0a, 0x02, 0xff}, "indefinite"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := session.DeserializeV2(test.data)
			checkRefused(t, got, err, test.want)
		})
	}
	if got, err := session.DeserializeV2(valid); err != nil || got.ID != "s1" {
		t.Errorf("the least session: %+v, %v", got, err)
	}
}

func TestDeserializeV2RefusesATimeThatIsNotANumber(t *testing.T) {
	// {1: "a", 3: time, 4: time, 10: 2}
	with := func(at ...byte) []byte {
		return slices.Concat([]byte{0xa4, 0x01, 0x61, 'a', 0x03}, at, []byte{0x04}, at, []byte{0x0a, 0x02})
	}
	if _, err := session.DeserializeV2(with(0x00)); err != nil {
		t.Fatalf("the Unix epoch: %v", err)
	}
	for name, at := range map[string][]byte{"NaN": {0xf9, 0x7e, 0x00}, "infinity": {0xf9, 0x7c, 0x00}} {
		if _, err := session.DeserializeV2(with(at...)); err == nil {
			t.Errorf("%s was read as a time", name)
		}
	}
}

func TestDeserializeV2NamesTheKeyWhoseValueBreaksALimit(t *testing.T) {
	for key, value := range map[string]string{
		"signals":      "\x07\xba\x00\x02\x00\x00",                    // claims 131,072 pairs
		"schema":       "\x0b" + strings.Repeat("\x81", 200) + "\x00", // 200 levels
		"route_params": "\x06\xbf\xff",                                // indefinite length
	} {
		_, err := session.DeserializeV2([]byte("\xa3\x01\x61s\x0a\x02" + value))
		if err == nil || !strings.Contains(err.Error(), `key "`+key+`"`) {
			t.Errorf("%s: %v", key, err)
		}
	}
}
