package compute

import (
	"fmt"
	"reflect"
	"strings"
)

// An Operand is a buffer that an op works on, as a field of the op and the field's tag
// describe it:
//
//	Dst  Mat `operand:"out,inplace=Src"`
//	Bias Mat `operand:"in,optional"`
//
// The type of the field, [Mat], [Bytes] or [Index], gives the elements. The tag begins with
// the mode: in, out or inout. The options are:
//
//	optional      the field may be none
//	inplace=Src   the matrix may be that of operand Src
//	batch         the op uses rows Args.Row, Args.Row+1, … only
//	indexed       the op uses the rows that its Index names from entry Args.Row on
type Operand struct {
	Name     string // the field's name
	Element  Element
	Mode     Mode
	Optional bool
	InPlace  string // the operand that this one may overwrite, or ""
	Rows     RowSet

	// The one of these that Element asks for is set.
	Mat   Mat
	Bytes Bytes
	Index Index
}

// A Mode is the way in which an op uses an operand.
type Mode int

// The modes of an operand.
const (
	In    Mode = iota // read
	Out               // written; the old elements do not matter
	InOut             // read, then written
)

// A RowSet is the set of rows of an operand that an op uses.
type RowSet int

// The sets of rows.
const (
	AllRows     RowSet = iota
	BatchRows          // Args.Row, Args.Row+1, …
	IndexedRows        // those in the op's Index from entry Args.Row on
)

// Buf returns the operand's buffer, or nil if the operand is none.
func (o Operand) Buf() Buffer {
	switch o.Element {
	case Byte:
		return o.Bytes.Buf
	case RowNumber:
		return o.Index.Buf
	}
	return o.Mat.Buf
}

// rows returns the number of rows in the operand's buffer.
func (o Operand) rows() int {
	if o.Element == Byte {
		return o.Bytes.Rows
	}
	return o.Mat.Rows
}

// Operands lists the operands of an op that are present, in the order of its fields.
func Operands(op Op) []Operand {
	var list []Operand
	for _, o := range operands(reflect.ValueOf(op)) {
		if o.Buf() != nil {
			list = append(list, o)
		}
	}
	return list
}

// Matrices lists the operands of an op that are matrices of float32 and present. The op
// writes no other memory.
func Matrices(op Op) []Operand {
	var list []Operand
	for _, o := range Operands(op) {
		if o.Element == Float32 {
			list = append(list, o)
		}
	}
	return list
}

// Rebind returns a copy of op in which buffer(b) replaces each buffer b.
func Rebind(op Op, buffer func(Buffer) Buffer) Op {
	v := reflect.New(reflect.TypeOf(op)).Elem()
	v.Set(reflect.ValueOf(op))
	for _, o := range operands(v) {
		if b := o.Buf(); b != nil {
			v.FieldByName(o.Name).FieldByName("Buf").Set(reflect.ValueOf(buffer(b)))
		}
	}
	return v.Interface().(Op)
}

// operands lists all operands of the op that v holds. It panics if the tag of one is
// missing or unknown.
func operands(v reflect.Value) []Operand {
	var list []Operand
	for i := range v.NumField() {
		o := Operand{Name: v.Type().Field(i).Name}
		switch x := v.Field(i).Interface().(type) {
		case Mat:
			o.Element, o.Mat = Float32, x
		case Bytes:
			o.Element, o.Bytes = Byte, x
		case Index:
			o.Element, o.Index = RowNumber, x
		default:
			continue
		}
		if tag := v.Type().Field(i).Tag.Get("operand"); !o.parse(tag) {
			panic(fmt.Sprintf("compute: field %s of %s has tag operand:%q", o.Name, v.Type(), tag))
		}
		list = append(list, o)
	}
	return list
}

// parse sets what a tag says of the operand, and reports whether it understands the tag.
func (o *Operand) parse(tag string) bool {
	mode, options, _ := strings.Cut(tag, ",")
	switch mode {
	case "in":
		o.Mode = In
	case "out":
		o.Mode = Out
	case "inout":
		o.Mode = InOut
	default:
		return false
	}
	for options != "" {
		var option string
		option, options, _ = strings.Cut(options, ",")
		switch name, value, _ := strings.Cut(option, "="); name {
		case "optional":
			o.Optional = true
		case "inplace":
			o.InPlace = value
		case "batch":
			o.Rows = BatchRows
		case "indexed":
			o.Rows = IndexedRows
		default:
			return false
		}
	}
	return true
}
