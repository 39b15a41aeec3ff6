package train

import (
	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
)

// Scores is the outcome of a network on a data set.
type Scores struct {
	Samples   int
	Loss      float64 // mean
	Acc       float64 // share of hits
	Confusion [][]int // Confusion[i][j] samples of class i were taken for class j; none for regression
}

// Predicted returns how many samples were taken for class j.
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

// Evaluate returns the scores of a network with the given parameters on a set. A
// label that the network has no class for is an error.
func Evaluate(b compute.Backend, c mlp.Config, values [][]float32, d *dataset.Set) (s *Scores, err error) {
	if err := d.CheckLabels(max(c.Outputs(), 2)); err != nil {
		return nil, err
	}
	if err := evalMemory(b.Info(), c, d, planEval(b.Info(), c, d)).check(b.Info(), 0, c, evalRows(c, d.Len())); err != nil {
		return nil, err
	}
	s = &Scores{Samples: d.Len()}
	hits, err := s.measure(b, c, values, d)
	if err != nil || c.Regression {
		return s, err
	}
	s.Confusion = newConfusion(max(c.Outputs(), 2))
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

// measure sets the mean loss and the share of hits, and returns which samples of the set are
// hits: all else that is said of them agrees with that.
func (s *Scores) measure(b compute.Backend, c mlp.Config, values [][]float32, d *dataset.Set) (hits []bool, err error) {
	on := &session{backend: b}
	defer on.free()
	if on.test.feed, err = on.newFeed(d, evalRows(c, d.Len()), planEval(b.Info(), c, d), false); err != nil {
		return nil, err
	}
	if on.network, err = mlp.New(b, c, on.test.batch, mlp.Training{}); err != nil {
		return nil, err
	}
	if err := on.network.Load(on.network.Parameters(), values); err != nil {
		return nil, err
	}
	if err := on.compileEval(&on.test); err != nil {
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

// Class returns the class that outputs y stand for: the first of the largest, or,
// where there is but one output, 1 if it is on the side of On or in the middle.
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

// firstLargest returns the first of the largest values, but for one that is left out.
func firstLargest(y []float32, but int) int {
	best := -1
	for j, v := range y {
		if j != but && (best < 0 || v > y[best]) {
			best = j
		}
	}
	return best
}

// Predict returns the outputs of a network for n images, one after another in
// pixels.
func Predict(b compute.Backend, c mlp.Config, values [][]float32, pixels []byte, n int) ([][]float32, error) {
	// What the images show, and their shape, do not matter here.
	return OutputsOf(b, c, values, &dataset.Set{Images: pixels, Labels: make([]byte, n), Width: c.Sizes[0], Height: 1})
}

// predict returns what a program leaves of each sample of a set.
func predict(b compute.Backend, c mlp.Config, values [][]float32, d *dataset.Set,
	step func(*mlp.Network, mlp.Set, int) (compute.Program, compute.Mat, error)) (outputs [][]float32, err error) {
	s := &session{backend: b}
	defer s.free()
	batch := evalRows(c, d.Len())
	if s.test.feed, err = s.newFeed(d, batch, planEval(b.Info(), c, d), false); err != nil {
		return nil, err
	}
	if s.network, err = mlp.New(b, c, batch, mlp.Training{}); err != nil {
		return nil, err
	}
	if err := s.network.Load(s.network.Parameters(), values); err != nil {
		return nil, err
	}
	var y compute.Mat // of a whole batch, whose first rows are those of a smaller one
	err = s.test.compile(func(set mlp.Set, rows int) (compute.Program, error) {
		p, out, err := step(s.network, set, rows)
		if rows == batch {
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
