package onnx

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// A message is an encoded message to which fields are appended.
type message []byte

func (m *message) bytes(number protowire.Number, b []byte) {
	*m = protowire.AppendBytes(protowire.AppendTag(*m, number, protowire.BytesType), b)
}

func (m *message) text(number protowire.Number, s string) {
	if s != "" {
		m.bytes(number, []byte(s))
	}
}

func (m *message) int(number protowire.Number, v int64) {
	*m = protowire.AppendVarint(protowire.AppendTag(*m, number, protowire.VarintType), uint64(v))
}

func (m *message) float(number protowire.Number, v float32) {
	*m = protowire.AppendFixed32(protowire.AppendTag(*m, number, protowire.Fixed32Type), math.Float32bits(v))
}

// Encode returns the bytes of a model whose tensors are float32 and whose nodes have attributes of type FLOAT and INT.
func Encode(m *Model) []byte {
	var b message
	b.int(1, m.IR)
	b.text(2, m.Producer)
	b.text(3, m.Version)
	b.bytes(7, m.Graph.encode())
	var opset message
	opset.text(1, "")
	opset.int(2, m.Opset)
	b.bytes(8, opset)
	for _, e := range m.Metadata {
		var pair message
		pair.text(1, e.Key)
		pair.text(2, e.Value)
		b.bytes(14, pair)
	}
	return b
}

func (g *Graph) encode() message {
	var b message
	for _, n := range g.Nodes {
		b.bytes(1, n.encode())
	}
	b.text(2, g.Name)
	for _, t := range g.Initializers {
		b.bytes(5, t.encode())
	}
	for _, v := range g.Inputs {
		b.bytes(11, v.encode())
	}
	for _, v := range g.Outputs {
		b.bytes(12, v.encode())
	}
	return b
}

func (n *Node) encode() message {
	var b message
	for _, s := range n.Inputs {
		b.bytes(1, []byte(s)) // an omitted input is an empty name
	}
	for _, s := range n.Outputs {
		b.bytes(2, []byte(s))
	}
	b.text(3, n.Name)
	b.text(4, n.Op)
	for _, a := range n.Attrs {
		var attr message
		attr.text(1, a.Name)
		if a.Type == FloatAttr {
			attr.float(2, a.Float)
		} else {
			attr.int(3, a.Int)
		}
		attr.int(20, int64(a.Type))
		b.bytes(5, attr)
	}
	return b
}

func (t *Tensor) encode() message {
	var b message
	for _, d := range t.Dims {
		b.int(1, d)
	}
	b.int(2, int64(t.Type))
	b.text(8, t.Name)
	b.bytes(9, t.raw)
	return b
}

func (v *Value) encode() message {
	var shape message
	for _, d := range v.Dims {
		var dim message
		if d.Param != "" {
			dim.text(2, d.Param)
		} else {
			dim.int(1, d.Size)
		}
		shape.bytes(1, dim)
	}
	var tensor, typ, b message
	tensor.int(1, int64(v.Type))
	tensor.bytes(2, shape)
	typ.bytes(1, tensor)
	b.text(1, v.Name)
	b.bytes(2, typ)
	b.text(3, v.Doc)
	return b
}
