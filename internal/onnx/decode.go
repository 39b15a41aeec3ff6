package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
)

// maxParts bounds the nodes, tensors, attributes and values of a model, so that a file of tiny parts does not fill the memory.
// A multilayer perceptron has a few hundred.
const maxParts = 100_000

// A field is one field of a message.
type field struct {
	number protowire.Number
	typ    protowire.Type
	word   uint64 // of an integer or a float
	bytes  []byte // of a text, a message or a packed list
}

// A decoder counts the parts of a model.
type decoder struct{ parts int }

// part counts a part.
func (d *decoder) part() error {
	if d.parts++; d.parts > maxParts {
		return fmt.Errorf("the model has more than %d parts", maxParts)
	}
	return nil
}

// Decode reads a model. The result shares the memory of b. An error names the message and the field.
func Decode(b []byte) (*Model, error) {
	m, d := &Model{}, &decoder{}
	graph := false
	err := fields(b, "model", func(f field) (err error) {
		switch f.number {
		case 1:
			m.IR, err = f.int()
		case 2:
			m.Producer, err = f.text()
		case 3:
			m.Version, err = f.text()
		case 7:
			graph = true
			return d.graph(f, &m.Graph)
		case 8:
			return d.opset(f, m)
		case 14:
			if err := d.part(); err != nil {
				return err
			}
			e, err := entry(f, "metadata_props")
			m.Metadata = append(m.Metadata, e)
			return err
		}
		return err
	})
	switch {
	case err != nil && !graph:
		return nil, fmt.Errorf("damaged, or not an ONNX model: %w", err)
	case err != nil:
		return nil, err
	case !graph:
		return nil, errors.New("not an ONNX model: it has no graph")
	}
	return m, nil
}

// fields calls visit with each field of a message. Errors begin with what the message is.
func fields(b []byte, what string, visit func(field) error) error {
	for len(b) > 0 {
		number, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return fmt.Errorf("%s: damaged or truncated: %w", what, protowire.ParseError(n))
		}
		b = b[n:]
		f := field{number: number, typ: typ}
		switch typ {
		case protowire.VarintType:
			f.word, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(b)
			f.word = uint64(v)
		case protowire.Fixed64Type:
			f.word, n = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(number, typ, b)
		}
		if n < 0 {
			return fmt.Errorf("%s: field %d: damaged or truncated: %w", what, number, protowire.ParseError(n))
		}
		if err := visit(f); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		b = b[n:]
	}
	return nil
}

func (f field) expect(typ protowire.Type) error {
	if f.typ != typ {
		return fmt.Errorf("field %d: wire type %d, expected %d", f.number, f.typ, typ)
	}
	return nil
}

func (f field) int() (int64, error)      { return int64(f.word), f.expect(protowire.VarintType) }
func (f field) text() (string, error)    { return string(f.bytes), f.expect(protowire.BytesType) }
func (f field) message() ([]byte, error) { return f.bytes, f.expect(protowire.BytesType) }

func (f field) float() (float32, error) {
	return math.Float32frombits(uint32(f.word)), f.expect(protowire.Fixed32Type)
}

// list appends the integers of a field, which may be packed.
func (f field) list(to []int64) ([]int64, error) {
	if f.typ != protowire.BytesType {
		v, err := f.int()
		return append(to, v), err
	}
	for b := f.bytes; len(b) > 0; {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return to, fmt.Errorf("field %d: %w", f.number, protowire.ParseError(n))
		}
		to, b = append(to, int64(v)), b[n:]
	}
	return to, nil
}

// chunk appends the bytes of a packed list of words of width bytes, or 0 for varints, or of one of its values.
func (f field) chunk(to [][]byte, width int) ([][]byte, error) {
	switch {
	case f.typ == protowire.BytesType && width == 0:
		_, err := f.list(nil) // checks the bytes
		return append(to, f.bytes), err
	case f.typ == protowire.BytesType && len(f.bytes)%width == 0:
		return append(to, f.bytes), nil
	case f.typ == protowire.VarintType && width == 0:
		return append(to, protowire.AppendVarint(nil, f.word)), nil
	case f.typ == protowire.Fixed32Type && width == 4:
		return append(to, protowire.AppendFixed32(nil, uint32(f.word))), nil
	case f.typ == protowire.Fixed64Type && width == 8:
		return append(to, protowire.AppendFixed64(nil, f.word)), nil
	}
	return to, fmt.Errorf("field %d: not a list of values", f.number)
}

// entry reads a pair of texts.
func entry(f field, what string) (e Entry, err error) {
	b, err := f.message()
	if err != nil {
		return e, err
	}
	return e, fields(b, what, func(f field) (err error) {
		switch f.number {
		case 1:
			e.Key, err = f.text()
		case 2:
			e.Value, err = f.text()
		}
		return err
	})
}

func (d *decoder) opset(f field, m *Model) error {
	b, err := f.message()
	if err != nil {
		return err
	}
	domain, version := "", int64(0)
	err = fields(b, "opset_import", func(f field) (err error) {
		switch f.number {
		case 1:
			domain, err = f.text()
		case 2:
			version, err = f.int()
		}
		return err
	})
	if domain == "" || domain == "ai.onnx" {
		m.Opset = version
	}
	return err
}

func (d *decoder) graph(f field, g *Graph) error {
	b, err := f.message()
	if err != nil {
		return err
	}
	return fields(b, "graph", func(f field) (err error) {
		switch f.number {
		case 1:
			g.Nodes = append(g.Nodes, Node{})
			return d.node(f, &g.Nodes[len(g.Nodes)-1], len(g.Nodes))
		case 2:
			g.Name, err = f.text()
		case 5:
			g.Initializers = append(g.Initializers, Tensor{})
			return d.tensor(f, &g.Initializers[len(g.Initializers)-1], "initializer "+strconv.Itoa(len(g.Initializers)))
		case 11:
			g.Inputs = append(g.Inputs, Value{})
			return d.value(f, &g.Inputs[len(g.Inputs)-1], "input")
		case 12:
			g.Outputs = append(g.Outputs, Value{})
			return d.value(f, &g.Outputs[len(g.Outputs)-1], "output")
		case 15:
			return errors.New("sparse initializers are not supported")
		}
		return err
	})
}

func (d *decoder) node(f field, n *Node, number int) error {
	b, err := f.message()
	if err == nil {
		err = d.part()
	}
	if err != nil {
		return err
	}
	return fields(b, "node "+strconv.Itoa(number), func(f field) (err error) {
		var text string
		switch f.number {
		case 1:
			text, err = f.text()
			n.Inputs = append(n.Inputs, text)
		case 2:
			text, err = f.text()
			n.Outputs = append(n.Outputs, text)
		case 3:
			n.Name, err = f.text()
		case 4:
			n.Op, err = f.text()
		case 5:
			n.Attrs = append(n.Attrs, Attr{})
			return d.attr(f, &n.Attrs[len(n.Attrs)-1])
		case 7:
			n.Domain, err = f.text()
		}
		return err
	})
}

func (d *decoder) attr(f field, a *Attr) error {
	b, err := f.message()
	if err == nil {
		err = d.part()
	}
	if err != nil {
		return err
	}
	return fields(b, "attribute", func(f field) (err error) {
		switch f.number {
		case 1:
			a.Name, err = f.text()
		case 2:
			a.Float, err = f.float()
		case 3:
			a.Int, err = f.int()
		case 4:
			a.Text, err = f.text()
		case 5:
			a.Tensor = &Tensor{}
			return d.tensor(f, a.Tensor, "tensor")
		case 7:
			var parts [][]byte
			if parts, err = f.chunk(nil, 4); err == nil {
				for p := parts[0]; len(p) > 0; p = p[4:] {
					a.Floats = append(a.Floats, math.Float32frombits(binary.LittleEndian.Uint32(p)))
				}
			}
		case 8:
			a.Ints, err = f.list(a.Ints)
		case 9:
			var text string
			text, err = f.text()
			a.Strings = append(a.Strings, text)
		case 20:
			var v int64
			v, err = f.int()
			a.Type = AttrType(v)
		}
		return err
	})
}

func (d *decoder) tensor(f field, t *Tensor, what string) error {
	b, err := f.message()
	if err == nil {
		err = d.part()
	}
	if err != nil {
		return err
	}
	external, place := false, External{}
	err = fields(b, what, func(f field) (err error) {
		var v int64
		p := &t.packed
		switch f.number {
		case 1:
			t.Dims, err = f.list(t.Dims)
		case 2:
			v, err = f.int()
			t.Type = DataType(v)
		case 4:
			p.floats, err = f.chunk(p.floats, 4)
		case 5:
			p.int32s, err = f.chunk(p.int32s, 0)
		case 6:
			var text string
			text, err = f.text()
			t.Strings = append(t.Strings, text)
		case 7:
			p.int64s, err = f.chunk(p.int64s, 0)
		case 8:
			t.Name, err = f.text()
		case 9:
			t.raw, err = f.message()
		case 10:
			p.doubles, err = f.chunk(p.doubles, 8)
		case 13:
			return place.read(f)
		case 14:
			v, err = f.int()
			external = v == 1
		}
		return err
	})
	if err == nil && external {
		t.External = &place
	}
	return err
}

// read reads an entry of external_data.
func (x *External) read(f field) error {
	e, err := entry(f, "external_data")
	if err != nil {
		return err
	}
	switch e.Key {
	case "location":
		x.File = e.Value
	case "offset":
		x.Offset, err = strconv.ParseInt(e.Value, 10, 64)
	case "length":
		x.Length, err = strconv.ParseInt(e.Value, 10, 64)
	}
	if err != nil || x.Offset < 0 || x.Length < 0 {
		return fmt.Errorf("external_data: %s is %q, expected a number of bytes", e.Key, e.Value)
	}
	return nil
}

func (d *decoder) value(f field, v *Value, what string) error {
	b, err := f.message()
	if err == nil {
		err = d.part()
	}
	if err != nil {
		return err
	}
	return fields(b, what, func(f field) (err error) {
		switch f.number {
		case 1:
			v.Name, err = f.text()
		case 2:
			return within(f, "type", 1, func(f field) error { return d.tensorType(f, v) })
		case 3:
			v.Doc, err = f.text()
		}
		return err
	})
}

// within calls visit with the fields of a number of a message.
func within(f field, what string, number protowire.Number, visit func(field) error) error {
	b, err := f.message()
	if err != nil {
		return err
	}
	return fields(b, what, func(f field) error {
		if f.number != number {
			return nil
		}
		return visit(f)
	})
}

func (d *decoder) tensorType(f field, v *Value) error {
	b, err := f.message()
	if err != nil {
		return err
	}
	return fields(b, "tensor_type", func(f field) error {
		switch f.number {
		case 1:
			n, err := f.int()
			v.Type = DataType(n)
			return err
		case 2:
			return within(f, "shape", 1, func(f field) error { return d.dim(f, v) })
		}
		return nil
	})
}

func (d *decoder) dim(f field, v *Value) error {
	b, err := f.message()
	if err == nil {
		err = d.part()
	}
	if err != nil {
		return err
	}
	var dim Dim
	err = fields(b, "dim", func(f field) (err error) {
		switch f.number {
		case 1:
			dim.Size, err = f.int()
		case 2:
			dim.Param, err = f.text()
		}
		return err
	})
	v.Dims = append(v.Dims, dim)
	return err
}
