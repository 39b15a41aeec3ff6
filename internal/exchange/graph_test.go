package exchange

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/internal/bounded"
	"shadegrad/internal/onnx"
)

// floats returns an initializer.
func floats(name string, dims []int64, values ...float32) onnx.Tensor {
	return onnx.NewFloats(name, dims, values)
}

// twoLayers returns a graph of 2-2-2 with a product of matrices, a sum, a tanh and a Gemm, which the tests change.
func twoLayers() *onnx.Model {
	return &onnx.Model{Graph: onnx.Graph{
		Inputs:  []onnx.Value{{Name: "x", Type: onnx.Float32, Dims: []onnx.Dim{{Param: "n"}, {Size: 2}}}},
		Outputs: []onnx.Value{{Name: "y"}},
		Initializers: []onnx.Tensor{floats("w", []int64{2, 2}, 1, 2, 3, 4), floats("b", []int64{2}, 5, 6), floats("v", []int64{2, 2}, 7, 8, 9, 10),
			floats("half", nil, 0.5), floats("one", nil, 1), floats("large", []int64{2, 3}, 1, 2, 3, 4, 5, 6)},
		Nodes: []onnx.Node{
			{Name: "product", Op: "MatMul", Inputs: []string{"x", "w"}, Outputs: []string{"xw"}},
			{Name: "sum", Op: "Add", Inputs: []string{"b", "xw"}, Outputs: []string{"z"}},
			{Name: "tanh", Op: "Tanh", Inputs: []string{"z"}, Outputs: []string{"h"}},
			{Name: "gemm", Op: "Gemm", Inputs: []string{"h", "v"}, Outputs: []string{"y"}, Attrs: []onnx.Attr{{Name: "transB", Int: 1}}},
		},
	}}
}

// insert puts a node before another one, between it and its first input.
func insert(f *onnx.Model, before int, op string, others ...string) *onnx.Node {
	list := f.Graph.Nodes
	n := onnx.Node{Name: "new", Op: op, Inputs: append([]string{list[before].Inputs[0]}, others...), Outputs: []string{"new.out"}}
	if list[before].Op == "Add" {
		n.Inputs[0] = list[before].Inputs[1]
		list[before].Inputs[1] = "new.out"
	} else {
		list[before].Inputs[0] = "new.out"
	}
	f.Graph.Nodes = slices.Insert(list, before, n)
	return &f.Graph.Nodes[before]
}

// TestGraph reads graphs in the forms that exporters write.
func TestGraph(t *testing.T) {
	for name, change := range map[string]func(f *onnx.Model){
		"unchanged": func(*onnx.Model) {},
		"Identity":  func(f *onnx.Model) { insert(f, 0, "Identity") },
		"Flatten":   func(f *onnx.Model) { insert(f, 0, "Flatten") },
		"Dropout":   func(f *onnx.Model) { insert(f, 3, "Dropout") },
		"Cast":      func(f *onnx.Model) { insert(f, 3, "Cast").Attrs = []onnx.Attr{{Name: "to", Int: 11}} },
		"Reshape with a computed shape": func(f *onnx.Model) {
			insert(f, 0, "Reshape", "shape")
			f.Graph.Nodes = slices.Insert(f.Graph.Nodes, 0, onnx.Node{Op: "Shape", Inputs: []string{"x"}, Outputs: []string{"shape"}})
		},
		"weights behind two transposes": func(f *onnx.Model) {
			f.Graph.Nodes[0].Inputs[1] = "w2"
			f.Graph.Nodes = slices.Insert(f.Graph.Nodes, 0, onnx.Node{Op: "Transpose", Inputs: []string{"w"}, Outputs: []string{"w1"}},
				onnx.Node{Op: "Transpose", Inputs: []string{"w1"}, Outputs: []string{"w2"}, Attrs: []onnx.Attr{{Name: "perm", Ints: []int64{1, 0}}}})
		},
		"weights of a node": func(f *onnx.Model) {
			w := f.Graph.Initializers[0]
			f.Graph.Initializers = f.Graph.Initializers[1:]
			f.Graph.Nodes = slices.Insert(f.Graph.Nodes, 0, onnx.Node{Op: "Constant", Outputs: []string{"w"}, Attrs: []onnx.Attr{{Name: "value", Tensor: &w}}})
		},
		"initializers among the inputs": func(f *onnx.Model) {
			f.Graph.Inputs = append(f.Graph.Inputs, onnx.Value{Name: "w"}, onnx.Value{Name: "v"})
		},
		"biases of one row": func(f *onnx.Model) { f.Graph.Initializers[1] = floats("b", []int64{1, 2}, 5, 6) },
	} {
		f := twoLayers()
		change(f)
		d, err := onnxDescription(f, 100)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		a, b := d.layers[0], d.layers[1]
		if len(d.layers) != 2 || !slices.Equal(a.weights, []float32{1, 3, 2, 4}) || !slices.Equal(a.biases, []float32{5, 6}) ||
			!slices.Equal(b.weights, []float32{7, 8, 9, 10}) || b.biases != nil || *d.hidden != compute.Tanh || d.output != nil {
			t.Errorf("%s: layers %v, hidden %v, output %v", name, d.layers, *d.hidden, d.output)
		}
	}
}

// TestGraphRefuses checks that a graph of anything else is refused, and that the error names the node.
func TestGraphRefuses(t *testing.T) {
	last := func(f *onnx.Model) *onnx.Node { return &f.Graph.Nodes[len(f.Graph.Nodes)-1] }
	for _, c := range []struct {
		name   string
		change func(f *onnx.Model)
		want   string
	}{
		{"convolution", func(f *onnx.Model) { insert(f, 0, "Conv", "w") }, `node "new" (Conv): this op is not supported`},
		{"transpose", func(f *onnx.Model) { insert(f, 0, "Transpose") }, `node "new" (Transpose): this op`},
		{"quantised", func(f *onnx.Model) { insert(f, 3, "com.microsoft", "w").Domain = "com" }, "com.com.microsoft"},
		{"training", func(f *onnx.Model) { insert(f, 3, "Dropout", "half", "one") }, `node "new" (Dropout): the model was exported for training`},
		{"cast to integers", func(f *onnx.Model) { insert(f, 3, "Cast").Attrs = []onnx.Attr{{Name: "to", Int: 7}} }, "a conversion to INT64"},
		{"residual", func(f *onnx.Model) { insert(f, 3, "Add", "xw") }, `"sum" (Add) and node "new" (Add) both read "xw"`},
		{"product after a layer", func(f *onnx.Model) { insert(f, 2, "Mul", "half") }, "a product with 0.5 is supported only in 1.7159·tanh(0.6666·z)"},
		{"difference after a layer", func(f *onnx.Model) { insert(f, 2, "Sub", "half") }, "after the first layer"},
		{"second sum", func(f *onnx.Model) { insert(f, 2, "Add", "half") }, "after the first layer"},
		{"inverted", func(f *onnx.Model) { n := insert(f, 0, "Sub"); n.Inputs = []string{"one", "x"} }, "must be its first input"},
		{"two activations", func(f *onnx.Model) { insert(f, 3, "Relu") }, `node "new" (Relu): the layer has two activations`},
		{"early activation", func(f *onnx.Model) { insert(f, 0, "Relu") }, "before the first layer"},
		{"softmax inside", func(f *onnx.Model) { f.Graph.Nodes[2].Op = "Softmax" }, "only the last layer may have one"},
		{"softmax of rows", func(f *onnx.Model) {
			f.Graph.Nodes[2].Op = "Softmax"
			f.Graph.Nodes[2].Attrs = []onnx.Attr{{Name: "axis"}}
		}, "its axis is 0"},
		{"slope", func(f *onnx.Model) {
			f.Graph.Nodes[2].Op = "LeakyRelu"
			f.Graph.Nodes[2].Attrs = []onnx.Attr{{Name: "alpha", Float: 0.2}}
		}, "its slope is 0.2"},
		{"alpha", func(f *onnx.Model) { n := last(f); n.Attrs = append(n.Attrs, onnx.Attr{Name: "alpha", Float: 2}) }, `node "gemm" (Gemm): alpha and beta must be 1`},
		{"transA", func(f *onnx.Model) { n := last(f); n.Attrs = append(n.Attrs, onnx.Attr{Name: "transA", Int: 1}) }, "transA"},
		{"weights times samples", func(f *onnx.Model) { f.Graph.Nodes[0].Inputs = []string{"w", "x"} }, `node "product" (MatMul): its first input must be the samples`},
		{"weights of another node", func(f *onnx.Model) { f.Graph.Nodes[0].Inputs[1] = "other" }, `"other" is not a constant`},
		{"vector as weights", func(f *onnx.Model) { f.Graph.Nodes[0].Inputs[1] = "b" }, `initializer "b" has shape [2], expected a matrix`},
		{"too many inputs", func(f *onnx.Model) { last(f).Inputs[1] = "large" }, "the weights are for 3 inputs, a sample has 2"},
		{"biases", func(f *onnx.Model) { f.Graph.Nodes[1].Inputs[0] = "large" }, `initializer "large" has 6 biases for 2 units`},
		{"no layers", func(f *onnx.Model) { f.Graph.Nodes = nil }, "the graph has no layers"},
		{"two inputs", func(f *onnx.Model) { f.Graph.Inputs = append(f.Graph.Inputs, onnx.Value{Name: "u"}) }, "the graph has 2 inputs"},
		{"mixed activations", func(f *onnx.Model) {
			f.Graph.Nodes = append(f.Graph.Nodes, onnx.Node{Op: "Relu", Inputs: []string{"y"}, Outputs: []string{"r"}}, onnx.Node{Name: "third", Op: "MatMul", Inputs: []string{"r", "w"}, Outputs: []string{"z3"}})
		}, `node "third" (MatMul): the layer before it has the activation relu, an earlier one tanh`},
		{"weights used often", func(f *onnx.Model) {
			for range 30 {
				n := *last(f)
				n.Inputs, n.Outputs = []string{n.Outputs[0], "v"}, []string{n.Outputs[0] + "+"}
				f.Graph.Nodes = append(f.Graph.Nodes, n)
			}
			for i := range f.Graph.Nodes {
				if f.Graph.Nodes[i].Op == "Tanh" {
					f.Graph.Nodes[i].Op = "Identity"
				}
			}
		}, "more values than the file"},
		{"not finite", func(f *onnx.Model) {
			f.Graph.Initializers[0] = floats("w", []int64{2, 2}, 1, 2, float32(math.Inf(1)), 4)
		}, `initializer "w": value 2 is +Inf`},
	} {
		f := twoLayers()
		c.change(f)
		if d, err := onnxDescription(f, 100); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, layers %v; want %q", c.name, err, d, c.want)
		}
	}
}

// TestExternal checks the errors of weights in another file, whose name a hostile model could choose.
func TestExternal(t *testing.T) {
	dir := t.TempDir()
	file, err := os.ReadFile("testdata/torch-sequential.onnx")
	if err != nil {
		t.Fatal(err)
	}
	weights, err := os.ReadFile("testdata/torch-sequential.onnx.data")
	if err != nil {
		t.Fatal(err)
	}
	path, other := filepath.Join(dir, "m.onnx"), filepath.Join(dir, "torch-sequential.onnx.data")
	const name = "torch-sequential.onnx.data"
	for _, c := range []struct {
		model   []byte
		weights []byte
		want    string
	}{
		{file, weights, ""},
		{file, nil, `initializer "1.weight": the weights are in `},
		{file, weights[:25000], `initializer "1.weight": 25088 bytes at 0 of ` + name + ", which has 25000 bytes"},
		{bytes.ReplaceAll(file, []byte(name), []byte("../"+name[3:])), weights, "not a file of the same directory"},
		{bytes.ReplaceAll(file, []byte(name), []byte("/"+name[1:])), weights, "not a file of the same directory"},
	} {
		os.Remove(other)
		if c.weights != nil {
			if err := os.WriteFile(other, c.weights, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(path, c.model, 0o600); err != nil {
			t.Fatal(err)
		}
		_, _, err := Import(path, Choices{})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}

// FuzzONNX imports models. Whatever the bytes are, it must not take much time or memory, and the values of a network it accepts
// must have the sizes that it says.
func FuzzONNX(f *testing.F) {
	small := onnx.Encode(twoLayers())
	f.Add(small)
	m := rows()
	list, err := arrays(m, nil)
	if err != nil {
		f.Fatal(err)
	}
	header, err := m.Header()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(onnx.Encode(onnxModel(m, list, header, Options{})))
	f.Add(onnx.Encode(onnxModel(network(compute.ScaledTanh, compute.Softmax, false), mustArrays(f), "", Options{Softmax: true})))
	f.Fuzz(func(t *testing.T, b []byte) {
		bounded.Check(t, func() {
			d, err := decodeONNX(b, func(string) ([]byte, error) { return nil, os.ErrNotExist })
			check(t, d, err)
		})
	})
}

func mustArrays(f *testing.F) []array {
	list, err := arrays(network(compute.ScaledTanh, compute.Softmax, false), nil)
	if err != nil {
		f.Fatal(err)
	}
	return list
}

// check completes a description, if there is one, and compares the network with its values.
func check(t *testing.T, d *description, err error) {
	if err != nil {
		return
	}
	relu := compute.ReLU
	for _, c := range []Choices{{}, {Act: &relu, Output: &relu, Numbers: true}} {
		m, err := d.model(c)
		if err != nil {
			continue
		}
		shapes := m.Network.Shapes()
		if len(shapes) != len(m.Values) {
			t.Fatalf("network %s has %d arrays", m.Network, len(m.Values))
		}
		for i, s := range shapes {
			if len(m.Values[i]) != s.Rows*s.Cols {
				t.Fatalf("%s of network %s has %d values", s.Name, m.Network, len(m.Values[i]))
			}
		}
	}
}

// FuzzNpz is FuzzONNX for npz archives.
func FuzzNpz(f *testing.F) {
	for _, m := range []int{0, 1} {
		var b bytes.Buffer
		list, header := []array{counting("W1", 3, 2), counting("b1", 3), counting("W2", 2, 3)}, ""
		net := rows()
		if m == 1 {
			list, _ = arrays(net, nil)
			header, _ = net.Header()
		}
		if err := writeNpz(&b, net, list, header); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		bounded.Check(t, func() {
			d, err := npzDescription(bytes.NewReader(b), int64(len(b)), Choices{})
			check(t, d, err)
		})
	})
}
