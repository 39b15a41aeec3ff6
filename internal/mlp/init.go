package mlp

import (
	"math"
	"runtime"
	"sync"

	"shadegrad/compute"
	"shadegrad/compute/philox"
)

// An Init is a distribution of the first weights. Biases are 0 unless its comment says otherwise.
type Init string

// The initialisations, with n the inputs and u the units of a layer.
const (
	// He is normal with variance 2/n: He, Zhang, Ren and Sun, "Delving deep into rectifiers" (ICCV
	// 2015). It suits ReLU. For leaky ReLU with slope s below 0 it is their 2/(1+s²)/n.
	He Init = "he"
	// Xavier is uniform in ±√(6/(n+u)): Glorot and Bengio, "Understanding the difficulty of training
	// deep feedforward neural networks" (AISTATS 2010). It suits tanh and sigmoid.
	Xavier Init = "xavier"
	// Normal is normal for weights and biases, with standard deviation Config.InitScale, or 1 as in
	// Nielsen, "Neural networks and deep learning" (2015), chapter 1.
	Normal Init = "normal"
	// Units is normal with standard deviation 1/√u: Rashid, "Make your own neural network" (2016).
	Units Init = "units"
	// Inputs is normal with standard deviation 1/√n: LeCun, Bottou, Orr and Müller, "Efficient
	// BackProp" (1998). It suits scaled tanh.
	Inputs Init = "inputs"
	// Uniform is uniform for weights and biases, in ±½ as in tutorials, or in ±Config.InitScale,
	// which is 0.05 in Cireşan et al., "Deep, big, simple neural nets for handwritten digit
	// recognition" (2010).
	Uniform Init = "uniform"
)

// Inits lists every initialisation.
func Inits() []Init { return []Init{He, Xavier, Normal, Units, Inputs, Uniform} }

// initStream is the random stream of the first parameter; each has the next, so that the weights
// of a layer do not depend on the sizes of others.
const initStream = 1 << 32

// InitialParameters draws the first values of every parameter, in the order of Shapes. They depend
// only on the config and the seed.
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

// fill draws every element, on all processors: an element depends only on its index.
func fill(values []float32, draw func(uint64) float64) {
	const least = 1 << 14 // elements per goroutine
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

// drawer returns the function that draws element i of a parameter, or nil for zeros.
func (c Config) drawer(s Shape, r philox.Stream) func(uint64) float64 {
	inputs, units := float64(s.Cols), float64(s.Rows)
	normal := func(σ float64) func(uint64) float64 {
		return func(j uint64) float64 { return σ * r.Normal(j) }
	}
	uniform := func(a float64) func(uint64) float64 {
		return func(j uint64) float64 { return a * (2*r.Uniform(j) - 1) }
	}
	switch {
	case s.Bias && (c.ZeroBiases || c.Init != Normal && c.Init != Uniform):
		return nil
	case c.Init == Normal && c.InitScale == 0:
		return r.Normal
	case c.Init == Normal:
		return normal(float64(c.InitScale))
	case c.Init == Uniform:
		if c.InitScale == 0 || c.InitScale == 0.5 {
			return func(j uint64) float64 { return r.Uniform(j) - 0.5 }
		}
		return uniform(float64(c.InitScale))
	case c.Init == He && c.Hidden == compute.LeakyReLU:
		return normal(math.Sqrt(2 / (1 + compute.Leak*compute.Leak) / inputs))
	case c.Init == He:
		return normal(math.Sqrt(2 / inputs))
	case c.Init == Inputs:
		return normal(math.Sqrt(1 / inputs))
	case c.Init == Units:
		return normal(1 / math.Sqrt(units))
	default: // Xavier
		return uniform(math.Sqrt(6 / (inputs + units)))
	}
}
