package state

// Kind says how a value is persisted.
type Kind string

// The kinds of a Shape.
const (
	KindBool   Kind = "bool"
	KindInt    Kind = "int"   // signed, of Shape.Bits bits
	KindUint   Kind = "uint"  // unsigned, of Shape.Bits bits
	KindFloat  Kind = "float" // of Shape.Bits bits
	KindString Kind = "string"
	KindBytes  Kind = "bytes"  // a slice of bytes
	KindTime   Kind = "time"   // time.Time
	KindArray  Kind = "array"  // Shape.Len times Shape.Elem
	KindList   Kind = "list"   // a slice of Shape.Elem
	KindMap    Kind = "map"    // from Shape.Key to Shape.Elem
	KindStruct Kind = "struct" // of Shape.Fields
	KindCustom Kind = "custom" // a type that writes itself: MarshalCBOR, MarshalBinary or MarshalText
	KindRef    Kind = "ref"    // the shape that has the same ID elsewhere in the same root shape
)

// Shape describes a type: what it is called and how its values are persisted. Pointers are transparent: *T has the
// shape of T. A type with a name is described once in a root shape; where it occurs again stands a KindRef with
// its ID, which is how recursive types end.
type Shape struct {
	// ID is the identity of a type with a name: what its SchemaID method returns, else its import path and name.
	// Types without a name and predeclared ones have none.
	ID string `cbor:"1,keyasint,omitempty" json:"id,omitempty"`

	Kind Kind `cbor:"2,keyasint" json:"kind"`

	// Bits is the size of a number; int and uint have 64.
	Bits int `cbor:"3,keyasint,omitempty" json:"bits,omitempty"`

	// Len is the length of an array.
	Len int `cbor:"4,keyasint,omitempty" json:"len,omitempty"`

	Key  *Shape `cbor:"5,keyasint,omitempty" json:"key,omitempty"`
	Elem *Shape `cbor:"6,keyasint,omitempty" json:"elem,omitempty"`

	// Fields are the persisted fields of a struct in the order of their names, so that moving a field in the
	// source changes nothing.
	Fields []Field `cbor:"7,keyasint,omitempty" json:"fields,omitempty"`
}

// Field is a field of a struct.
type Field struct {
	// Name is the name the field is persisted under: of its cbor tag, else its json tag, else its own.
	Name  string `cbor:"1,keyasint" json:"name"`
	Shape *Shape `cbor:"2,keyasint" json:"shape"`
}
