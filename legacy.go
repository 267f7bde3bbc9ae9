package limpet

//lint:file-ignore SA1019 reading LegacyValues, deprecated for new state, is what this file is for

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"

	"github.com/limpet-go/limpet/internal/cborx"
	"github.com/limpet-go/limpet/session"
)

// Version 1 sessions hold each value as JSON. Such a value is carried in the newer format as CBOR tag 262,
// "embedded JSON" in the IANA registry of CBOR tags, around a byte string, until its declaration claims it.
const embeddedJSON = 262

// rawTag is a CBOR tag whose number was read and whose content was not.
type rawTag = cborx.RawTag

func embedJSON(data []byte) ([]byte, error) {
	content, err := cborx.Marshal([]byte(data))
	if err != nil {
		return nil, err
	}
	return cborx.Marshal(rawTag{Number: embeddedJSON, Content: content})
}

// unmarshalValue decodes one persisted value, whichever format it was written in. Its error says what the value
// should have been and never what it is: decoders quote their input.
func unmarshalValue(data []byte, into any) error {
	var err error
	if text, ok := embeddedJSONText(data); ok {
		err = json.Unmarshal(text, into)
	} else {
		err = cborx.Unmarshal(data, into)
	}
	if err != nil {
		return fmt.Errorf("the persisted value is not a %s", reflect.TypeOf(into).Elem())
	}
	return nil
}

func embeddedJSONText(data []byte) ([]byte, bool) {
	const major6 = 0xc0 // CBOR tags start with the bits 110
	if len(data) == 0 || data[0]&0xe0 != major6 {
		return nil, false
	}
	var tag rawTag
	if cborx.Unmarshal(data, &tag) != nil || tag.Number != embeddedJSON {
		return nil, false
	}
	var text []byte
	if cborx.Unmarshal(tag.Content, &text) != nil {
		return nil, false
	}
	return text, true
}

// adoptLegacyValues makes session keys of the values that older versions kept by name, unless there is a newer
// value of that name.
func adoptLegacyValues(s *session.SerializableSessionV2) error {
	legacy := make(map[string][]byte, len(s.LegacyValues))
	for key, text := range s.LegacyValues {
		legacy[key] = text
	}
	if err := embedAll(legacy); err != nil {
		return err
	}
	maps.Copy(legacy, s.SessionKeys)
	s.SessionKeys, s.LegacyValues = legacy, nil
	return nil
}

func embedAll(values map[string][]byte) error {
	for key, text := range values {
		data, err := embedJSON(text)
		if err != nil {
			return fmt.Errorf("limpet: deserialize %q: %w", key, err)
		}
		values[key] = data
	}
	return nil
}
