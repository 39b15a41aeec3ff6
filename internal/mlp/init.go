package mlp

import (
	"math"
	"runtime"
	"sync"

	"shadegrad/compute"
	"shadegrad/compute/philox"
)

// An Init is a way to draw the first weights. Biases begin at zero unless the
// kind's comment says otherwise.
type Init string

// The initialisations, with n the inputs and u the units of a layer.
const (
	// He is normal with variance 2/n: He, Zhang, Ren and Sun, "Delving deep
	// into rectifiers" (ICCV 2015). It suits ReLU. For leaky ReLU, whose slope is s below
	// 0, it is their 2/(1+s²)/n.
	He Init = "he"
	// Xavier is uniform in ±√(6/(n+u)): Glorot and Bengio, "Understanding the
	// difficulty of training deep feedforward neural networks" (AISTATS 2010).
	// It suits tanh and sigmoid.
	Xavier Init = "xavier"
	// Normal is standard normal, as in Nielsen, "Neural networks and deep learning" (2015), chapter 1, or with
	// standard deviation Config.InitScale, weights and biases, unless Config.ZeroBiases is set.
	Normal Init = "normal"
	// Units is normal with standard deviation 1/√u: Rashid, "Make your own neural network" (2016).
	Units Init = "units"
	// Inputs is normal with standard deviation 1/√n: LeCun, Bottou, Orr and Müller, "Efficient
	// BackProp" (1998). It suits scaled tanh.
	Inputs Init = "inputs"
	// Uniform is uniform in ±½, as tutorials have it, or ±Config.InitScale, which Cireşan et al., "Deep, big, simple
	// neural nets for handwritten digit recognition" (2010), set to 0.05: weights and biases, unless
	// Config.ZeroBiases is set.
	Uniform Init = "uniform"
)

// Inits lists every initialisation.
func Inits() []Init { return []Init{He, Xavier, Normal, Units, Inputs, Uniform} }

// initStream numbers the random streams of the first weights; each parameter has
// its own, so that a layer's weights do not depend on the sizes of others.
const initStream = 1 << 32

// InitialParameters draws the first values of every parameter, in the order of
// Shapes. They depend on the config and the seed alone.
func (c Config) InitialParameters(seed uint64) [][]float32 {
	shapes := c.Shapes()
	values := make([][]float32, len(shapes))
	for i, s := range shapes {
		values[i] = make([]float32, s.Rows*s.Cols)
		stream := philox.Stream{Seed: seed, ID: initStream + uint64(i)}
		if draw := c.drawer(s, stream); draw != nil {
			fill(values[i], draw)
		}
	}
	return values
}

// fill draws every element, on all processors: each depends on its number alone.
func fill(values []float32, draw func(uint64) float64) {
	const least = 1 << 14 // elements that are worth a goroutine
	parts := max(1, min(runtime.GOMAXPROCS(0), len(values)/least))
	var wg sync.WaitGroup
	for p := range parts {
		lo, hi := p*len(values)/parts, (p+1)*len(values)/parts
		wg.Add(1)
		go func() {
			defer wg.Done()
			for j := lo; j < hi; j++ {
				values[j] = float32(draw(uint64(j)))
			}
		}()
	}
	wg.Wait()
}

// drawer returns the function that draws element i of a parameter, or nil for
// zeros.
func (c Config) drawer(s Shape, r philox.Stream) func(uint64) float64 {
	inputs, units := float64(s.Cols), float64(s.Rows)
	normal := func(variance float64) func(uint64) float64 {
		σ := math.Sqrt(variance)
		return func(j uint64) float64 { return σ * r.Normal(j) }
	}
	switch {
	case s.Bias && (c.ZeroBiases || c.Init != Normal && c.Init != Uniform):
		return nil
	case c.Init == Normal && c.InitScale == 0:
		return r.Normal
	case c.Init == Normal:
		σ := float64(c.InitScale)
		return func(j uint64) float64 { return σ * r.Normal(j) }
	case c.Init == Uniform:
		if c.InitScale == 0 || c.InitScale == 0.5 {
			return func(j uint64) float64 { return r.Uniform(j) - 0.5 }
		}
		a := float64(c.InitScale)
		return func(j uint64) float64 { return a * (2*r.Uniform(j) - 1) }
	case c.Init == He && c.Hidden == compute.LeakyReLU:
		return normal(2 / (1 + compute.Leak*compute.Leak) / inputs)
	case c.Init == He:
		return normal(2 / inputs)
	case c.Init == Inputs:
		return normal(1 / inputs)
	case c.Init == Units:
		σ := 1 / math.Sqrt(units)
		return func(j uint64) float64 { return σ * r.Normal(j) }
	default: // Xavier
		a := math.Sqrt(6 / (inputs + units))
		return func(j uint64) float64 { return a * (2*r.Uniform(j) - 1) }
	}
}
