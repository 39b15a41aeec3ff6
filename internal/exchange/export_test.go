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
	"shadegrad/cpu"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
	"shadegrad/internal/model"
	"shadegrad/internal/onnx"
	"shadegrad/internal/train"
)

// network returns a small network for images of 3×2, with an activation of its hidden layers and of its outputs.
func network(hidden, output compute.Activation, noBias bool) *model.Model {
	c := mlp.Config{Sizes: []int{6, 5, 4, 3}, Hidden: hidden, Output: output, Loss: compute.SquaredError, Init: mlp.Normal, NoBias: noBias,
		Scale: 2. / 255, Shift: -1, On: 1}
	return &model.Model{Network: c, Width: 3, Height: 2, Values: c.InitialParameters(7),
		About: model.About{Data: "test", Epochs: 2, ClassNames: []string{"coat", "bag", "été"}, Look: &dataset.Look{Inverted: true}}}
}

// rows returns a network for rows of two standardised numbers.
func rows() *model.Model {
	m := network(compute.Tanh, compute.Identity, false)
	m.Network.Sizes[0], m.Width, m.Height = 2, 2, 1
	m.Values = m.Network.InitialParameters(7)
	m.About.Numbers, m.About.ClassNames, m.About.Look = true, nil, nil
	m.About.Form = dataset.Form{Standardize: true, Scale: &dataset.Scale{Mean: []float64{2000.1, -3}, Deviation: []float64{0.01, 40}}}
	m.Network.Regression = true
	return m
}

// models lists networks of every form.
func models() map[string]*model.Model {
	list := map[string]*model.Model{"no biases": network(compute.ReLU, compute.Softmax, true), "numbers": rows()}
	for _, f := range compute.Activations() {
		if f != compute.Softmax {
			list["hidden "+f.String()] = network(f, compute.Sigmoid, false)
		}
		list["output "+f.String()] = network(compute.ReLU, f, false)
	}
	return list
}

// samples returns inputs for a network, as its data have them, and as the CPU backend takes them.
func samples(t *testing.T, m *model.Model) (raw [][]float64, set *dataset.Set) {
	const n = 9
	set = &dataset.Set{Width: m.Width, Height: m.Height, Labels: make([]byte, n)}
	if m.About.Numbers {
		set.Outputs, set.Targets, set.Labels = 3, make([]float32, 3*n), nil
	}
	for i := range n {
		row := make([]float64, m.Width*m.Height)
		for j := range row {
			if m.About.Numbers {
				v := float32([]float64{2000.1, -3}[j] + float64(i-4)*[]float64{0.01, 40}[j])
				row[j], set.Values = float64(v), append(set.Values, v)
			} else {
				set.Images = append(set.Images, byte(37*i+91*j))
				row[j] = float64(byte(37*i + 91*j))
			}
		}
		raw = append(raw, row)
	}
	if m.About.Numbers {
		if err := m.About.Form.Scale.Apply(set.Values); err != nil {
			t.Fatal(err)
		}
	}
	return raw, set
}

// outputs returns the outputs of a network on the CPU backend.
func outputs(t *testing.T, m *model.Model, set *dataset.Set) [][]float32 {
	b := cpu.New()
	defer b.Close()
	list, err := train.OutputsOf(b, m.Network, m.Values, set)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// evaluate computes a graph for one input in float64. It knows only the ops that Export writes.
func evaluate(t *testing.T, g *onnx.Graph, input []float64) []float64 {
	values := map[string][]float64{g.Inputs[0].Name: input}
	dims := map[string][]int64{}
	for i := range g.Initializers {
		x := &g.Initializers[i]
		list, err := x.Doubles()
		if err != nil {
			t.Fatal(err)
		}
		values[x.Name], dims[x.Name] = list, x.Dims
	}
	for _, n := range g.Nodes {
		x := values[n.Inputs[0]]
		y := make([]float64, len(x))
		second := func(i int) float64 {
			list := values[n.Inputs[1]]
			return list[i%len(list)]
		}
		sum := 0.0
		for _, v := range x {
			sum += math.Exp(v)
		}
		for i, v := range x {
			switch n.Op {
			case "Mul":
				y[i] = v * second(i)
			case "Add":
				y[i] = v + second(i)
			case "Sub":
				y[i] = v - second(i)
			case "Div":
				y[i] = v / second(i)
			case "Relu":
				y[i] = max(v, 0)
			case "LeakyRelu":
				if y[i] = v; v < 0 {
					y[i] = v * float64(n.Float("alpha", 0))
				}
			case "Tanh":
				y[i] = math.Tanh(v)
			case "Sigmoid":
				y[i] = 1 / (1 + math.Exp(-v))
			case "Softmax":
				y[i] = math.Exp(v) / sum
			case "Gemm":
			default:
				t.Fatalf("unexpected %s", &n)
			}
		}
		if n.Op == "Gemm" {
			w := dims[n.Inputs[1]]
			y = make([]float64, w[0])
			for i := range y {
				if len(n.Inputs) > 2 {
					y[i] = values[n.Inputs[2]][i]
				}
				for j, v := range x {
					y[i] += v * values[n.Inputs[1]][int64(i)*w[1]+int64(j)]
				}
			}
		}
		values[n.Outputs[0]] = y
	}
	return values[g.Outputs[0].Name]
}

// TestONNX computes exported graphs for raw inputs and compares the outputs with those of the CPU backend.
func TestONNX(t *testing.T) {
	for name, m := range models() {
		path := filepath.Join(t.TempDir(), "m.onnx")
		if err := Export(path, m, Options{Softmax: true}); err != nil {
			t.Fatal(err)
		}
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f, err := onnx.Decode(file)
		if err != nil {
			t.Fatal(err)
		}
		raw, set := samples(t, m)
		for i, want := range outputs(t, m, set) {
			for j, got := range evaluate(t, &f.Graph, raw[i]) {
				if d := math.Abs(got - float64(want[j])); !(d < 2e-6*max(1, math.Abs(got))) {
					t.Errorf("%s: output %d of sample %d: %v, the CPU backend has %v", name, j, i, got, want[j])
				}
			}
		}
		if got := f.Lookup("classes"); m.About.ClassNames != nil && got != `["coat","bag","été"]` {
			t.Errorf("%s: classes %q", name, got)
		}
		if !bytes.Equal(onnx.Encode(f), file) {
			t.Errorf("%s: decoding and encoding changes the file", name)
		}
	}
}

// TestSoftmax checks that only a graph that is asked for it ends with the softmax.
func TestSoftmax(t *testing.T) {
	m := network(compute.ReLU, compute.Softmax, false)
	for _, softmax := range []bool{false, true} {
		list, err := arrays(m, []string{"a", "b", "c"})
		if err != nil {
			t.Fatal(err)
		}
		g := onnxModel(m, list, "", Options{Softmax: softmax}).Graph
		last := g.Nodes[len(g.Nodes)-1]
		if (last.Op == "Softmax") != softmax || last.Outputs[0] != "output" {
			t.Errorf("softmax %v: the last node is %s", softmax, &last)
		}
		var names []string
		for _, x := range g.Initializers {
			names = append(names, x.Name)
		}
		if got := strings.Join(names, " "); got != "prepare.scale.value prepare.shift.value a.weight a.bias b.weight b.bias c.weight c.bias" {
			t.Errorf("initializers %s", got)
		}
	}
}

// TestLayerNames exports graphs whose layers have the names of other parts of the graph. Each value must have a single source, and
// an import by the graph alone must find every layer.
func TestLayerNames(t *testing.T) {
	for _, names := range [][]string{{"hidden", "middle", "output"}, {"output", "pixels", "numbers"}, {"a", "a.relu", "a.relu.relu"},
		{"a.weight1", "a.weight2", "a.weight"}, {"a", "a.out", "a.out1"}, {"prepare", "prepare.scale", "prepare.shift"}} {
		m := network(compute.ReLU, compute.Softmax, false)
		list, err := arrays(m, names)
		if err != nil {
			t.Fatal(err)
		}
		f := onnxModel(m, list, "", Options{Softmax: true})
		values, nodes := map[string]bool{f.Graph.Inputs[0].Name: true}, map[string]bool{}
		for _, x := range f.Graph.Initializers {
			if values[x.Name] {
				t.Errorf("%v: two values are called %q", names, x.Name)
			}
			values[x.Name] = true
		}
		for _, n := range f.Graph.Nodes {
			if values[n.Outputs[0]] || nodes[n.Name] {
				t.Errorf("%v: two values or nodes are called as those of %s", names, &n)
			}
			values[n.Outputs[0]], nodes[n.Name] = true, true
		}
		d, err := onnxDescription(f, 1000)
		if err != nil {
			t.Errorf("%v: %v", names, err)
			continue
		}
		for i, l := range d.layers {
			if !slices.Equal(l.weights, m.Values[2*i]) || !slices.Equal(l.biases, m.Values[2*i+1]) {
				t.Errorf("%v: layer %d has changed", names, i+1)
			}
		}
		if len(d.layers) != 3 || d.output == nil || *d.output != compute.Softmax {
			t.Errorf("%v: %d layers, output %v", names, len(d.layers), d.output)
		}
	}
}

// TestExportRefuses checks the errors of wrong options.
func TestExportRefuses(t *testing.T) {
	m := network(compute.ReLU, compute.Softmax, false)
	for _, c := range []struct {
		file   string
		layers []string
		want   string
	}{
		{"m.h5", nil, "must end in .onnx, .npz, .safetensors"},
		{"m.npz", []string{"a", "b"}, "2 names for the 3 layers of a network 6-5-4-3"},
		{"m.npz", []string{"a", "b", "a"}, `two layers are called "a"`},
	} {
		path := filepath.Join(t.TempDir(), c.file)
		if err := Export(path, m, Options{Layers: c.layers}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, %v: error %v, want %q", c.file, c.layers, err, c.want)
		}
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s was written", c.file)
		}
	}
}
