package exchange

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/model"
	"shadegrad/internal/safetensors"
	"shadegrad/internal/train"
)

// TestRoundTrip exports networks to each format and imports them again: nothing changes.
func TestRoundTrip(t *testing.T) {
	for name, m := range models() {
		want, err := m.Header()
		if err != nil {
			t.Fatal(err)
		}
		for _, format := range Extensions() {
			for _, o := range []Options{{}, {Softmax: true, Layers: []string{"fc1", "fc2", "fc3"}}} {
				if format == Safetensors && o.Layers != nil {
					continue // a state dict for PyTorch alone
				}
				path := filepath.Join(t.TempDir(), "m"+format)
				if err := Export(path, m, o); err != nil {
					t.Fatal(err)
				}
				back, facts, err := Import(path, Choices{})
				if err != nil {
					t.Errorf("%s, %s, %v: %v", name, format, o, err)
					continue
				}
				if got, _ := back.Header(); got != want || !slices.EqualFunc(back.Values, m.Values, slices.Equal) {
					t.Errorf("%s, %s, %v: the network became %s, it was %s", name, format, o, got, want)
				}
				if len(facts) != 1 || facts[0].Kind != Complete {
					t.Errorf("%s, %s, %v: facts %v", name, format, o, facts)
				}
			}
		}
	}
}

// TestWithoutHeader imports exported graphs as if another program had written them. The network must compute the same.
func TestWithoutHeader(t *testing.T) {
	for name, m := range models() {
		list, err := arrays(m, nil)
		if err != nil {
			t.Fatal(err)
		}
		f := onnxModel(m, list, "", Options{Softmax: true})
		d, err := onnxDescription(f, 1000)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		c := Choices{Pixels: &[2]float64{0, 255}, Images: dataset.Size{Width: 3, Height: 2}}
		if m.About.Numbers {
			c = Choices{Numbers: true}
		}
		if m.Network.Output == compute.Identity {
			c.Output = &m.Network.Output
		}
		back, err := d.model(c)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		_, set := samples(t, m)
		if s := m.About.Form.Scale; s != nil {
			other := back.About.Form.Scale
			for i := range s.Mean {
				if d := other.Mean[i] - s.Mean[i]; d < -1e-9 || d > 1e-9 || float32(other.Deviation[i]) != float32(s.Deviation[i]) {
					t.Errorf("%s: scale %v, want %v", name, other, s)
				}
			}
		}
		want, got := slices.Concat(outputs(t, m, set)...), slices.Concat(outputs(t, back, set)...)
		for i := range want {
			if d := got[i] - want[i]; !(d < 1e-6 && d > -1e-6) {
				t.Fatalf("%s: output %d is %v, want %v", name, i, got[i], want[i])
			}
		}
	}
}

// TestImports imports networks that other programs have exported (peers/make.py). Each image of MNIST's test set must get the
// class that it has there.
func TestImports(t *testing.T) {
	relu := compute.ReLU
	d, err := dataset.Open("")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		file    string
		choices Choices
		network string
		hidden  compute.Activation
		output  compute.Activation
		facts   []FactKind
	}{
		{"torch-net.onnx", Choices{}, "784-8-10", compute.ReLU, compute.Softmax, []FactKind{OmittedLog, ImageInput, PixelRange}},
		{"torch-net.safetensors", Choices{Act: &relu}, "784-8-10", compute.ReLU, compute.Softmax, []FactKind{Order, AssumedSoftmax, ImageInput, PixelRange}},
		{"torch-sequential.onnx", Choices{}, "784-8-8-10", compute.Tanh, compute.Softmax, []FactKind{AssumedSoftmax, ImageInput, PixelRange}},
		{"keras.onnx", Choices{}, "784-8-10", compute.ReLU, compute.Softmax, []FactKind{ImageInput, PixelRange}},
		{"sklearn.onnx", Choices{}, "784-8-10", compute.Sigmoid, compute.Softmax, []FactKind{ImageInput, PixelRange}},
		{"sklearn-binary.onnx", Choices{}, "784-8-1", compute.ReLU, compute.Sigmoid, []FactKind{ImageInput, PixelRange}},
	} {
		m, facts, err := Import(filepath.Join("testdata", c.file), c.choices)
		if err != nil {
			t.Error(err)
			continue
		}
		if n := m.Network; n.String() != c.network || n.Hidden != c.hidden || n.Output != c.output || m.Width != 28 || m.Height != 28 {
			t.Errorf("%s: network %s, %s, %s for images of %d×%d", c.file, n, n.Hidden, n.Output, m.Width, m.Height)
		}
		var kinds []FactKind
		for _, f := range facts {
			kinds = append(kinds, f.Kind)
		}
		if !slices.Equal(kinds, c.facts) {
			t.Errorf("%s: facts %v", c.file, facts)
		}
		base, _, _ := strings.Cut(c.file, ".")
		want := classes(t, filepath.Join("testdata", base+".classes.gz"))
		wrong := 0
		for i, y := range outputs(t, m, &d.Test) {
			if train.Class(m.Network, y) != int(want[i]-'0') {
				wrong++
			}
		}
		if wrong > 0 || len(want) != d.Test.Len() {
			t.Errorf("%s: %d of %d images have another class", c.file, wrong, len(want))
		}
	}
}

// classes reads a compressed file of digits.
func classes(t *testing.T, path string) []byte {
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if b, err = io.ReadAll(r); err != nil {
		t.Fatal(err)
	}
	return b
}

// counting returns an array with the values 0, 1, 2, ….
func counting(name string, shape ...int) array {
	a := array{name: name, shape: shape, values: make([]float32, shape[0]*append(shape, 1)[1])}
	for i := range a.values {
		a.values[i] = float32(i)
	}
	return a
}

// TestState recognises layers by the names and the shapes of arrays.
func TestState(t *testing.T) {
	for _, c := range []struct {
		name    string
		arrays  []array
		choices Choices
		layers  string // in order
		layout  Layout
		wrong   string
	}{
		{name: "Sequential", arrays: []array{counting("10.bias", 2), counting("10.weight", 2, 4), counting("2.bias", 4), counting("2.weight", 4, 3)}, layers: "2, 10", layout: OutIn},
		{name: "without biases", arrays: []array{counting("fc1.weight", 4, 3), counting("fc2.weight", 2, 4)}, layers: "fc1, fc2", layout: OutIn},
		{name: "Keras", arrays: []array{counting("dense/kernel:0", 3, 4), counting("dense/bias:0", 4), counting("dense_1/kernel:0", 4, 2)}, layers: "dense, dense_1", layout: InOut},
		{name: "NumPy", arrays: []array{counting("W1", 4, 3), counting("b1", 4), counting("W2", 2, 4), counting("b2", 2)}, layers: "1, 2", layout: OutIn},
		{name: "scikit-learn", arrays: []array{counting("coefs_0", 3, 4), counting("coefs_1", 4, 2), counting("intercepts_0", 4), counting("intercepts_1", 2)}, layers: "_0, _1", layout: InOut},
		{name: "get_weights", arrays: []array{counting("arr_0", 3, 4), counting("arr_1", 4), counting("arr_10", 4, 4), counting("arr_2", 4, 4)}, layers: "arr_0, arr_2, arr_10", layout: InOut},
		{name: "by size", arrays: []array{counting("head.weight", 2, 4), counting("stem.weight", 4, 3)}, layers: "head, stem", layout: InOut},
		{name: "by size and bias", arrays: []array{counting("head.weight", 2, 4), counting("head.bias", 2), counting("stem.weight", 4, 3)}, layers: "stem, head", layout: OutIn},
		{name: "square, by name", arrays: []array{counting("a.kernel", 3, 3), counting("b.kernel", 3, 3)}, layers: "a, b", layout: InOut},
		{name: "square", arrays: []array{counting("W1", 3, 3), counting("W2", 3, 3)}, wrong: "-layout=out-in or -layout=in-out"},
		{name: "square, decided", arrays: []array{counting("W1", 3, 3), counting("W2", 3, 3)}, choices: Choices{Layout: OutIn}, layers: "1, 2", layout: OutIn},
		{name: "several orders", arrays: []array{counting("a.weight", 2, 5), counting("b.weight", 5, 4), counting("c.weight", 4, 4), counting("c.bias", 4), counting("d.weight", 4, 4), counting("b.bias", 5)},
			wrong: "-layers=NAMES"},
		{name: "order decided", arrays: []array{counting("a.weight", 2, 5), counting("b.weight", 5, 4), counting("c.weight", 4, 4), counting("d.weight", 4, 4)},
			choices: Choices{Layers: []string{"d", "c", "b", "a"}}, layers: "d, c, b, a", layout: OutIn},
		{name: "wrong order", arrays: []array{counting("a.weight", 4, 3), counting("b.weight", 2, 4)}, choices: Choices{Layers: []string{"b", "a"}, Layout: OutIn}, wrong: "in the order of -layers"},
		{name: "unknown layer", arrays: []array{counting("a.weight", 4, 3)}, choices: Choices{Layers: []string{"x"}}, wrong: `no layer is called "x" (available: a)`},
		{name: "too few", arrays: []array{counting("a.weight", 4, 3), counting("b.weight", 2, 4)}, choices: Choices{Layers: []string{"a"}}, wrong: "-layers names 1 of 2"},
		{name: "twice", arrays: []array{counting("a.weight", 3, 3), counting("b.weight", 3, 3)}, choices: Choices{Layers: []string{"a", "a"}}, wrong: `-layers names "a" twice`},
		{name: "no chain", arrays: []array{counting("a.weight", 4, 3), counting("b.weight", 7, 9)}, wrong: "do not follow one another"},
		{name: "batch norm", arrays: []array{counting("a.weight", 4, 3), counting("a.running_mean", 4)}, wrong: `array "a.running_mean" is neither`},
		{name: "convolution", arrays: []array{{"conv.weight", []int{8, 1, 3, 3}, make([]float32, 72)}}, wrong: `array "conv.weight" has shape [8 1 3 3]`},
		{name: "lone bias", arrays: []array{counting("a.bias", 4)}, wrong: `array "a.bias" has no matrix`},
		{name: "two of a kind", arrays: []array{counting("a.weight", 4, 3), counting("a.kernel", 4, 3)}, wrong: `layer "a"`},
		{name: "nothing", wrong: "no arrays"},
	} {
		d, err := state(c.arrays, c.choices)
		if c.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%s: error %v, want %q", c.name, err, c.wrong)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := d.facts[0].Values[0]; got != c.layers {
			t.Errorf("%s: layers %s, want %s", c.name, got, c.layers)
		}
		if transposed := len(d.facts) > 1; transposed != (c.layout == InOut) {
			t.Errorf("%s: transposed %v", c.name, transposed)
		}
		first := d.layers[0]
		if second := first.weights[1]; c.layout == OutIn && second != 1 || c.layout == InOut && first.in > 1 && second != float32(first.out) {
			t.Errorf("%s: weights %v of %d×%d", c.name, first.weights, first.out, first.in)
		}
	}
}

// TestUndecided checks that an import names the flag that decides what a file does not say, and takes the decision.
func TestUndecided(t *testing.T) {
	tanh, sigmoid, identity := compute.Tanh, compute.Sigmoid, compute.Identity
	file := func(in, hidden, out int) string {
		path := filepath.Join(t.TempDir(), "m.safetensors")
		f := &safetensors.File{}
		for _, a := range []array{counting("a.weight", hidden, in), counting("a.bias", hidden), counting("b.weight", out, hidden)} {
			f.Tensors = append(f.Tensors, safetensors.Tensor{Name: a.name, Shape: a.shape, Data: a.values})
		}
		if err := safetensors.Write(path, f); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		path    string
		choices Choices
		wrong   string
		check   func(*model.Model) bool
	}{
		{file(5, 3, 2), Choices{}, "-act=relu", nil},
		{file(5, 3, 2), Choices{Act: &tanh}, "", func(m *model.Model) bool {
			return m.Network.Hidden == compute.Tanh && m.Network.Loss == compute.CrossEntropy && m.About.Numbers && m.Width == 5 && len(m.Values) == 4 && slices.Equal(m.Values[3], []float32{0, 0})
		}},
		{file(5, 3, 1), Choices{Act: &tanh}, "-output=sigmoid for two classes, or -output=identity", nil},
		{file(5, 3, 1), Choices{Act: &tanh, Output: &sigmoid}, "", func(m *model.Model) bool { return m.Network.Output == compute.Sigmoid && !m.Network.Regression }},
		{file(5, 3, 1), Choices{Act: &tanh, Output: &identity}, "", func(m *model.Model) bool { return m.Network.Regression && m.Network.Loss == compute.SquaredError }},
		{file(64, 3, 2), Choices{Act: &tanh}, "-input=8x8, or -input=numbers", nil},
		{file(64, 3, 2), Choices{Act: &tanh, Images: dataset.Size{Width: 16, Height: 4}}, "", func(m *model.Model) bool { return m.Width == 16 && m.Height == 4 }},
		{file(64, 3, 2), Choices{Act: &tanh, Images: dataset.Size{Width: 16, Height: 5}}, "-input=16x5: the network has 64 inputs", nil},
		{file(64, 3, 2), Choices{Act: &tanh, Numbers: true}, "", func(m *model.Model) bool { return m.About.Numbers }},
		{file(784, 3, 2), Choices{Act: &tanh, Pixels: &[2]float64{-1, 1}}, "", func(m *model.Model) bool { return m.Network.Scale == 2./255 && m.Network.Shift == -1 }},
		{file(5, 3, 2), Choices{Act: &tanh, Pixels: &[2]float64{-1, 1}}, "-pixels is for images", nil},
		{"testdata/keras.onnx", Choices{Act: &tanh}, "-act=tanh: the file has hidden layers of relu", nil},
		{"testdata/keras.onnx", Choices{Output: &tanh}, "-output=tanh: the graph ends with softmax", nil},
		{"testdata/keras.onnx", Choices{Pixels: &[2]float64{0, 1}}, "", func(m *model.Model) bool { v := m.Network.Scale * 255 * 255; return v > 0.99999 && v < 1.00001 }},
		{"testdata/none.onnx", Choices{}, "testdata/none.onnx: ", nil},
		{"testdata", Choices{}, "directory", nil},
		{"import_test.go", Choices{}, "want a name that ends in .onnx, .npz, .safetensors", nil},
	} {
		m, _, err := Import(c.path, c.choices)
		switch {
		case c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)):
			t.Errorf("%s: error %v, want %q", c.path, err, c.wrong)
		case c.wrong == "" && err != nil:
			t.Error(err)
		case c.wrong == "" && !c.check(m):
			t.Errorf("%s, %+v: network %+v", c.path, c.choices, m.Network)
		}
	}
}

// TestForeign checks what to do with the files of other formats.
func TestForeign(t *testing.T) {
	dir := t.TempDir()
	for name, want := range map[string]string{"m.h5": "export('FILE.onnx', format='onnx')", "m.pth": "s.save_file", "m.bin": "s.save_file", "m.txt": "unknown format"} {
		path := filepath.Join(dir, name)
		text := map[string]string{"m.bin": "PK\x03\x04archive/data.pkl"}[name]
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Import(path, Choices{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
	}
}
