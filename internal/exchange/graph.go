package exchange

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"shadegrad/compute"
	"shadegrad/internal/onnx"
)

// A walk follows the samples through a graph, from its input to the outputs of the last layer.
type walk struct {
	graph     *onnx.Graph
	constants *constants
	readers   map[string][]*onnx.Node // of each tensor
	at        string                  // the tensor that has the samples
	features  int                     // numbers of a sample; 0 if not known
	d         *description
	biased    bool                // the last layer has its biases, or cannot get any
	output    *compute.Activation // of the last layer so far
	expect    string              // op that must follow in a scaled tanh, or ""
	prepared  int                 // nodes that prepare the input
}

// onnxDescription returns what a model says of a network. The weights may have at most limit values.
func onnxDescription(f *onnx.Model, limit int) (*description, error) {
	w := &walk{graph: &f.Graph, constants: newConstants(&f.Graph, limit), readers: map[string][]*onnx.Node{},
		d: &description{graph: true}}
	for _, e := range f.Metadata {
		if e.Key == headerKey {
			w.d.header = e.Value
		}
	}
	for i := range w.graph.Nodes {
		n := &w.graph.Nodes[i]
		for _, name := range n.Inputs {
			if name != "" && n.Op != "Shape" && n.Op != "Size" { // these read no values
				w.readers[name] = append(w.readers[name], n)
			}
		}
	}
	for name, list := range w.readers {
		w.readers[name] = slices.Compact(list) // a node that reads a tensor twice
	}
	if err := w.begin(); err != nil {
		return nil, err
	}
	for range w.graph.Nodes {
		n, err := w.next()
		if err != nil {
			return nil, err
		}
		if n == nil {
			break
		}
		if err := w.visit(n); err != nil {
			return nil, fmt.Errorf("%s: %w", n, err)
		}
	}
	if len(w.d.layers) == 0 {
		return nil, errors.New("the graph has no layers")
	}
	if w.expect != "" {
		return nil, fmt.Errorf("the graph ends where %s is expected in a scaled tanh", w.expect)
	}
	if w.output != nil && *w.output != compute.Identity {
		w.d.output = w.output
	}
	if w.d.hidden == nil {
		f := compute.Identity
		w.d.hidden = &f
	}
	return w.d, nil
}

// begin finds the input.
func (w *walk) begin() error {
	var inputs []onnx.Value
	for _, v := range w.graph.Inputs {
		if !w.constants.has(v.Name) {
			inputs = append(inputs, v)
		}
	}
	if len(inputs) != 1 {
		return fmt.Errorf("the graph has %d inputs, expected one", len(inputs))
	}
	v := inputs[0]
	w.at, w.features = v.Name, 1
	if len(v.Dims) < 2 {
		w.features = 0
		return nil
	}
	var shape []int
	for _, d := range v.Dims[1:] {
		if d.Size <= 0 || d.Size > math.MaxInt32 || w.features > math.MaxInt32/int(d.Size) {
			w.features = 0
			return nil
		}
		shape = append(shape, int(d.Size))
		w.features *= int(d.Size)
	}
	if len(shape) > 1 {
		w.d.shape = shape
	}
	return nil
}

// tails are the ops that make labels of the outputs of a classifier.
var tails = []string{"ArgMax", "ai.onnx.ml.ZipMap", "ai.onnx.ml.ArrayFeatureExtractor"}

// qualified returns an op with its domain.
func qualified(n *onnx.Node) string {
	if n.Domain == "" || n.Domain == "ai.onnx" {
		return n.Op
	}
	return n.Domain + "." + n.Op
}

// next returns the node that reads the samples, or nil at the end.
func (w *walk) next() (*onnx.Node, error) {
	list := w.readers[w.at]
	end := len(w.d.layers) > 0
	for _, n := range list {
		end = end && slices.Contains(tails, qualified(n))
	}
	switch {
	case end:
		return nil, w.labels(list)
	case len(list) == 0:
		return nil, nil
	case w.binary(list):
		return nil, w.labels(w.readers[list[1].Outputs[0]])
	case len(list) > 1:
		return nil, fmt.Errorf("%s and %s both read %q; the layers must follow one another", list[0], list[1], w.at)
	}
	return list[0], nil
}

// binary reports whether nodes make the probabilities of two classes, 1−p and p, of the output of a single sigmoid, as scikit-learn's
// classifiers do.
func (w *walk) binary(list []*onnx.Node) bool {
	if len(list) != 2 || w.features != 1 || w.output == nil || *w.output != compute.Sigmoid {
		return false
	}
	sub, concat := list[0], list[1]
	if sub.Op != "Sub" || concat.Op != "Concat" || len(sub.Inputs) != 2 || len(sub.Outputs) != 1 || len(concat.Outputs) != 1 {
		return false
	}
	one, err := w.constants.doubles(sub.Inputs[0])
	return err == nil && len(one) == 1 && one[0] == 1 && slices.Equal(concat.Inputs, []string{sub.Outputs[0], w.at})
}

// labels reads the names of the classes from the nodes after the outputs.
func (w *walk) labels(list []*onnx.Node) error {
	seen, followed := map[*onnx.Node]bool{}, map[string]bool{}
	for len(list) > 0 {
		n := list[0]
		if list = list[1:]; seen[n] {
			continue
		}
		seen[n] = true
		switch qualified(n) {
		case "ai.onnx.ml.ZipMap":
			if a := n.Attr("classlabels_strings"); a != nil {
				w.d.classes = a.Strings
			}
		case "ai.onnx.ml.ArrayFeatureExtractor":
			if t := w.constants.tensor(n.Inputs[0]); t != nil && len(t.Strings) > 0 {
				w.d.classes = t.Strings
			}
		case "ArgMax", "Cast", "Reshape", "Identity":
		default:
			return fmt.Errorf("%s: after the outputs only nodes that make labels are supported", n)
		}
		for _, name := range n.Outputs {
			if !followed[name] {
				followed[name], list = true, append(list, w.readers[name]...)
			}
		}
	}
	return nil
}

// visit follows the samples through a node.
func (w *walk) visit(n *onnx.Node) error {
	if len(n.Outputs) == 0 {
		return errors.New("it has no output")
	}
	err := w.apply(n)
	w.at = n.Outputs[0]
	return err
}

func (w *walk) apply(n *onnx.Node) error {
	op := qualified(n)
	if w.expect != "" && op != w.expect {
		return fmt.Errorf("expected %s in %g·tanh(%g·z)", w.expect, compute.TanhAmplitude, compute.TanhSlope)
	}
	switch op {
	case "Identity", "Dropout", "Flatten", "Reshape", "Squeeze", "Unsqueeze":
		// Each keeps the order of the numbers, and the next layer checks that a sample still has as many.
		if n.Inputs[0] != w.at {
			return errors.New("the samples are not its first input")
		}
		if op == "Dropout" && len(n.Inputs) > 2 && n.Inputs[2] != "" {
			if training, err := w.constants.floats(n.Inputs[2]); err != nil || len(training) != 1 || training[0] != 0 {
				return errors.New("the model was exported for training; export it for inference, as after net.eval()")
			}
		}
		return nil
	case "Cast":
		if to := onnx.DataType(n.Int("to", 0)); to != onnx.Float32 && to != onnx.Float64 {
			return fmt.Errorf("a conversion to %s is not supported", to)
		}
		return nil
	case "Gemm":
		return w.gemm(n)
	case "MatMul":
		if len(n.Inputs) != 2 || n.Inputs[0] != w.at {
			return errors.New("its first input must be the samples, and its second one the weights")
		}
		return w.layer(n.Inputs[1], "", false)
	case "Add":
		if len(w.d.layers) > 0 && !w.biased && w.output == nil {
			return w.addBiases(n)
		}
		return w.scale(n)
	case "Sub", "Mul", "Div", "ai.onnx.ml.Scaler":
		return w.scale(n)
	case "Relu":
		return w.activate(compute.ReLU)
	case "Sigmoid":
		return w.activate(compute.Sigmoid)
	case "Tanh":
		return w.activate(compute.Tanh)
	case "LeakyRelu":
		if alpha := n.Float("alpha", compute.Leak); alpha != compute.Leak {
			return fmt.Errorf("its slope is %g; only %g is supported", alpha, compute.Leak)
		}
		return w.activate(compute.LeakyReLU)
	case "Softmax", "LogSoftmax":
		if axis := n.Int("axis", -1); axis != 1 && axis != -1 {
			return fmt.Errorf("its axis is %d, expected 1 or -1", axis)
		}
		if op == "LogSoftmax" {
			w.d.add(OmittedLog)
		}
		return w.activate(compute.Softmax)
	}
	return errors.New("this op is not supported; only the layers of a multilayer perceptron are")
}

// hide makes the last layer a hidden one.
func (w *walk) hide() error {
	if w.output == nil {
		identity := compute.Identity
		w.output = &identity
	}
	switch {
	case w.d.hidden == nil:
		w.d.hidden = w.output
	case *w.d.hidden != *w.output:
		return fmt.Errorf("the layer before it has the activation %s, an earlier one %s; all hidden layers must have the same", *w.output, *w.d.hidden)
	}
	if *w.output == compute.Softmax {
		return errors.New("a softmax comes before it; only the last layer may have one")
	}
	w.output = nil
	return nil
}

// activate sets the activation of the last layer.
func (w *walk) activate(f compute.Activation) error {
	switch {
	case len(w.d.layers) == 0:
		return errors.New("it comes before the first layer")
	case w.output != nil:
		return errors.New("the layer has two activations")
	}
	w.output = &f
	if w.expect == "Tanh" {
		w.expect = "Mul"
	}
	return nil
}

// gemm adds a layer.
func (w *walk) gemm(n *onnx.Node) error {
	switch {
	case len(n.Inputs) < 2 || n.Inputs[0] != w.at:
		return errors.New("its first input must be the samples, and its second one the weights")
	case n.Int("transA", 0) != 0:
		return errors.New("transA is not supported")
	case n.Float("alpha", 1) != 1 || n.Float("beta", 1) != 1:
		return errors.New("alpha and beta must be 1")
	}
	biases := ""
	if len(n.Inputs) > 2 {
		biases = n.Inputs[2]
	}
	return w.layer(n.Inputs[1], biases, n.Int("transB", 0) != 0)
}

// layer adds a layer with constants as weights and, unless the name is empty, biases.
func (w *walk) layer(weights, biases string, outIn bool) error {
	if len(w.d.layers) > 0 {
		if err := w.hide(); err != nil {
			return err
		}
	}
	values, dims, err := w.constants.matrix(weights, !outIn)
	if err != nil {
		return err
	}
	out, in := dims[0], dims[1]
	if w.features != 0 && in != w.features {
		return fmt.Errorf("the weights are for %d inputs, a sample has %d numbers", in, w.features)
	}
	w.d.layers = append(w.d.layers, layer{in: in, out: out, weights: values})
	w.features, w.biased = out, biases != ""
	if biases == "" {
		return nil
	}
	return w.biases(biases)
}

// biases sets the biases of the last layer.
func (w *walk) biases(name string) error {
	l := &w.d.layers[len(w.d.layers)-1]
	values, err := w.constants.floats(name)
	if err != nil {
		return err
	}
	if len(values) == 1 {
		values = slices.Repeat(values, l.out)
	}
	if len(values) != l.out {
		return fmt.Errorf("initializer %q has %d biases for %d units", name, len(values), l.out)
	}
	l.biases, w.biased = values, true
	return nil
}

// other returns the input of a node of two that is not the samples, and whether the samples come first.
func (w *walk) other(n *onnx.Node) (name string, first bool, err error) {
	if len(n.Inputs) != 2 || n.Inputs[0] == n.Inputs[1] {
		return "", false, errors.New("expected the samples and a constant as inputs")
	}
	if n.Inputs[0] == w.at {
		return n.Inputs[1], true, nil
	}
	return n.Inputs[0], false, nil
}

func (w *walk) addBiases(n *onnx.Node) error {
	name, _, err := w.other(n)
	if err != nil {
		return err
	}
	return w.biases(name)
}

// scale follows an op with a constant: the preparation of the input, or a part of a scaled tanh.
func (w *walk) scale(n *onnx.Node) error {
	// Each node passes over all numbers of the input.
	const most = 16
	if len(w.d.layers) == 0 {
		if w.prepared++; w.prepared > most {
			return fmt.Errorf("more than %d nodes prepare the input", most)
		}
	}
	if qualified(n) == "ai.onnx.ml.Scaler" {
		if len(w.d.layers) > 0 {
			return errors.New("it comes after the first layer")
		}
		offset, scale := n.Attr("offset"), n.Attr("scale")
		if offset == nil || scale == nil {
			return errors.New("offset or scale is missing")
		}
		return errors.Join(w.prepare("Sub", wide(offset.Floats)), w.prepare("Mul", wide(scale.Floats)))
	}
	name, first, err := w.other(n)
	if err != nil {
		return err
	}
	values, err := w.constants.doubles(name)
	if err != nil {
		return err
	}
	switch {
	case !first && (n.Op == "Sub" || n.Op == "Div"):
		return errors.New("the samples must be its first input")
	case len(w.d.layers) == 0:
		return w.prepare(n.Op, values)
	case n.Op == "Mul" && len(values) == 1:
		return w.scaledTanh(float32(values[0]))
	}
	return errors.New("after the first layer this op is not supported")
}

// scaledTanh follows a product before or after a tanh.
func (w *walk) scaledTanh(factor float32) error {
	switch {
	case w.output == nil && w.expect == "" && factor == float32(compute.TanhSlope):
		w.expect = "Tanh"
		return nil
	case w.expect == "Mul" && factor == float32(compute.TanhAmplitude):
		f := compute.ScaledTanh
		w.output, w.expect = &f, ""
		return nil
	}
	return fmt.Errorf("a product with %g is supported only in %g·tanh(%g·z)", factor, compute.TanhAmplitude, compute.TanhSlope)
}

// prepare applies an op to the preparation of the input.
func (w *walk) prepare(op string, values []float64) error {
	a := &w.d.prepare
	n := len(values)
	if n == 0 || n != 1 && w.features != 0 && n != w.features {
		return fmt.Errorf("%d numbers for inputs of %d", n, w.features)
	}
	for _, list := range [][]float64{a.scale, a.shift} {
		if n != 1 && len(list) > 1 && len(list) != n {
			return fmt.Errorf("%d numbers, an earlier node has %d", n, len(list))
		}
	}
	// Each list gets as many numbers as the longer of the two.
	widen := func(list []float64, fallback float64) []float64 {
		wide := make([]float64, max(n, len(list)))
		for i := range wide {
			wide[i] = at(list, i, fallback)
		}
		return wide
	}
	each := func(list []float64, f func(x, v float64) float64) {
		for i := range list {
			list[i] = f(list[i], at(values, i, 0))
		}
	}
	add := func(x, v float64) float64 { return x + v }
	multiply := func(x, v float64) float64 { return x * v }
	switch op {
	case "Sub", "Add":
		if op == "Sub" {
			values = slices.Clone(values)
			for i := range values {
				values[i] = -values[i]
			}
		}
		a.shift = widen(a.shift, 0)
		each(a.shift, add)
	case "Mul", "Div":
		if op == "Div" {
			values = slices.Clone(values)
			for i, v := range values {
				values[i] = 1 / v
			}
		}
		a.scale, a.shift = widen(a.scale, 1), widen(a.shift, 0)
		each(a.scale, multiply)
		each(a.shift, multiply)
	}
	return nil
}

func wide(list []float32) []float64 {
	values := make([]float64, len(list))
	for i, v := range list {
		values[i] = float64(v)
	}
	return values
}
