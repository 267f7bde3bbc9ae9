// Package cborx holds the project's one way to write and read CBOR (RFC 8949): everything that is persisted goes
// through it, so that the same value always gives the same bytes, and hostile bytes are refused before they cost
// memory.
//
// Writing is the Core Deterministic Encoding of RFC 8949 section 4.2: shortest numbers, definite lengths, map keys
// in bytewise order. A time is an RFC 3339 text in UTC with nanoseconds and without a tag. An array of bytes is a
// byte string. A type with MarshalBinary is a byte string, else one with MarshalText a text string.
//
// Reading refuses bytes left over, duplicate map keys, keys that a struct does not have, indefinite lengths, nesting
// over MaxDepth, arrays and maps over MaxCount, and anything over MaxBytes. Struct fields match their names exactly.
//
// There are two ways to read. Unmarshal is for values of the application, which must come back as they were: it takes
// tags, and text that is not UTF-8, since a Go string may hold any bytes. UnmarshalPlain is for the project's own
// formats and takes neither.
package cborx

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// Limits of what Unmarshal and UnmarshalPlain read.
const (
	MaxBytes = 16 << 20 // in all
	MaxDepth = 128      // nested arrays, maps and tags
	MaxCount = 1 << 17  // elements of one array, pairs of one map
)

// RawMessage is one CBOR item that was checked for form but not decoded.
type RawMessage = cbor.RawMessage

// RawTag is a CBOR tag whose number was read and whose content was not.
type RawTag = cbor.RawTag

// ErrTooLarge says that bytes exceed MaxBytes.
var ErrTooLarge = fmt.Errorf("cbor: more than %d bytes", MaxBytes)

var (
	encMode, encErr     = encOptions().EncMode()
	decMode, decErr     = decOptions(cbor.TagsAllowed, cbor.UTF8DecodeInvalid).DecMode()
	plainMode, plainErr = decOptions(cbor.TagsForbidden, cbor.UTF8RejectInvalid).DecMode()
)

// Marshal returns v in CBOR. The caller owns the slice. It refuses nesting over MaxDepth and arrays and maps over
// MaxCount, which could not be read again; the other limits are the caller's to keep: the size, and for times the
// years 0 to 9999.
func Marshal(v any) ([]byte, error) {
	if encErr != nil || decErr != nil {
		return nil, cmp.Or(encErr, decErr)
	}
	data, err := encMode.Marshal(v)
	if err != nil {
		return nil, err
	}
	if err := decMode.Wellformed(data); err != nil {
		return nil, err
	}
	return data, nil
}

// Unmarshal decodes data, one CBOR item, into what v points to. It keeps nothing of data. The text of an error may
// quote the data.
func Unmarshal(data []byte, v any) error {
	return unmarshal(decMode, decErr, data, v)
}

// UnmarshalPlain is Unmarshal for formats without CBOR tags and with valid UTF-8 only: it refuses the others.
func UnmarshalPlain(data []byte, v any) error {
	return unmarshal(plainMode, plainErr, data, v)
}

// CheckPlain reports what is wrong with the form of data, without decoding it: UnmarshalPlain would fail with the same
// error. Its text says where, and never quotes the data.
func CheckPlain(data []byte) error {
	if plainErr != nil {
		return plainErr
	}
	if len(data) > MaxBytes {
		return ErrTooLarge
	}
	return plainMode.Wellformed(data)
}

// FirstPlain decodes the first item of data as UnmarshalPlain does, and returns the rest.
func FirstPlain(data []byte, v any) (rest []byte, err error) {
	if plainErr != nil {
		return nil, plainErr
	}
	if len(data) > MaxBytes {
		return nil, ErrTooLarge
	}
	return plainMode.UnmarshalFirst(data, v)
}

// DuplicateKey returns the map key that made Unmarshal refuse its data as holding a key twice.
func DuplicateKey(err error) (key any, ok bool) {
	var dup *cbor.DupMapKeyError
	if !errors.As(err, &dup) {
		return nil, false
	}
	return dup.Key, true
}

func unmarshal(mode cbor.DecMode, modeErr error, data []byte, v any) error {
	if modeErr != nil {
		return modeErr
	}
	if len(data) > MaxBytes {
		return ErrTooLarge
	}
	return mode.Unmarshal(data, v)
}

func encOptions() cbor.EncOptions {
	o := cbor.CoreDetEncOptions()
	o.Time = cbor.TimeRFC3339NanoUTC
	o.TimeTag = cbor.EncTagNone
	o.ByteArray = cbor.ByteArrayToByteSlice
	o.TextMarshaler = cbor.TextMarshalerTextString
	return o
}

func decOptions(tags cbor.TagsMode, text cbor.UTF8Mode) cbor.DecOptions {
	o := cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		MaxNestedLevels:   MaxDepth,
		MaxArrayElements:  MaxCount,
		MaxMapPairs:       MaxCount,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            tags,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		UTF8:              text,
		FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
		TextUnmarshaler:   cbor.TextUnmarshalerTextString,
	}
	if tags == cbor.TagsForbidden { // the formats without tags have no floats; as a time these would be the zero time
		o.NaN, o.Inf = cbor.NaNDecodeForbidden, cbor.InfDecodeForbidden
	}
	return o
}
