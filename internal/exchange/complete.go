package exchange

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
	"shadegrad/internal/model"
)

// Choices decide what a file does not say. A nil pointer or an empty value decides nothing.
type Choices struct {
	Act, Output *compute.Activation
	Pixels      *[2]float64 // inputs of the network, or of the graph, for black and white pixels
	Images      dataset.Size
	Numbers     bool     // inputs are rows of numbers, not images
	Layout      Layout   // of matrices of weights
	Layers      []string // names, in order
}

// A Layout is the order of the indices of a matrix of weights.
type Layout string

// The layouts.
const (
	OutIn Layout = "out-in" // as in PyTorch
	InOut Layout = "in-out" // as in Keras
)

// Layouts lists the layouts.
func Layouts() []Layout { return []Layout{OutIn, InOut} }

// A layer has weights, row by row outputs×inputs, and biases, or nil.
type layer struct {
	in, out int
	weights []float32
	biases  []float32
}

// A description is what a file says of a network.
type description struct {
	layers  []layer
	hidden  *compute.Activation // nil if it is not known
	output  *compute.Activation // nil if it is not known, or if the graph ends with the sums of the last layer
	graph   bool                // activations are part of the file
	shape   []int               // of an input, if it has several dimensions
	prepare affine
	classes []string
	header  string // of an export of this program
	facts   []Fact
}

// An affine is a preparation of the input, x·scale + shift, with one number for all inputs or one for each. Without numbers
// it changes nothing.
type affine struct{ scale, shift []float64 }

func (d *description) add(kind FactKind, values ...any) {
	f := Fact{Kind: kind}
	for _, v := range values {
		f.Values = append(f.Values, fmt.Sprint(v))
	}
	d.facts = append(d.facts, f)
}

// sizes returns the sizes of the layers, or an error if they do not follow one another.
func (d *description) sizes() ([]int, error) {
	if len(d.layers) == 0 {
		return nil, fmt.Errorf("it has no layers of weights")
	}
	list := []int{d.layers[0].in}
	for i, l := range d.layers {
		if l.in != list[i] {
			return nil, fmt.Errorf("layer %d has %d inputs, the layer before it %d outputs", i+1, l.in, list[i])
		}
		list = append(list, l.out)
	}
	return list, nil
}

// model completes the network with the choices.
func (d *description) model(c Choices) (*model.Model, error) {
	sizes, err := d.sizes()
	if err != nil {
		return nil, err
	}
	if d.header != "" {
		return d.own(sizes)
	}
	m := &model.Model{Network: mlp.Config{Sizes: sizes, Init: mlp.Xavier, On: 1, Scale: 1}}
	m.About = model.About{Data: "unknown data", ClassNames: d.classes}
	if err := d.activations(&m.Network, c); err != nil {
		return nil, err
	}
	if err := d.input(m, c); err != nil {
		return nil, err
	}
	d.parameters(m)
	if err := m.Network.Check(); err != nil {
		return nil, err
	}
	if n := max(m.Network.Outputs(), 2); len(d.classes) > n {
		return nil, fmt.Errorf("it names %d classes and has %d outputs", len(d.classes), m.Network.Outputs())
	}
	return m, nil
}

// own returns the network of an export of this program.
func (d *description) own(sizes []int) (*model.Model, error) {
	m, err := model.Parse(d.header)
	if err != nil {
		return nil, err
	}
	c := m.Network
	const remedy = "; if the file was changed on purpose, delete the header"
	switch {
	case !slices.Equal(c.Sizes, sizes):
		return nil, fmt.Errorf("its header %q describes a network %s, its weights one of sizes %v"+remedy, model.MetadataKey, c, sizes)
	case d.graph && len(sizes) > 2 && *d.hidden != c.Hidden, d.output != nil && *d.output != c.Output,
		d.graph && d.output == nil && c.Output != compute.Softmax && c.Output != compute.Identity:
		return nil, fmt.Errorf("the activations of the graph differ from those of its header %q"+remedy, model.MetadataKey)
	}
	d.facts = []Fact{{Kind: Complete}}
	d.parameters(m)
	return m, nil
}

// parameters sets the values of a network.
func (d *description) parameters(m *model.Model) {
	with := 0
	for _, l := range d.layers {
		if l.biases != nil {
			with++
		}
	}
	m.Network.NoBias = with == 0
	if added := len(d.layers) - with; with > 0 && added > 0 {
		d.add(AddedBiases, added)
	}
	for _, l := range d.layers {
		if m.Values = append(m.Values, l.weights); m.Network.NoBias {
			continue
		}
		if l.biases == nil {
			l.biases = make([]float32, l.out)
		}
		m.Values = append(m.Values, l.biases)
	}
}

// activations sets the activations and the loss.
func (d *description) activations(n *mlp.Config, c Choices) error {
	switch {
	case len(n.Sizes) == 2:
		n.Hidden = compute.ReLU // of no layer
	case d.hidden != nil && c.Act != nil && *d.hidden != *c.Act:
		return fmt.Errorf("-act=%s: the file has hidden layers of %s; omit the flag", *c.Act, *d.hidden)
	case d.hidden != nil:
		n.Hidden = *d.hidden
	case c.Act != nil:
		n.Hidden = *c.Act
	default:
		return fmt.Errorf("the file does not say the activation of the hidden layers; name it with -act, as -act=relu")
	}
	switch {
	case d.output != nil && c.Output != nil && *d.output != *c.Output:
		return fmt.Errorf("-output=%s: the graph ends with %s; omit the flag", *c.Output, *d.output)
	case d.output != nil:
		n.Output = *d.output
	case c.Output != nil:
		n.Output = *c.Output
	case n.Outputs() == 1:
		return fmt.Errorf("the file does not say what its single output is; give -output=sigmoid for two classes, or -output=identity for a number")
	default:
		n.Output = compute.Softmax
		d.add(AssumedSoftmax, n.Outputs())
	}
	n.Loss = compute.SquaredError
	switch n.Output {
	case compute.Softmax, compute.Sigmoid:
		n.Loss = compute.CrossEntropy
	case compute.Identity:
		n.Regression = true
	case compute.Tanh, compute.ScaledTanh:
		n.Off = -1
	}
	return nil
}

// input sets the form of the input and its preparation.
func (d *description) input(m *model.Model, c Choices) error {
	inputs := m.Network.Sizes[0]
	if err := d.form(m, c, inputs); err != nil {
		return err
	}
	a := d.prepare
	if m.About.Numbers {
		if c.Pixels != nil {
			return fmt.Errorf("-pixels is for images; the inputs are numbers")
		}
		d.add(NumberInput, inputs)
		return a.standardise(m, inputs)
	}
	d.add(ImageInput, m.Width, m.Height)
	scale, shift := 1., 0.
	if len(a.scale) > 1 || len(a.shift) > 1 {
		return fmt.Errorf("the graph prepares each pixel differently, which Shadegrad does only with numbers; with -input=numbers it reads rows of pixels as numbers")
	}
	if len(a.scale) > 0 {
		scale = a.scale[0]
	}
	if len(a.shift) > 0 {
		shift = a.shift[0]
	}
	// A preparation that makes numbers much smaller, as 1/255 does, is for pixels from 0 to 255.
	const small = 0.1
	pixels := [2]float64{0, 1}
	if len(a.scale) > 0 && math.Abs(scale) < small {
		pixels[1] = 255
	}
	if c.Pixels != nil {
		pixels = *c.Pixels
	}
	d.add(PixelRange, pixels[0], pixels[1])
	m.Network.Scale = float32(scale * (pixels[1] - pixels[0]) / 255)
	m.Network.Shift = float32(scale*pixels[0] + shift)
	for _, v := range []float32{m.Network.Scale, m.Network.Shift} {
		if f := float64(v); math.IsInf(f, 0) || math.IsNaN(f) {
			return fmt.Errorf("pixels are prepared with scale %g and shift %g; expected finite ones", m.Network.Scale, m.Network.Shift)
		}
	}
	return nil
}

// form decides whether inputs are images, and their size.
func (d *description) form(m *model.Model, c Choices, inputs int) error {
	var sides []int // without those of 1, such as a single channel
	for _, n := range d.shape {
		if n != 1 {
			sides = append(sides, n)
		}
	}
	side := int(math.Sqrt(float64(inputs)))
	const mnist, leastImage = 28 * 28, 64
	m.Width, m.Height = inputs, 1
	switch {
	case c.Images != (dataset.Size{}):
		m.Width, m.Height = c.Images.Width, c.Images.Height
		if !mlp.FitsImage(inputs, m.Width, m.Height) {
			return fmt.Errorf("-input=%dx%d: the network has %d inputs", m.Width, m.Height, inputs)
		}
	case c.Numbers:
		m.About.Numbers = true
	case len(sides) == 2:
		m.Width, m.Height = sides[1], sides[0]
	case len(sides) > 2:
		return fmt.Errorf("the input has the shape %v; Shadegrad's images are grey, with one number per pixel; with -input=numbers it reads them as rows of numbers", d.shape)
	case len(d.prepare.scale) > 1 || len(d.prepare.shift) > 1:
		m.About.Numbers = true
	case inputs == mnist:
		m.Width, m.Height = 28, 28
	case side*side == inputs && inputs >= leastImage:
		return fmt.Errorf("the file does not say whether its %d inputs are an image; give -input=%dx%d, or -input=numbers for rows of numbers", inputs, side, side)
	default:
		m.About.Numbers = true
	}
	return nil
}

// standardise sets the scale of numbers that corresponds to a preparation.
func (a affine) standardise(m *model.Model, inputs int) error {
	if len(a.scale) == 0 && len(a.shift) == 0 {
		return nil
	}
	if n := max(len(a.scale), len(a.shift)); n != 1 && n != inputs {
		return fmt.Errorf("the graph prepares %d numbers, the network has %d inputs", n, inputs)
	}
	s := &dataset.Scale{Mean: make([]float64, inputs), Deviation: make([]float64, inputs)}
	for i := range inputs {
		scale, shift := at(a.scale, i, 1), at(a.shift, i, 0)
		if !(scale > 0) {
			return fmt.Errorf("the graph multiplies input %d by %s; Shadegrad divides by a deviation above 0", i+1, strconv.FormatFloat(scale, 'g', -1, 64))
		}
		s.Mean[i], s.Deviation[i] = -shift/scale, 1/scale
	}
	if err := s.Check(inputs); err != nil {
		return fmt.Errorf("the preparation of the graph: %w", err)
	}
	m.About.Form.Standardize, m.About.Form.Scale = true, s
	return nil
}

// at returns element i of a list, its only element, or without elements the fallback.
func at(list []float64, i int, fallback float64) float64 {
	switch len(list) {
	case 0:
		return fallback
	case 1:
		return list[0]
	}
	return list[i]
}
