package train

import (
	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
)

// Scores has the results of a network on a data set.
type Scores struct {
	Samples   int
	Loss      float64 // mean
	Acc       float64 // fraction of hits
	Confusion [][]int // Confusion[i][j] samples of class i were classified as j; nil for regression
}

// Predicted returns how many samples were classified as j.
func (s *Scores) Predicted(j int) int {
	n := 0
	for _, row := range s.Confusion {
		n += row[j]
	}
	return n
}

// Actual returns how many samples are of class i.
func (s *Scores) Actual(i int) int {
	n := 0
	for _, v := range s.Confusion[i] {
		n += v
	}
	return n
}

// Evaluate returns the scores of a network with the given parameters on a set. It returns an
// error if the network has no class for a label.
func Evaluate(b compute.Backend, c mlp.Config, values [][]float32, d *dataset.Set) (s *Scores, err error) {
	classes, i := max(c.Outputs(), 2), b.Info()
	if err := d.CheckLabels(classes); err != nil {
		return nil, err
	}
	if err := evalMemory(i, c, d, planEval(i, c, d)).check(i, 0, c, evalRows(c, d.Len())); err != nil {
		return nil, err
	}
	s = &Scores{Samples: d.Len()}
	hits, err := s.measure(b, c, values, d)
	if err != nil || c.Regression {
		return s, err
	}
	s.Confusion = newConfusion(classes)
	var ranks [][]float32
	if c.Outputs() > 1 {
		if ranks, err = predict(b, c, values, d, (*mlp.Network).RankStep); err != nil {
			return nil, err
		}
	}
	for i, label := range d.Labels {
		class := int(label)
		switch {
		case hits[i]:
		case ranks == nil:
			class = 1 - class
		default:
			class = firstLargest(ranks[i], class)
		}
		s.Confusion[label][class]++
	}
	return s, nil
}

// evalSession returns a session with a set to evaluate and a network with the given parameters.
// The caller must free it, even after an error.
func evalSession(b compute.Backend, c mlp.Config, values [][]float32, d *dataset.Set) (s *session, err error) {
	s = &session{backend: b}
	if s.test.feed, err = s.newFeed(d, evalRows(c, d.Len()), planEval(b.Info(), c, d), false); err != nil {
		return s, err
	}
	if s.network, err = mlp.New(b, c, s.test.batch, mlp.Training{}); err != nil {
		return s, err
	}
	return s, s.network.Load(s.network.Parameters(), values)
}

// measure sets the mean loss and the fraction of hits, and returns which samples are hits, so
// that the confusion matrix agrees with them.
func (s *Scores) measure(b compute.Backend, c mlp.Config, values [][]float32, d *dataset.Set) (hits []bool, err error) {
	on, err := evalSession(b, c, values, d)
	defer on.free()
	if err != nil {
		return nil, err
	}
	if s.Loss, s.Acc, err = on.evaluate(&on.test); err != nil || c.Regression {
		return nil, err
	}
	stats := make([]float32, 2*d.Len())
	if err := b.Read(stats, on.test.Stats); err != nil {
		return nil, err
	}
	hits = make([]bool, d.Len())
	for i := range hits {
		hits[i] = stats[2*i+1] == 1
	}
	return hits, nil
}

func newConfusion(classes int) [][]int {
	m := make([][]int, classes)
	for i := range m {
		m[i] = make([]int, classes)
	}
	return m
}

// Class returns the class of the outputs y: the first of the largest or, for a single output, 1
// if it is on the side of On or in the middle.
func Class(c mlp.Config, y []float32) int {
	if len(y) == 1 {
		side := float64(y[0]) - (float64(c.On)+float64(c.Off))/2
		if c.On < c.Off {
			side = -side
		}
		if side >= 0 {
			return 1
		}
		return 0
	}
	return firstLargest(y, -1)
}

// firstLargest returns the index of the first of the largest values, except one that is excluded.
func firstLargest(y []float32, excluded int) int {
	best := -1
	for j, v := range y {
		if j != excluded && (best < 0 || v > y[best]) {
			best = j
		}
	}
	return best
}

// TargetOf returns the target outputs of a network for a sample of a set.
func TargetOf(c mlp.Config, d *dataset.Set, sample int) []float32 {
	n := c.Outputs()
	if c.Regression {
		return d.Targets[sample*n : (sample+1)*n]
	}
	target := make([]float32, n)
	for j := range target {
		target[j] = c.Off
	}
	switch class := int(d.Labels[sample]); {
	case n == 1 && class == 1:
		target[0] = c.On
	case n > 1 && class < n:
		target[class] = c.On
	}
	return target
}

// Predict returns the outputs of a network for n images, whose pixels follow one another.
func Predict(b compute.Backend, c mlp.Config, values [][]float32, pixels []byte, n int) ([][]float32, error) {
	return OutputsOf(b, c, values, Unlabelled(c, pixels, n))
}

// Unlabelled returns n images for OutputsOf, whose pixels follow one another. The labels and the shape of the images do
// not matter there.
func Unlabelled(c mlp.Config, pixels []byte, n int) *dataset.Set {
	return &dataset.Set{Images: pixels, Labels: make([]byte, n), Width: c.Sizes[0], Height: 1}
}

// OutputsOf returns the outputs of a network with the given parameters for each sample of a set.
func OutputsOf(b compute.Backend, c mlp.Config, values [][]float32, d *dataset.Set) ([][]float32, error) {
	return predict(b, c, values, d, (*mlp.Network).PredictStep)
}

// predict returns the results of a program for each sample of a set.
func predict(b compute.Backend, c mlp.Config, values [][]float32, d *dataset.Set,
	step func(*mlp.Network, mlp.Set, int) (compute.Program, compute.Mat, error)) (outputs [][]float32, err error) {
	s, err := evalSession(b, c, values, d)
	defer s.free()
	if err != nil {
		return nil, err
	}
	var y compute.Mat // of a whole batch; the results of a smaller one are in its first rows
	err = s.test.compile(func(set mlp.Set, rows int) (compute.Program, error) {
		p, out, err := step(s.network, set, rows)
		if rows == s.test.batch {
			y = out
		}
		return p, err
	})
	if err != nil {
		return nil, err
	}
	for row := 0; row < d.Len(); {
		next, err := s.test.run(compute.Args{Row: row})
		if err != nil {
			return nil, err
		}
		flat := make([]float32, (next-row)*y.Cols)
		if err := b.Read(flat, y.RowRange(0, next-row)); err != nil {
			return nil, err
		}
		for ; len(flat) > 0; flat = flat[y.Cols:] {
			outputs = append(outputs, flat[:y.Cols:y.Cols])
		}
		row = next
	}
	return outputs, nil
}
