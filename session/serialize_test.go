package session_test

import (
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/session"
)

func sampleV1() *session.SerializableSession {
	return &session.SerializableSession{
		ID: "s1", UserID: "ann",
		CreatedAt:   time.Date(2024, 5, 6, 7, 8, 9, 123456789, time.UTC),
		LastActive:  time.Date(2024, 5, 6, 8, 8, 9, 0, time.UTC),
		Values:      map[string]json.RawMessage{"lang": json.RawMessage(`"de"`), "nothing": json.RawMessage(`null`)},
		Signals:     map[string]json.RawMessage{"cart": json.RawMessage(`[{"name":"<apple>","n":2}]`)},
		Route:       "/shop",
		RouteParams: map[string]string{"id": "7"},
		Version:     1,
	}
}

func TestSerializeRoundTrip(t *testing.T) {
	data, err := session.Serialize(sampleV1())
	if err != nil {
		t.Fatal(err)
	}
	got, err := session.Deserialize(data)
	if err != nil {
		t.Fatal(err)
	}
	want := sampleV1()
	want.Signals["cart"] = json.RawMessage(`[{"name":"\u003capple\u003e","n":2}]`)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v\nwant %+v", got, want)
	}
}

func TestSerializeChangesNothing(t *testing.T) {
	zone := time.FixedZone("odd", 53*60+28)
	ss := sampleV1()
	ss.Version, ss.CreatedAt = 0, ss.CreatedAt.In(zone)
	before := *ss
	data, err := session.Serialize(ss)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(*ss, before) {
		t.Errorf("Serialize changed its argument to %+v", *ss)
	}
	got, err := session.Deserialize(data)
	if err != nil {
		t.Fatal(err)
	}
	if got.Version != 1 || !got.CreatedAt.Equal(ss.CreatedAt) {
		t.Errorf("version %d at %v, want 1 at %v", got.Version, got.CreatedAt, ss.CreatedAt)
	}
}

func TestSerializeRefuses(t *testing.T) {
	if _, err := session.Serialize(nil); err == nil {
		t.Error("Serialize(nil) succeeded")
	}
	for name, test := range map[string]struct {
		change func(*session.SerializableSession)
		want   string
	}{
		"empty ID":   {func(s *session.SerializableSession) { s.ID = "" }, `key "id": empty`},
		"ID text":    {func(s *session.SerializableSession) { s.ID = "\xff" }, `key "id": not valid UTF-8`},
		"user text":  {func(s *session.SerializableSession) { s.UserID = "\xff" }, `key "user_id"`},
		"route text": {func(s *session.SerializableSession) { s.Route = "\xff" }, `key "route"`},
		"param text": {func(s *session.SerializableSession) { s.RouteParams["p"] = "\xff" }, `key "route_params": "p"`},
		"year":       {func(s *session.SerializableSession) { s.LastActive = time.Unix(1<<40, 0) }, `key "last_active": year`},
		"year in zone": {func(s *session.SerializableSession) {
			s.CreatedAt = time.Date(0, 1, 1, 0, 0, 0, 0, time.FixedZone("e", 60))
		}, `key "created_at": year`},
		"bad value":     {func(s *session.SerializableSession) { s.Values["k"] = json.RawMessage(`secret`) }, `key "values": "k": not one JSON value`},
		"empty value":   {func(s *session.SerializableSession) { s.Signals["k"] = json.RawMessage{} }, `key "signals": "k": not one JSON value`},
		"key text":      {func(s *session.SerializableSession) { s.Signals["\xff"] = json.RawMessage(`1`) }, `key "signals": "\xff"`},
		"duplicate key": {func(s *session.SerializableSession) { s.Values["k"] = json.RawMessage(`{"a":1,"a":2}`) }, `key "a" occurs twice`},
		"deep": {func(s *session.SerializableSession) {
			s.Values["k"] = json.RawMessage(strings.Repeat("[", 127) + strings.Repeat("]", 127))
		}, "nested deeper than 128"},
	} {
		t.Run(name, func(t *testing.T) {
			ss := sampleV1()
			test.change(ss)
			data, err := session.Serialize(ss)
			checkRefused(t, data, err, test.want)
		})
	}
}

// checkRefused expects an error with a text in it and without the value that the tests call secret.
func checkRefused(t *testing.T, got any, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Fatalf("got %v, %v; want an error with %s", got, err, want)
	}
	if !strings.HasPrefix(err.Error(), "session: ") || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %q does not name its package or quotes a value", err)
	}
}

func TestSerializeSizeLimit(t *testing.T) {
	ss := sampleV1()
	ss.Route = strings.Repeat("r", 16<<20)
	_, err := session.Serialize(ss)
	var size *session.SizeError
	if !errors.As(err, &size) || size.Limit != 16<<20 || !errors.Is(err, session.ErrSessionTooLarge) {
		t.Errorf("Serialize = %v, want a *SizeError with the limit 16 MiB", err)
	}
	_, err = session.Deserialize(make([]byte, 16<<20+1))
	if !errors.Is(err, session.ErrSessionTooLarge) {
		t.Errorf("Deserialize = %v, want ErrSessionTooLarge", err)
	}
}

func TestDeserializeRefuses(t *testing.T) {
	const start = `{"version":1,"id":"s1"`
	entries := strings.TrimSuffix(strings.Repeat("1,", 1<<17+1), ",")
	for name, test := range map[string]struct{ data, want string }{
		"nothing":           {``, "not one JSON value"},
		"null":              {`null`, `key "version"`},
		"array":             {`[1]`, "not a JSON object"},
		"truncated":         {start, "not one JSON value"},
		"trailing bytes":    {start + `} {}`, "not one JSON value"},
		"trailing brace":    {start + `}}`, "not one JSON value"},
		"no version":        {`{"id":"s1"}`, `key "version"`},
		"version 2":         {`{"version":2,"id":"s1"}`, `key "version"`},
		"version 3 and new": {`{"version":3,"id":"s1","new":1}`, `key "version": not a version`},
		"version text":      {`{"version":"1","id":"s1"}`, `key "version": value is malformed`},
		"no ID":             {`{"version":1}`, `key "id": empty`},
		"null ID":           {`{"version":1,"id":null}`, `key "id": empty`},
		"ID number":         {`{"version":1,"id":12}`, `key "id": value is malformed`},
		"unknown key":       {start + `,"more":"secret"}`, `key "more" is unknown`},
		"other case":        {start + `,"ID":"secret"}`, `key "ID" is unknown`},
		"long unknown key":  {start + `,"` + strings.Repeat("k", 1000) + `":1}`, strings.Repeat("k", 64) + `"... is unknown`},
		"duplicate key":     {start + `,"id":"secret"}`, `key "id" occurs twice`},
		"escaped duplicate": {start + `,"\u0069d":"secret"}`, `key "id" occurs twice`},
		"duplicate signal":  {start + `,"signals":{"a":1,"a":2}}`, `key "a" occurs twice`},
		"duplicate deep":    {start + `,"signals":{"a":[{"x":{},"b":1,"b":"secret"}]}}`, `key "b" occurs twice`},
		"time":              {start + `,"created_at":"secret"}`, `key "created_at": value is malformed`},
		"year":              {start + `,"created_at":"9999-12-31T23:59:59-01:00"}`, `key "created_at": year`},
		"values":            {start + `,"values":["secret"]}`, `key "values": value is malformed`},
		"route params":      {start + `,"route_params":{"p":1}}`, `key "route_params": value is malformed`},
		"invalid UTF-8":     {start + ",\"route\":\"\xffsecret\"}", `key "route": not valid UTF-8`},
		"high surrogate":    {start + `,"route":"\ud800secret"}`, `key "route": an escape names half a character`},
		"two high":          {start + `,"route":"\ud800\ud800"}`, "half a character"},
		"low surrogate":     {start + `,"route":"\\\udc00"}`, "half a character"},
		"half at end":       {start + `,"route":"\ud800"}`, "half a character"},
		"deep":              {start + `,"values":{"a":` + strings.Repeat("[", 127) + strings.Repeat("]", 127) + `}}`, `key "values": key "a": nested deeper than 128`},
		"half in a value":   {start + `,"values":{"b":1,"a":["\ud800"]}}`, `key "values": key "a": an escape names half a character`},
		"many in a value":   {start + `,"signals":{"a":[` + strings.Repeat("0,", 1<<17) + `0]}}`, `key "signals": key "a": more than`},
		"wide array":        {start + `,"values":{"a":[` + entries + `]}}`, "more than 131072 entries"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := session.Deserialize([]byte(test.data))
			checkRefused(t, got, err, test.want)
		})
	}
}

func TestDeserializeAccepts(t *testing.T) {
	for name, data := range map[string]string{
		"least":        `{"version":1,"id":"s1"}`,
		"spaces":       " {\"version\" : 1,\n\t\"id\":\"s1\"} \n",
		"pair":         `{"version":1,"id":"s1","route":"\ud83d\ude00\\ud800\ud83d\ude00"}`,
		"same in two":  `{"version":1,"id":"s1","values":{"id":[{"id":1},{"id":1}]},"signals":{"id":{}}}`,
		"null fields":  `{"version":1,"id":"s1","values":null,"created_at":null}`,
		"values alone": `{"version":1,"id":"s1","values":{"a":"a","b":"a"}}`,
		"deepest":      `{"version":1,"id":"s1","values":{"a":` + strings.Repeat("[", 126) + strings.Repeat("]", 126) + `}}`,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := session.Deserialize([]byte(data))
			if err != nil || got.ID != "s1" {
				t.Errorf("Deserialize = %+v, %v", got, err)
			}
		})
	}
}

func TestMigrateV1ToV2(t *testing.T) {
	if session.MigrateV1ToV2(nil) != nil {
		t.Error("MigrateV1ToV2(nil) is not nil")
	}
	v1 := sampleV1()
	v2 := session.MigrateV1ToV2(v1)
	want := &session.SerializableSessionV2{
		ID: v1.ID, UserID: v1.UserID, CreatedAt: v1.CreatedAt, LastActive: v1.LastActive,
		Route: v1.Route, RouteParams: maps.Clone(v1.RouteParams),
		Signals:      map[string][]byte{"cart": []byte(`[{"name":"<apple>","n":2}]`)},
		LegacyValues: map[string]json.RawMessage{"lang": json.RawMessage(`"de"`), "nothing": json.RawMessage(`null`)},
		Version:      2,
	}
	if !reflect.DeepEqual(v2, want) {
		t.Fatalf("MigrateV1ToV2 = %+v\nwant %+v", v2, want)
	}
	clear(v1.Signals["cart"])
	clear(v1.Values["lang"])
	clear(v1.RouteParams)
	if !reflect.DeepEqual(v2, want) {
		t.Error("the migrated session shares memory with the old one")
	}
	data, err := session.SerializeV2(v2)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := session.DeserializeV2(data); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("DeserializeV2 = %+v, %v; want %+v", got, err, want)
	}
}
