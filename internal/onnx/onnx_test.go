package onnx

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"shadegrad/internal/bounded"
)

// tensorOf returns a model with one tensor of a type and a shape, whose values are a field of a number.
func tensorOf(typ DataType, dims []int64, number protowire.Number, values []byte) []byte {
	var t, g, m message
	for _, d := range dims {
		t.int(1, d)
	}
	t.int(2, int64(typ))
	t.text(8, "w")
	t.bytes(number, values)
	g.bytes(5, t)
	m.bytes(7, g)
	return m
}

// TestValues reads values in each place and each type that the format allows.
func TestValues(t *testing.T) {
	const raw, floatData, int32Data, int64Data, doubleData = 9, 4, 5, 7, 10
	fixed32 := func(list ...float32) (b []byte) {
		for _, v := range list {
			b = protowire.AppendFixed32(b, math.Float32bits(v))
		}
		return b
	}
	fixed64 := func(list ...float64) (b []byte) {
		for _, v := range list {
			b = protowire.AppendFixed64(b, math.Float64bits(v))
		}
		return b
	}
	varints := func(list ...uint64) (b []byte) {
		for _, v := range list {
			b = protowire.AppendVarint(b, v)
		}
		return b
	}
	minus := int64(-7)
	for _, c := range []struct {
		name   string
		typ    DataType
		number protowire.Number
		bytes  []byte
		want   []float64
	}{
		{"raw float", Float32, raw, fixed32(1, -0.5), []float64{1, -0.5}},
		{"float_data", Float32, floatData, fixed32(1, -0.5), []float64{1, -0.5}},
		{"raw double", Float64, raw, fixed64(1, 1e300), []float64{1, 1e300}},
		{"double_data", Float64, doubleData, fixed64(1, 1e300), []float64{1, 1e300}},
		{"raw float16", Float16, raw, []byte{0, 0x3c, 0, 0xc0}, []float64{1, -2}},
		{"float16 as integers", Float16, int32Data, varints(0x3c00, 0xc000), []float64{1, -2}},
		{"raw bfloat16", BFloat16, raw, []byte{0x80, 0x3f, 0x40, 0xc0}, []float64{1, -3}},
		{"int64_data", Int64, int64Data, varints(3, uint64(minus)), []float64{3, -7}},
		{"raw int32", Int32, raw, []byte{1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}, []float64{1, -1}},
	} {
		m, err := Decode(tensorOf(c.typ, []int64{2}, c.number, c.bytes))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got, err := m.Graph.Initializers[0].Doubles()
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v, want %v", c.name, got, err, c.want)
		}
	}
}

// TestValuesRefuse checks the errors of values that do not suit their tensor.
func TestValuesRefuse(t *testing.T) {
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"too few", tensorOf(Float32, []int64{3}, 9, make([]byte, 8)), `initializer "w": shape [3] of FLOAT has 3 values, found 2`},
		{"none", tensorOf(Float32, []int64{3}, 9, nil), "has 3 values, found 0"},
		{"half a value", tensorOf(Float32, []int64{1}, 9, make([]byte, 5)), "has 1 values"},
		{"negative shape", tensorOf(Float32, []int64{-1}, 9, nil), "shape [-1] is not valid"},
		{"huge shape", tensorOf(Float32, []int64{1 << 40, 1 << 40}, 9, nil), "is not valid"},
		{"texts", tensorOf(String, []int64{1}, 6, []byte("a")), "values of type STRING are not supported"},
		{"unknown type", tensorOf(99, []int64{1}, 9, make([]byte, 4)), "values of type type 99"},
	} {
		m, err := Decode(c.file)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got, err := m.Graph.Initializers[0].Doubles(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, error %v, want %q", c.name, got, err, c.want)
		}
	}
}

// TestDecodeRefuses checks that errors name the message and the field.
func TestDecodeRefuses(t *testing.T) {
	nested := func(number protowire.Number, b []byte) (m message) {
		m.bytes(number, b)
		return m
	}
	var many message
	for range maxParts + 1 {
		many.bytes(1, nil)
	}
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"text", []byte("a model of another program"), "not an ONNX model"},
		{"empty", nil, "not an ONNX model: it has no graph"},
		{"truncated", tensorOf(Float32, []int64{2}, 9, make([]byte, 8))[:10], "model: field 7: damaged or truncated"},
		{"wrong wire type", nested(7, nested(1, protowire.AppendVarint(protowire.AppendTag(nil, 4, protowire.VarintType), 1))), "model: graph: node 1: field 4: wire type 0, expected 2"},
		{"not a list", tensorOf(Float32, []int64{1}, 4, make([]byte, 3)), "initializer 1: field 4: not a list of values"},
		{"external", nested(7, nested(5, nested(13, append(nested(1, []byte("offset")), nested(2, []byte("-4"))...)))), `external_data: offset is "-4"`},
		{"sparse", nested(7, nested(15, nil)), "sparse initializers"},
		{"many parts", nested(7, many), "more than 100000 parts"},
	} {
		if _, err := Decode(c.file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
}

// FuzzDecode decodes models and reads their values.
func FuzzDecode(f *testing.F) {
	m := &Model{IR: 7, Opset: 13, Metadata: []Entry{{"a", "b"}}, Graph: Graph{
		Nodes:        []Node{{Name: "n", Op: "Gemm", Inputs: []string{"x", "w"}, Outputs: []string{"y"}, Attrs: []Attr{{Name: "alpha", Type: FloatAttr, Float: 2}}}},
		Initializers: []Tensor{NewFloats("w", []int64{1, 2}, []float32{1, 2})},
		Inputs:       []Value{{Name: "x", Type: Float32, Dims: []Dim{{Param: "n"}, {Size: 2}}}},
	}}
	f.Add(Encode(m))
	f.Add(tensorOf(Float16, []int64{2}, 5, []byte{1, 2}))
	f.Add(tensorOf(Float64, []int64{1}, 10, make([]byte, 8)))
	f.Fuzz(func(t *testing.T, b []byte) {
		bounded.Check(t, func() {
			m, err := Decode(b)
			if err != nil {
				return
			}
			for i := range m.Graph.Initializers {
				x := &m.Graph.Initializers[i]
				if values, err := x.Doubles(); err == nil && len(values) > 8*len(b) {
					t.Errorf("%d values of %d bytes", len(values), len(b))
				}
			}
			again := Encode(m)
			if m, err = Decode(again); err != nil {
				t.Fatalf("cannot decode what was encoded: %v", err)
			}
			if !bytes.Equal(Encode(m), again) {
				t.Error("decoding what was encoded gives another file")
			}
		})
	})
}
