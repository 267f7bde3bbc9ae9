package session_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/limpet-go/limpet/session"
)

// addGolden seeds a fuzz target with the golden files whose names match.
func addGolden(f *testing.F, pattern string) {
	f.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "golden", pattern))
	if err != nil || len(files) == 0 {
		f.Fatalf("no golden file matches %s: %v", pattern, err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
}

// boundedMemory fails if f allocates more than 200 times the size of its input, and a megabyte.
func boundedMemory(t *testing.T, input int, f func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	if got, most := after.TotalAlloc-before.TotalAlloc, uint64(1<<20+200*input); got > most {
		t.Errorf("%d bytes of input took %d bytes of memory, more than %d", input, got, most)
	}
}

func FuzzDeserialize(f *testing.F) {
	addGolden(f, "session-v1-*")
	for _, data := range []string{
		``, `{}`, `null`, `{"version":1,"id":"a","id":"b"}`, `{"version":1,"id":"a","ID":"b"}`,
		`{"version":1,"id":"\ud800"}`, `{"version":1,"id":"a","values":{"a":[[[{"x":1e400}]]]}}`,
		`{"version":1,"id":"a","created_at":"2024-01-01T00:00:00+23:59"}`, `{"version":1,"id":"a"} `,
		strings.Repeat(`[`, 200),
	} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var first *session.SerializableSession
		boundedMemory(t, len(data), func() { first, _ = session.Deserialize(data) })
		if first == nil {
			return
		}
		checkV1(t, first)
		checkMigrated(t, first)
	})
}

// checkV1 expects that a session that was read can be written, and that what is written then is settled.
func checkV1(t *testing.T, first *session.SerializableSession) {
	t.Helper()
	if first.ID == "" || first.Version != 1 {
		t.Fatalf("read a session of version %d with ID %q", first.Version, first.ID)
	}
	written, err := session.Serialize(first)
	if err != nil {
		if len(written) == 0 && strings.Contains(err.Error(), "too large") {
			return // escaping made it longer
		}
		t.Fatalf("Serialize of what was read: %v", err)
	}
	second, err := session.Deserialize(written)
	if err != nil {
		t.Fatalf("Deserialize of what was written: %v", err)
	}
	if !second.CreatedAt.Equal(first.CreatedAt) || !second.LastActive.Equal(first.LastActive) ||
		second.ID != first.ID || second.UserID != first.UserID || second.Route != first.Route ||
		len(second.Values) != len(first.Values) || len(second.Signals) != len(first.Signals) {
		t.Fatalf("read %+v\nthen %+v", first, second)
	}
	for key, value := range first.Signals {
		if !sameJSON(t, value, second.Signals[key]) {
			t.Fatalf("signal %q was %s, then %s", key, value, second.Signals[key])
		}
	}
	again, err := session.Serialize(second)
	if err != nil || !bytes.Equal(again, written) {
		t.Fatalf("written %s\nthen %s, %v", written, again, err)
	}
}

// sameJSON reports whether two values differ in spaces and in the escapes of Marshal only.
func sameJSON(t *testing.T, a, b json.RawMessage) bool {
	t.Helper()
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	return bytes.Equal(x, y)
}

// checkMigrated expects that a version 1 session survives as a version 2 one.
func checkMigrated(t *testing.T, v1 *session.SerializableSession) {
	t.Helper()
	v2 := session.MigrateV1ToV2(v1)
	data, err := session.SerializeV2(v2)
	if err != nil {
		t.Fatalf("SerializeV2 of a migrated session: %v", err)
	}
	got, err := session.DeserializeV2(data)
	if err != nil {
		t.Fatalf("DeserializeV2 of a migrated session: %v", err)
	}
	for key, value := range v1.Values {
		if !bytes.Equal(got.LegacyValues[key], value) {
			t.Fatalf("value %q was %s, then %s", key, value, got.LegacyValues[key])
		}
	}
	for key, value := range v1.Signals {
		if !bytes.Equal(got.Signals[key], value) {
			t.Fatalf("signal %q was %s, then %s", key, value, got.Signals[key])
		}
	}
}

func FuzzDeserializeV2(f *testing.F) {
	addGolden(f, "session-v2-*")
	for _, data := range []string{
		"", "\xf6", "\xa0", "\xa2\x01\x61s\x0a\x02", "\xa2\x01\x61s\x01\x61t", "\xbf\x01\x61s\x0a\x02\xff",
		"\xa3\x01\x61s\x0a\x02\x03\xfb\x7f\xf0\x00\x00\x00\x00\x00\x00", "\xa3\x01\x61s\x0a\x02\x0b\xa1\x02\xa1\x61k\xa1\x02\x63int",
		"\xa3\x01\x61s\x0a\x02\x09\xa1\x61k\x44null", "\xba\x00\x01\xff\xff", "\xa3\x01\x61s\x0a\x02\x03\x1b\x00\x00\x00\x3a\xff\xf4\x41\x7f",
		strings.Repeat("\x81", 200),
	} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var first *session.SerializableSessionV2
		boundedMemory(t, len(data), func() { first, _ = session.DeserializeV2(data) })
		if first == nil {
			return
		}
		if first.ID == "" || first.Version != 2 {
			t.Fatalf("read a session of version %d with ID %q", first.Version, first.ID)
		}
		written, err := session.SerializeV2(first)
		if err != nil {
			t.Fatalf("SerializeV2 of what was read: %v", err)
		}
		second, err := session.DeserializeV2(written)
		if err != nil {
			t.Fatalf("DeserializeV2 of what was written: %v", err)
		}
		dropEmpty(first)
		if !reflect.DeepEqual(second, first) {
			t.Fatalf("read %+v\nthen %+v", first, second)
		}
		if again, err := session.SerializeV2(second); err != nil || !bytes.Equal(again, written) {
			t.Fatalf("written %x\nthen %x, %v", written, again, err)
		}
	})
}

// dropEmpty forgets what is not written: empty maps and lists.
func dropEmpty(ss *session.SerializableSessionV2) {
	if len(ss.RouteParams) == 0 {
		ss.RouteParams = nil
	}
	if len(ss.Signals) == 0 {
		ss.Signals = nil
	}
	if len(ss.SessionKeys) == 0 {
		ss.SessionKeys = nil
	}
	if len(ss.LegacyValues) == 0 {
		ss.LegacyValues = nil
	}
	if ss.Schema != nil {
		ss.Schema = settled(ss.Schema)
	}
}
