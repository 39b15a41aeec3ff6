// Package onnx reads and writes models in the ONNX format, as far as a chain of layers needs it. A model is a protocol buffer;
// the numbers of the fields are those of onnx.proto, at https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
//
// A hostile file cannot make Decode allocate much more than its size: values stay in the bytes of the file until
// [Tensor.Floats] or [Tensor.Ints] is called, and the number of parts is bounded.
package onnx

import "fmt"

// A Model is a file.
type Model struct {
	IR       int64 // version of the format
	Opset    int64 // version of the standard operators
	Producer string
	Version  string // of the producer
	Metadata []Entry
	Graph    Graph
}

// An Entry is a pair of the metadata.
type Entry struct{ Key, Value string }

// Lookup returns the value of a key in the metadata, or "".
func (m *Model) Lookup(key string) string {
	for _, e := range m.Metadata {
		if e.Key == key {
			return e.Value
		}
	}
	return ""
}

// A Graph lists nodes in an order in which each follows those whose outputs it reads.
type Graph struct {
	Name         string
	Nodes        []Node
	Initializers []Tensor
	Inputs       []Value
	Outputs      []Value
}

// A Node is one operation.
type Node struct {
	Name    string
	Op      string
	Domain  string // empty for the standard operators
	Inputs  []string
	Outputs []string
	Attrs   []Attr
}

// String describes the node in messages: its name and op.
func (n *Node) String() string {
	op := n.Op
	if n.Domain != "" && n.Domain != "ai.onnx" {
		op = n.Domain + "." + op
	}
	switch {
	case n.Name != "":
		return fmt.Sprintf("node %q (%s)", n.Name, op)
	case len(n.Outputs) > 0:
		return fmt.Sprintf("the node of output %q (%s)", n.Outputs[0], op)
	}
	return "a node without a name (" + op + ")"
}

// Attr returns the attribute with a name, or nil.
func (n *Node) Attr(name string) *Attr {
	for i := range n.Attrs {
		if n.Attrs[i].Name == name {
			return &n.Attrs[i]
		}
	}
	return nil
}

// Int returns the integer of an attribute, or fallback if the node does not have it.
func (n *Node) Int(name string, fallback int64) int64 {
	if a := n.Attr(name); a != nil {
		return a.Int
	}
	return fallback
}

// Float returns the number of an attribute, or fallback if the node does not have it.
func (n *Node) Float(name string, fallback float32) float32 {
	if a := n.Attr(name); a != nil {
		return a.Float
	}
	return fallback
}

// An Attr is an attribute of a node. Its type decides which of the fields is set.
type Attr struct {
	Name    string
	Type    AttrType
	Float   float32
	Int     int64
	Text    string
	Tensor  *Tensor
	Floats  []float32
	Ints    []int64
	Strings []string
}

// An AttrType is the type of an attribute.
type AttrType int64

// The types that this package encodes. It also decodes the lists.
const (
	FloatAttr AttrType = 1
	IntAttr   AttrType = 2
)

// A Value is an input or an output of a graph.
type Value struct {
	Name string
	Doc  string
	Type DataType // 0 if it is not a tensor
	Dims []Dim
}

// A Dim is a dimension of a value.
type Dim struct {
	Size  int64  // 0 if it is free
	Param string // name of a free dimension
}
