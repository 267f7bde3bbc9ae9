package session

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

var errNotJSON = errors.New("not one JSON value")

// checkJSON reports why data is not one JSON text in the strict sense used here. encoding/json is lenient where it
// hurts: it takes the last of several equal keys, replaces what is not UTF-8 and half a surrogate pair, and nests ten
// thousand deep. This looks first.
func checkJSON(data []byte) error {
	if err := checkSize(len(data)); err != nil {
		return err
	}
	if !json.Valid(data) {
		return errNotJSON
	}
	return (&jsonScan{data: data}).run()
}

// checkJSONForm checks the size, the encoding and the grammar only.
func checkJSONForm(data []byte) error {
	if err := checkSize(len(data)); err != nil {
		return err
	}
	if !utf8.Valid(data) {
		return errNotUTF8
	}
	if !json.Valid(data) {
		return errNotJSON
	}
	return nil
}

// checkJSONString checks a string of valid JSON, with its quotes.
func checkJSONString(quoted []byte) error {
	if !utf8.Valid(quoted) {
		return errNotUTF8
	}
	if hasHalfCharacter(quoted) {
		return errors.New("an escape names half a character")
	}
	return nil
}

// hasHalfCharacter reports whether an escape in valid JSON names half of a surrogate pair without the other half.
func hasHalfCharacter(data []byte) bool {
	for i := bytes.IndexByte(data, '\\'); i >= 0 && i < len(data); {
		if data[i] != '\\' {
			i++
			continue
		}
		unit := escaped(data[i:])
		i += 2
		switch {
		case unit < 0xd800 || unit > 0xdfff:
		case unit >= 0xdc00:
			return true
		default:
			if low := escaped(data[i+4:]); low < 0xdc00 || low > 0xdfff {
				return true
			}
			i += 6 // the digits of the first half, and \u of the second
		}
	}
	return false
}

// escaped returns the UTF-16 unit that data starts with as an escape \uXXXX, or -1.
func escaped(data []byte) int64 {
	if len(data) < 6 || data[0] != '\\' || data[1] != 'u' {
		return -1
	}
	unit, err := strconv.ParseUint(string(data[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return int64(unit)
}

// jsonScan walks through valid JSON without building it.
type jsonScan struct {
	data []byte
	open []jsonLevel
}

// jsonLevel is an object or array that was entered and not left.
type jsonLevel struct {
	object  bool
	wantKey bool
	key     string // of the entry that the scan is in
	keys    map[string]struct{}
	entries int // as far as they were followed by another
}

func (s *jsonScan) run() error {
	for i := 0; i < len(s.data); {
		size, err := s.see(s.data[i:])
		if err != nil {
			return s.locate(err)
		}
		i += size
	}
	return nil
}

// locate adds the keys that an error is under: those of the session and of the value.
func (s *jsonScan) locate(err error) error {
	const most = 2
	for _, in := range slices.Backward(s.open[:min(most, len(s.open))]) {
		if in.key != "" {
			err = fmt.Errorf("key %s: %w", quoteKey(in.key), err)
		}
	}
	return err
}

// see takes in what rest starts with and returns its size.
func (s *jsonScan) see(rest []byte) (int, error) {
	switch rest[0] {
	case '"':
		size := jsonStringSize(rest)
		return size, s.enterString(rest[:size])
	case '{', '[':
		if len(s.open) == maxSerializedDepth {
			return 0, fmt.Errorf("nested deeper than %d", maxSerializedDepth)
		}
		object := rest[0] == '{'
		s.open = append(s.open, jsonLevel{object: object, wantKey: object})
	case '}', ']':
		s.open = s.open[:len(s.open)-1]
	case ',':
		return 1, s.nextEntry()
	}
	return 1, nil
}

// nextEntry notes a comma.
func (s *jsonScan) nextEntry() error {
	in := &s.open[len(s.open)-1]
	in.wantKey, in.key = in.object, ""
	if in.entries++; in.entries == maxSerializedEntries {
		return fmt.Errorf("more than %d entries in an object or array", maxSerializedEntries)
	}
	return nil
}

// enterString notes a string, which is a key where one is due.
func (s *jsonScan) enterString(quoted []byte) error {
	if err := checkJSONString(quoted); err != nil {
		return err
	}
	if len(s.open) == 0 || !s.open[len(s.open)-1].wantKey {
		return nil
	}
	in := &s.open[len(s.open)-1]
	in.wantKey, in.key = false, ""
	key := unquoteJSON(quoted)
	if _, twice := in.keys[key]; twice {
		return fmt.Errorf("key %s occurs twice", quoteKey(key))
	}
	if in.keys == nil {
		in.keys = make(map[string]struct{})
	}
	in.keys[key] = struct{}{}
	in.key = key
	return nil
}

// jsonStringSize returns the size of the string, with its quotes, that valid JSON starts with.
func jsonStringSize(data []byte) int {
	for i := 1; i < len(data); i++ {
		switch data[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(data)
}

func unquoteJSON(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var text string
	if err := json.Unmarshal(quoted, &text); err != nil {
		return string(quoted)
	}
	return text
}
