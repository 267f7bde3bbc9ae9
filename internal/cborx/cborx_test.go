package cborx_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/limpet-go/limpet/internal/cborx"
)

type point struct {
	X int    `cbor:"1,keyasint"`
	Y string `cbor:"2,keyasint,omitempty"`
}

// TestBytesAreFrozen pins what is written, since it is kept in stores and hashed.
func TestBytesAreFrozen(t *testing.T) {
	zone := time.FixedZone("odd", 3*3600+30)
	for name, test := range map[string]struct {
		value any
		want  string
	}{
		"struct":     {point{X: 500, Y: "ü"}, "a2011901f40262c3bc"},
		"map order":  {map[string]int{"bb": 1, "a": 2, "c": 3}, "a3616102616303626262" + "01"},
		"time":       {time.Date(2024, 2, 3, 4, 5, 6, 7, time.UTC), "781e" + hex.EncodeToString([]byte("2024-02-03T04:05:06.000000007Z"))},
		"time zone":  {time.Date(2024, 2, 3, 7, 5, 36, 0, zone), "74" + hex.EncodeToString([]byte("2024-02-03T04:05:06Z"))},
		"zero time":  {time.Time{}, "f6"},
		"float":      {1.5, "f93e00"},
		"byte array": {[3]byte{1, 2, 3}, "43010203"},
		"nil slice":  {[]int(nil), "f6"},
		"no slice":   {[]int{}, "80"},
		"text":       {textual("x"), "627821"},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := cborx.Marshal(test.value)
			if err != nil || hex.EncodeToString(data) != test.want {
				t.Fatalf("Marshal = %x, %v; want %s", data, err, test.want)
			}
		})
	}
}

// textual writes itself as text.
type textual string

func (s textual) MarshalText() ([]byte, error) { return []byte(s + "!"), nil }
func (s *textual) UnmarshalText(data []byte) error {
	*s = textual(bytes.TrimSuffix(data, []byte("!")))
	return nil
}

func TestRoundTrip(t *testing.T) {
	type all struct {
		At    time.Time
		Raw   []byte
		Array [2]byte
		Text  textual
		Map   map[int8]float32
		Next  *point
	}
	in := all{
		At: time.Date(1969, 1, 1, 0, 0, 0, 1, time.UTC), Raw: []byte{0}, Array: [2]byte{1, 2}, Text: "t",
		Map: map[int8]float32{-1: 0.1}, Next: &point{X: -9},
	}
	data, err := cborx.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var out all
	if err := cborx.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	again, err := cborx.Marshal(out)
	if err != nil || !bytes.Equal(again, data) {
		t.Fatalf("Marshal of what was read = %x, %v; want %x", again, err, data)
	}
	if !out.At.Equal(in.At) || out.Text != "t" || out.Next.X != -9 || out.Map[-1] != 0.1 {
		t.Fatalf("read %+v, want %+v", out, in)
	}
}

func TestRefused(t *testing.T) {
	for name, data := range map[string]string{
		"nothing":           "",
		"truncated":         "a201",
		"trailing bytes":    "a1010100",
		"duplicate key":     "a201010102",
		"unknown key":       "a10301",
		"unknown text key":  "a1615801",
		"indefinite map":    "bf0101ff",
		"indefinite text":   "a1027f6161ff",
		"too many elements": "9a00020001",
		"too many pairs":    "ba00020001",
		"bytes as text":     "a1024161",
		"wrong type":        "a10161" + "61",
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := hex.DecodeString(data)
			if err != nil {
				t.Fatal(err)
			}
			var p point
			if err := cborx.Unmarshal(raw, &p); err == nil {
				t.Errorf("Unmarshal read %+v", p)
			}
			if err := cborx.UnmarshalPlain(raw, &p); err == nil {
				t.Errorf("UnmarshalPlain read %+v", p)
			}
		})
	}
}

// TestAnyStringComesBack shows that a value survives whatever bytes its strings hold, and that the project's own
// formats hold UTF-8 only.
func TestAnyStringComesBack(t *testing.T) {
	data, err := cborx.Marshal("bad \xff text")
	if err != nil {
		t.Fatal(err)
	}
	var text string
	if err := cborx.Unmarshal(data, &text); err != nil || text != "bad \xff text" {
		t.Errorf("Unmarshal = %q, %v", text, err)
	}
	if err := cborx.UnmarshalPlain(data, &text); err == nil {
		t.Error("UnmarshalPlain read text that is not UTF-8")
	}
}

func TestDepth(t *testing.T) {
	var v any
	deepest := append(bytes.Repeat([]byte{0x81}, cborx.MaxDepth), 1)
	if err := cborx.Unmarshal(deepest, &v); err != nil {
		t.Errorf("%d levels: %v", cborx.MaxDepth, err)
	}
	if _, err := cborx.Marshal(v); err != nil {
		t.Errorf("Marshal of %d levels: %v", cborx.MaxDepth, err)
	}
	if err := cborx.Unmarshal(append([]byte{0x81}, deepest...), &v); err == nil {
		t.Errorf("%d levels were read", cborx.MaxDepth+1)
	}
	if _, err := cborx.Marshal([]any{v}); err == nil {
		t.Errorf("%d levels were written", cborx.MaxDepth+1)
	}
}

// TestCounts shows that what cannot be read is not written.
func TestCounts(t *testing.T) {
	list, m := make([]bool, cborx.MaxCount), make(map[int]bool)
	for i := range list {
		m[i] = true
	}
	for _, v := range []any{list, m} {
		data, err := cborx.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var back any
		if err := cborx.Unmarshal(data, &back); err != nil {
			t.Errorf("Unmarshal of %T at the limit = %v", v, err)
		}
		data[3]++ // one more, according to the head of four bytes
		if err := cborx.Unmarshal(append(data, 0xf5, 0xf5), &back); err == nil {
			t.Errorf("%T over the limit was read", v)
		}
	}
	m[-1] = true
	for _, v := range []any{append(list, true), m} {
		if _, err := cborx.Marshal(v); err == nil {
			t.Errorf("%T over the limit was written", v)
		}
	}
}

func TestSize(t *testing.T) {
	var v []byte
	data, err := cborx.Marshal(make([]byte, cborx.MaxBytes))
	if err != nil {
		t.Fatal(err)
	}
	if err := cborx.Unmarshal(data, &v); !errors.Is(err, cborx.ErrTooLarge) {
		t.Errorf("Unmarshal = %v, want ErrTooLarge", err)
	}
	if err := cborx.CheckPlain(data); !errors.Is(err, cborx.ErrTooLarge) {
		t.Errorf("CheckPlain = %v, want ErrTooLarge", err)
	}
}

func TestTags(t *testing.T) {
	data, err := cborx.Marshal(cborx.RawTag{Number: 262, Content: cborx.RawMessage{0x01}})
	if err != nil {
		t.Fatal(err)
	}
	var tag cborx.RawTag
	if err := cborx.Unmarshal(data, &tag); err != nil || tag.Number != 262 {
		t.Errorf("Unmarshal = %+v, %v; want tag 262", tag, err)
	}
	if err := cborx.UnmarshalPlain(data, &tag); err == nil {
		t.Error("UnmarshalPlain read a tag")
	}
	if err := cborx.CheckPlain(data); err == nil {
		t.Error("CheckPlain accepted a tag")
	}
}

func TestDuplicateKey(t *testing.T) {
	var m map[string]int
	err := cborx.Unmarshal([]byte{0xa2, 0x61, 'k', 1, 0x61, 'k', 2}, &m)
	if key, ok := cborx.DuplicateKey(err); !ok || key != "k" {
		t.Errorf("DuplicateKey(%v) = %v, %v; want k", err, key, ok)
	}
	if _, ok := cborx.DuplicateKey(errors.New(strings.Repeat("duplicate ", 2))); ok {
		t.Error("DuplicateKey of another error found a key")
	}
}
