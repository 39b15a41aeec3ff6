package exchange

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"shadegrad/compute"
	"shadegrad/internal/atomicfile"
	"shadegrad/internal/model"
	"shadegrad/internal/npy"
	"shadegrad/internal/onnx"
	"shadegrad/internal/safetensors"
)

// Options are choices of an export.
type Options struct {
	Layers  []string // names of the layers; without, those of PyTorch's nn.Sequential, or in npz W1, b1, W2, …
	Softmax bool     // an ONNX graph ends with the softmax of the outputs, if the network does
	Version string   // of this program
}

// Export writes a network to a file, in the format of its extension.
func Export(path string, m *model.Model, o Options) error {
	list, err := arrays(m, o.Layers)
	if err != nil {
		return err
	}
	header, err := m.Header()
	if err != nil {
		return err
	}
	switch Format(path) {
	case ONNX:
		g := onnxModel(m, list, header, o)
		return atomicfile.Write(path, func(w io.Writer) error {
			_, err := w.Write(onnx.Encode(g))
			return err
		})
	case Npz:
		if len(o.Layers) == 0 {
			for i, kind := range []string{"W", "b"} {
				number := 0
				for j := range list {
					if len(list[j].shape) == 2-i {
						number++
						list[j].name = fmt.Sprint(kind, number)
					}
				}
			}
		}
		return atomicfile.Write(path, func(w io.Writer) error { return writeNpz(w, m, list, header) })
	case Safetensors:
		if len(o.Layers) == 0 {
			return m.Save(path)
		}
		f := &safetensors.File{Metadata: map[string]string{"format": "pt"}}
		for _, a := range list {
			f.Tensors = append(f.Tensors, safetensors.Tensor{Name: a.name, Shape: a.shape, Data: a.values})
		}
		return safetensors.Write(path, f)
	}
	return fmt.Errorf("%s: the name must end in %s", path, strings.Join(Extensions(), ", "))
}

// headerMember is the member of an npz archive with the header of the network. numpy.load returns it as bytes.
const headerMember = model.MetadataKey + ".json"

// The arrays of an npz archive that prepare the input: x·scale + shift for pixels x from 0 to 255, (x − mean)/deviation for
// numbers.
const (
	arrayScale     = "scale"
	arrayShift     = "shift"
	arrayMean      = "mean"
	arrayDeviation = "deviation"
)

// writeNpz writes an npz archive, as numpy.savez does: npy files in a zip archive without compression.
func writeNpz(w io.Writer, m *model.Model, list []array, header string) error {
	archive := zip.NewWriter(w)
	member := func(name string, write func(io.Writer) error) error {
		f, err := archive.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			return err
		}
		return write(f)
	}
	for _, a := range list {
		if err := member(a.name+".npy", func(w io.Writer) error { return npy.Write(w, a.shape, a.values) }); err != nil {
			return err
		}
	}
	prepare := func(name string, shape []int, values []float64) error {
		return member(name+".npy", func(w io.Writer) error { return npy.Write(w, shape, values) })
	}
	scale, n := m.About.Form.Scale, []int{m.Network.Sizes[0]}
	names, values, shape := []string{arrayScale, arrayShift}, [][]float64{{float64(m.Network.Scale)}, {float64(m.Network.Shift)}}, []int(nil)
	switch {
	case m.About.Numbers && scale == nil:
		names = nil
	case m.About.Numbers:
		names, values, shape = []string{arrayMean, arrayDeviation}, [][]float64{scale.Mean, scale.Deviation}, n
	}
	for i, name := range names {
		if err := prepare(name, shape, values[i]); err != nil {
			return err
		}
	}
	if err := member(headerMember, func(w io.Writer) error { _, err := io.WriteString(w, header); return err }); err != nil {
		return err
	}
	return archive.Close()
}

// The versions that an exported ONNX model asks for. Runtimes since 2021 have both.
const (
	irVersion = 7
	opset     = 13
)

// metadataClasses is the key of the JSON list of class names in the metadata of an ONNX model.
const metadataClasses = "classes"

// A chain builds a graph in which each node reads the output of the one before it.
type chain struct {
	graph *onnx.Graph
	at    string // the last output
}

// add appends a node that reads the last output and then the initializers. A layer can have any name, also that of the activation
// of another one, the input or the output: the name of a node gets underscores until it is new, and that of its output a number,
// which no other value has.
func (c *chain) add(op, name string, attrs []onnx.Attr, initializers ...onnx.Tensor) {
	for slices.ContainsFunc(c.graph.Nodes, func(n onnx.Node) bool { return n.Name == name }) {
		name += "_"
	}
	output := fmt.Sprint(name, ".out", len(c.graph.Nodes)+1)
	n := onnx.Node{Name: name, Op: op, Inputs: []string{c.at}, Outputs: []string{output}, Attrs: attrs}
	for _, t := range initializers {
		n.Inputs = append(n.Inputs, t.Name)
		c.graph.Initializers = append(c.graph.Initializers, t)
	}
	c.graph.Nodes = append(c.graph.Nodes, n)
	c.at = output
}

// scalar adds a node with a number as its second operand.
func (c *chain) scalar(op, name string, v float32) {
	c.add(op, name, nil, onnx.NewFloats(name+".value", nil, []float32{v}))
}

func onnxModel(m *model.Model, list []array, header string, o Options) *onnx.Model {
	c := m.Network
	f := &onnx.Model{IR: irVersion, Opset: opset, Producer: "shadegrad", Version: o.Version, Metadata: []onnx.Entry{{Key: model.MetadataKey, Value: header}}}
	if names := m.About.ClassNames; names != nil {
		text, _ := json.Marshal(names) // a list of texts has no error
		f.Metadata = append(f.Metadata, onnx.Entry{Key: metadataClasses, Value: string(text)})
	}
	g := &f.Graph
	g.Name = "mlp"
	batch := onnx.Dim{Param: "batch"}
	input := onnx.Value{Name: "pixels", Type: onnx.Float32, Dims: []onnx.Dim{batch, {Size: int64(c.Sizes[0])}},
		Doc: fmt.Sprintf("images of %d×%d: pixels from 0 to 255, row by row, light ink on a ground of 0", m.Width, m.Height)}
	if m.About.Numbers {
		input.Name, input.Doc = "numbers", "rows of numbers as in the training file"
	}
	g.Inputs = []onnx.Value{input}
	at := &chain{g, input.Name}
	prepare(at, m)
	last := c.Layers() - 1
	for l := range c.Layers() {
		initializers := []onnx.Tensor{tensorOf(list[0])}
		if list = list[1:]; !c.NoBias {
			initializers, list = append(initializers, tensorOf(list[0])), list[1:]
		}
		name := strings.TrimSuffix(initializers[0].Name, ".weight")
		at.add("Gemm", name, []onnx.Attr{{Name: "transB", Type: onnx.IntAttr, Int: 1}}, initializers...)
		activation := c.Hidden
		if l == last {
			activation = c.Output
		}
		if activation != compute.Softmax || o.Softmax {
			activate(at, name, activation)
		}
	}
	g.Nodes[len(g.Nodes)-1].Outputs[0] = "output"
	g.Outputs = []onnx.Value{{Name: "output", Type: onnx.Float32, Dims: []onnx.Dim{batch, {Size: int64(c.Outputs())}}, Doc: outputDoc(m, o)}}
	return f
}

// outputDoc describes the outputs of a graph.
func outputDoc(m *model.Model, o Options) string {
	switch c := m.Network; {
	case c.Regression:
		return "targets"
	case c.Output == compute.Softmax && !o.Softmax:
		return "one number per class; their softmax is the probability"
	case c.Output == compute.Softmax:
		return "probability of each class"
	case c.Outputs() == 1:
		return fmt.Sprintf("above %g for class 1, below for class 0", (c.On+c.Off)/2)
	}
	return "one number per class; the largest is that of the class"
}

func tensorOf(a array) onnx.Tensor {
	var shape []int64
	for _, n := range a.shape {
		shape = append(shape, int64(n))
	}
	return onnx.NewFloats(a.name, shape, a.values)
}

// prepare adds the preparation of the input.
func prepare(at *chain, m *model.Model) {
	scale := m.About.Form.Scale
	switch c := m.Network; {
	case !m.About.Numbers:
		if c.Scale != 1 {
			at.scalar("Mul", "prepare.scale", c.Scale)
		}
		if c.Shift != 0 {
			at.scalar("Add", "prepare.shift", c.Shift)
		}
	case scale != nil:
		// The difference of a float32 and a float64 in float32: the rounding of the mean is subtracted separately, or a year
		// would lose its days.
		n := len(scale.Mean)
		mean, rest, deviation := make([]float32, n), make([]float32, n), make([]float32, n)
		rounded := false
		for i, v := range scale.Mean {
			mean[i], deviation[i] = float32(v), float32(scale.Deviation[i])
			rest[i] = float32(v - float64(mean[i]))
			rounded = rounded || rest[i] != 0
		}
		vector := func(op, name string, values []float32) {
			at.add(op, name, nil, onnx.NewFloats(name+".value", []int64{int64(n)}, values))
		}
		vector("Sub", "prepare.mean", mean)
		if rounded {
			vector("Sub", "prepare.mean.rest", rest)
		}
		vector("Div", "prepare.deviation", deviation)
	}
}

// activate adds the activation of a layer.
func activate(at *chain, layer string, f compute.Activation) {
	name := layer + "." + f.String()
	switch f {
	case compute.Identity:
	case compute.Sigmoid:
		at.add("Sigmoid", name, nil)
	case compute.Tanh:
		at.add("Tanh", name, nil)
	case compute.ReLU:
		at.add("Relu", name, nil)
	case compute.LeakyReLU:
		at.add("LeakyRelu", name, []onnx.Attr{{Name: "alpha", Type: onnx.FloatAttr, Float: compute.Leak}})
	case compute.ScaledTanh:
		at.scalar("Mul", name+".slope", compute.TanhSlope)
		at.add("Tanh", name+".tanh", nil)
		at.scalar("Mul", name, compute.TanhAmplitude)
	case compute.Softmax:
		at.add("Softmax", name, []onnx.Attr{{Name: "axis", Type: onnx.IntAttr, Int: -1}})
	}
}
