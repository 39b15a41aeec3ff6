// Package mlp is the multilayer perceptron: its structure, its first weights, and its forward
// pass, back-propagation and update, written once, as programs of ops for any backend.
//
// A layer with input x computes for a batch of m rows
//
//	z = x·Wᵀ + b,  y = F(z)      W is outputs×inputs, as in PyTorch's nn.Linear
//
// and the gradients of the batch are, from the last layer to the first,
//
//	δ = ∂E/∂z   from op Loss for the last layer, else (next δ · next W) ⊙ F′(y)
//	∂E/∂W = δᵀ·x,  ∂E/∂b = Σ δ over the rows
package mlp

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"shadegrad/compute"
)

// A Config describes the structure of a network and its loss.
type Config struct {
	Sizes  []int              `json:"sizes"`  // inputs, units of each hidden layer, outputs
	Hidden compute.Activation `json:"hidden"` // of the hidden layers
	Output compute.Activation `json:"output"` // of the last layer
	Loss   compute.LossKind   `json:"loss"`
	Init   Init               `json:"init"`
	// NoBias omits the biases, as some tutorials do.
	NoBias bool `json:"no_bias,omitempty"`
	// A pixel p in [0, 255] enters the network as Scale·p + Shift.
	Scale float32 `json:"scale"`
	Shift float32 `json:"shift"`
	// On is the target of the labelled class's output, Off that of the others. Label smoothing
	// by ε, of Szegedy et al. (CVPR 2016), is On = 1−ε+ε/n and Off = ε/n for n classes.
	On  float32 `json:"on"`
	Off float32 `json:"off"`
	// Reduction combines the squared errors of the outputs of a sample.
	Reduction Reduction `json:"reduction,omitempty"`
	// InitScale is the bound of the initialisation Uniform, where 0 is ½, and the standard
	// deviation of Normal, where 0 is 1.
	InitScale float32 `json:"init_scale,omitempty"`
	// ZeroBiases initialises the biases to 0 whatever Init is.
	ZeroBiases bool `json:"zero_biases,omitempty"`
	// Regression means that the targets are numbers, the Targets of a set, instead of classes.
	Regression bool `json:"regression,omitempty"`
	// Width and Height are those of an image, in pixels. Without distortions they may be 0.
	Width  int `json:"width,omitempty"`
	Height int `json:"height,omitempty"`
}

// A Reduction combines the squared errors of the n outputs of a sample. Cross-entropy is always
// the sum of its terms.
type Reduction string

// The reductions. The empty one is ReduceMean.
const (
	ReduceMean Reduction = "mean" // 1/n·Σ(y−t)², as in PyTorch's MSELoss
	ReduceSum  Reduction = "sum"  // Σ(y−t)²
	ReduceHalf Reduction = "half" // ½·Σ(y−t)², whose gradient is y−t
)

// Reductions lists every reduction.
func Reductions() []Reduction { return []Reduction{ReduceMean, ReduceSum, ReduceHalf} }

// MaxLayers bounds the weight layers of a network. More than a few dozen do not learn, and the time
// to compile a step grows with their square.
const MaxLayers = 100

// Check returns a *FieldError if the config breaks a rule.
func (c Config) Check() error {
	outputs := []compute.Activation{compute.Softmax, compute.Sigmoid}
	switch {
	case len(c.Sizes) < 2:
		return Invalid("Sizes", c.Sizes, "must have an input and an output size")
	case c.Layers() > MaxLayers:
		return Invalid("Sizes", c.Sizes, fmt.Sprintf("must make at most %d layers of weights, not %d", MaxLayers, c.Layers()))
	}
	for i, n := range c.Sizes {
		if n <= 0 {
			return Invalid("Sizes", c.Sizes, "must be 1 or more in each layer")
		}
		if i > 0 && n > math.MaxInt32/c.Sizes[i-1] {
			return Invalid("Sizes", c.Sizes, fmt.Sprintf("must make at most %d weights between two layers, not %d×%d", math.MaxInt32, n, c.Sizes[i-1]))
		}
	}
	switch n := c.Sizes[0]; {
	case !slices.Contains(compute.Activations(), c.Hidden):
		return Invalid("Hidden", c.Hidden, OneOf(compute.Activations()))
	case !slices.Contains(compute.Activations(), c.Output):
		return Invalid("Output", c.Output, OneOf(compute.Activations()))
	case c.Loss != compute.CrossEntropy && c.Loss != compute.SquaredError:
		return Invalid("Loss", c.Loss, OneOf([]compute.LossKind{compute.CrossEntropy, compute.SquaredError}))
	case c.Hidden == compute.Softmax:
		return Invalid("Hidden", c.Hidden, "must be another activation; softmax is for the output layer")
	case c.Regression && c.Loss != compute.SquaredError:
		return Conflict("Loss", c.Loss, "Regression", true, "must be the squared error")
	case c.Loss == compute.CrossEntropy && !slices.Contains(outputs, c.Output):
		return Conflict("Output", c.Output, "Loss", c.Loss, OneOf(outputs)+"; the squared error takes any")
	case c.Reduction != "" && !slices.Contains(Reductions(), c.Reduction):
		return Invalid("Reduction", c.Reduction, OneOf(Reductions()))
	case !(c.InitScale >= 0) || math.IsInf(float64(c.InitScale), 1):
		return Invalid("InitScale", c.InitScale, "must be a finite number of at least 0")
	case !slices.Contains(Inits(), c.Init):
		return Invalid("Init", c.Init, OneOf(Inits()))
	case (c.Width != 0 || c.Height != 0) && !FitsImage(n, c.Width, c.Height):
		return Conflict("Width", fmt.Sprintf("%d×%d", c.Width, c.Height), "Sizes", c.Sizes, fmt.Sprintf("images must have %d pixels", n))
	}
	return nil
}

// FitsImage reports whether an image of a width and a height has so many inputs.
func FitsImage(inputs, width, height int) bool {
	// Divided, since a product of hostile numbers could overflow to the right one.
	return width > 0 && inputs%width == 0 && inputs/width == height
}

// Layers returns the number of weight layers.
func (c Config) Layers() int { return len(c.Sizes) - 1 }

// Outputs returns the number of outputs.
func (c Config) Outputs() int { return c.Sizes[len(c.Sizes)-1] }

// Parameters returns the number of weights and biases.
func (c Config) Parameters() int {
	n := 0
	for _, p := range c.Shapes() {
		n += p.Rows * p.Cols
	}
	return n
}

// String returns the sizes in the form "784-128-10".
func (c Config) String() string {
	parts := make([]string, len(c.Sizes))
	for i, n := range c.Sizes {
		parts[i] = fmt.Sprint(n)
	}
	return strings.Join(parts, "-")
}

// lossWeight returns the Weight of op Loss.
func (c Config) lossWeight() float32 {
	if c.Loss != compute.SquaredError {
		return 1
	}
	switch c.Reduction {
	case ReduceSum:
		return 1
	case ReduceHalf:
		return 0.5
	}
	return 1 / float32(c.Outputs())
}

// A Shape is one parameter: a matrix of weights, or a vector of biases.
type Shape struct {
	Name string // as in the state dict of PyTorch's nn.Sequential
	Rows int    // outputs for weights, 1 for biases
	Cols int    // inputs for weights, outputs for biases
	Bias bool
}

// Shapes lists the parameters in order: the weights, then the biases of each layer. In an
// nn.Sequential every second module is an activation without parameters, so the layers are numbered
// 0, 2, 4, ….
func (c Config) Shapes() []Shape {
	var list []Shape
	for l := range c.Layers() {
		in, out := c.Sizes[l], c.Sizes[l+1]
		list = append(list, Shape{Name: fmt.Sprintf("%d.weight", 2*l), Rows: out, Cols: in})
		if !c.NoBias {
			list = append(list, Shape{Name: fmt.Sprintf("%d.bias", 2*l), Rows: 1, Cols: out, Bias: true})
		}
	}
	return list
}
