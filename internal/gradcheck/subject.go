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
	Seed     uint64 // of the first weights, of dropout and distortions, and of what is tried
	// Samples is how many samples of the data make the batch, Weights how many parameters of each
	// kind are tried in each layer.
	Samples, Weights int
	// Done, where it is not nil, is told of each part as soon as it is checked.
	Done func(*Part)
}

// stream is the random stream of the choice of samples; the parameters have the ones after it.
const stream = 9 << 32

// Check compares the gradients that a backend makes for samples of a data set, near the first weights
// of the subject. The error is the backend's, or says that there is nothing to check.
func (s Subject) Check(b compute.Backend, data *dataset.Set) (*Report, error) {
	if s.Samples <= 0 || s.Weights <= 0 || data.Len() == 0 {
		return nil, fmt.Errorf("no gradients of %d samples, of %d, and of %d weights", s.Samples, data.Len(), s.Weights)
	}
	// What bounds the gradient, and what follows it, is no part of it.
	t := s.Training
	t.Clip, t.MaxNorm, t.Decay, t.Average = 0, 0, 0, 0
	s.Training, s.Samples = t, min(s.Samples, data.Len())
	batch := s.batch(data)
	device, err := s.bench(b, batch)
	defer device.free()
	if err != nil {
		return nil, err
	}
	double := reference.NewDouble()
	exact, err := s.bench(double, batch)
	if err != nil {
		return nil, err
	}
	e := &energy{bench: exact, double: double}
	if err := e.prepare(device); err != nil {
		return nil, err
	}
	if loss := e.loss(0); !(math.Abs(loss) <= math.MaxFloat32) {
		return nil, fmt.Errorf("the loss of the samples is %.3g, which a float32 cannot hold; there are no gradients to check, and nothing would be learnt: try smaller first weights", loss)
	}
	got, err := device.gradients()
	if err != nil {
		return nil, err
	}
	if most := overflowing(batch); most > 0 && !finite(got) {
		return nil, fmt.Errorf("inputs are as large as %.3g, of which sums overflow float32; there are no gradients to check, and nothing would be learnt: divide the inputs, or use -standardise", most)
	}
	return s.compare(e, got), nil
}

// overflowing returns the largest input of a batch where a sum of as many as there are in a sample, or of
// as many as there are samples, can be more than a float32 holds; else 0.
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

// finite tells whether all gradients are numbers.
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

// parameters are the network's first ones but for those that are 0, as biases mostly are: for a sample
// without inputs they would put every ReLU on its kink, and weights that are 0 have no sign.
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

// batch takes samples of a data set, at random.
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

// compare has the differences of some parameters of each layer, and what the backend makes of them.
func (s Subject) compare(e *energy, got [][]float64) *Report {
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

// kinked tells whether a network's function has corners.
func kinked(c mlp.Config) bool {
	corner := func(f compute.Activation) bool { return f == compute.ReLU || f == compute.LeakyReLU }
	return c.Layers() > 1 && corner(c.Hidden) || corner(c.Output)
}

// choose picks parameters to be tried: half of them anywhere, and the others where there is a
// gradient, since of pixels that are 0 in all samples there is none.
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
