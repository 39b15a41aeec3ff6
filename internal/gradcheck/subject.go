package gradcheck

import (
	"fmt"
	"math"

	"shadegrad/compute"
	"shadegrad/compute/philox"
	"shadegrad/compute/reference"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
)

// A Subject is a training whose gradients are checked.
type Subject struct {
	Network  mlp.Config
	Training mlp.Training
	Seed     uint64 // of the first weights, of dropout, of distortions and of the choice of parameters
	// Samples is the number of samples in the batch. Weights is the number of parameters that are compared of each
	// kind in each layer.
	Samples, Weights int
	// Done, if not nil, is called with each part after its check.
	Done func(*Part)
}

// stream is the random stream of the choice of samples; the parameters have the ones after it.
const stream = 9 << 32

// Check compares the gradients that a backend computes for samples of a data set, near the first weights
// of the subject. It returns an error if the backend fails or if the subject has no gradients to check.
func (s Subject) Check(b compute.Backend, data *dataset.Set) (*Report, error) {
	if s.Samples <= 0 || s.Weights <= 0 || data.Len() == 0 {
		return nil, fmt.Errorf("no gradients to check: %d of %d samples and %d weights a layer", s.Samples, data.Len(), s.Weights)
	}
	// These change the gradient's norm or act after the update.
	t := s.Training
	t.Clip, t.MaxNorm, t.Decay, t.Average = 0, 0, 0, 0
	s.Training, s.Samples = t, min(s.Samples, data.Len())
	batch := s.batch(data)
	device, err := s.load(b, batch)
	defer device.free()
	if err != nil {
		return nil, err
	}
	double := reference.NewDouble()
	exact, err := s.load(double, batch)
	if err != nil {
		return nil, err
	}
	e := &objective{loadedNetwork: exact, double: double}
	if err := e.prepare(device); err != nil {
		return nil, err
	}
	if loss := e.loss(0); !(math.Abs(loss) <= math.MaxFloat32) {
		return nil, fmt.Errorf("no gradients to check: the loss of the samples is %.3g, beyond float32; try smaller first weights", loss)
	}
	got, err := device.gradients()
	if err != nil {
		return nil, err
	}
	if most := overflowing(batch); most > 0 && !finite(got) {
		return nil, fmt.Errorf("no gradients to check: inputs are as large as %.3g, and their sums overflow float32; divide the inputs or use -standardise", most)
	}
	return s.compare(e, got), nil
}

// overflowing returns the largest input of a batch if a sum over the inputs of a sample, or over the
// samples, may overflow float32. Otherwise it returns 0.
func overflowing(d *dataset.Set) float64 {
	most := 0.
	for _, v := range d.Values {
		most = math.Max(most, math.Abs(float64(v)))
	}
	if most*float64(max(d.Features(), d.Len())) <= math.MaxFloat32 {
		return 0
	}
	return most
}

// finite reports whether all gradients are finite float32 values.
func finite(gradients [][]float64) bool {
	for _, list := range gradients {
		for _, g := range list {
			if !(math.Abs(g) <= math.MaxFloat32) {
				return false
			}
		}
	}
	return true
}

// parameters returns the network's first parameters, with small random values in place of 0. With biases of 0 a sample
// without inputs would put every ReLU on its kink, and a weight of 0 has no sign.
func (s Subject) parameters() [][]float32 {
	values := s.Network.InitialParameters(s.Seed)
	for i, list := range values {
		draws := philox.Stream{Seed: s.Seed, ID: stream + 1<<16 + uint64(i)}
		for e, v := range list {
			if v == 0 {
				list[e] = float32(0.1 * (draws.Uniform(uint64(e)) - 0.5))
			}
		}
	}
	return values
}

// batch returns random samples of a data set.
func (s Subject) batch(d *dataset.Set) *dataset.Set {
	order := make([]uint32, d.Len())
	philox.Stream{Seed: s.Seed, ID: stream}.Shuffle(order)
	b := &dataset.Set{Width: d.Width, Height: d.Height, Classes: d.Classes, Outputs: d.Outputs}
	n := d.Features()
	for _, i := range order[:s.Samples] {
		i := int(i)
		if d.Values != nil {
			b.Values = append(b.Values, d.Values[i*n:(i+1)*n]...)
		} else {
			b.Images = append(b.Images, d.Image(i)...)
		}
		if d.Outputs > 0 {
			b.Targets = append(b.Targets, d.Targets[i*d.Outputs:(i+1)*d.Outputs]...)
		} else {
			b.Labels = append(b.Labels, d.Labels[i])
		}
	}
	return b
}

// compare compares the gradients of some parameters of each layer with differences.
func (s Subject) compare(e *objective, got [][]float64) *Report {
	r := &Report{Samples: s.Samples, Loss: e.loss(0), Kinked: kinked(s.Network)}
	for i, shape := range s.Network.Shapes() {
		p := &Part{Name: shape.Name, Bias: shape.Bias, Rows: shape.Rows, Cols: shape.Cols, Layer: i + 1}
		if !s.Network.NoBias {
			p.Layer = i/2 + 1
		}
		for _, w := range s.choose(i, got[i], e.reference[i]) {
			d := e.difference(i, w)
			p.add(w, got[i][w], d)
		}
		p.judge()
		if r.Parts = append(r.Parts, p); s.Done != nil {
			s.Done(p)
		}
	}
	return r
}

// kinked reports whether a network's function has kinks.
func kinked(c mlp.Config) bool {
	kink := func(f compute.Activation) bool { return f == compute.ReLU || f == compute.LeakyReLU }
	return c.Layers() > 1 && kink(c.Hidden) || kink(c.Output)
}

// choose picks parameters to compare: half of them anywhere, the others where there is a
// gradient. The weights of a pixel that is 0 in all samples have none.
func (s Subject) choose(parameter int, got, reference []float64) []int {
	order := make([]uint32, len(got))
	philox.Stream{Seed: s.Seed, ID: stream + 1 + uint64(parameter)}.Shuffle(order)
	if len(order) <= s.Weights {
		list := make([]int, len(order))
		for e := range list {
			list[e] = e
		}
		return list
	}
	var list []int
	anywhere := (s.Weights + 1) / 2
	for _, e := range order[:anywhere] {
		list = append(list, int(e))
	}
	for _, e := range order[anywhere:] {
		if len(list) < s.Weights && (got[e] != 0 || reference[e] != 0 || math.IsNaN(got[e])) {
			list = append(list, int(e))
		}
	}
	return list
}
