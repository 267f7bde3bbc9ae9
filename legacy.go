package limpet

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/limpet-go/limpet/internal/cborx"
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
