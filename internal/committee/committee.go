// Package committee averages the outputs of several networks. Networks that were trained from different initial weights
// make different mistakes, and their mean makes fewer: Meier, Cireşan, Gambardella and Schmidhuber, "Better digit
// recognition with a committee of simple neural nets" (ICDAR 2011), and Cireşan, Meier, Gambardella and Schmidhuber,
// "Handwritten digit recognition with a committee of deep neural nets on GPUs" (arXiv:1103.4487, 2011), which reports a
// test error of 0.31% on MNIST with multilayer perceptrons.
package committee

import (
	"fmt"
	"math"
	"reflect"
	"strings"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
	"shadegrad/internal/model"
	"shadegrad/internal/train"
)

// A Member is a network of a committee.
type Member struct {
	Path string
	*model.Model
}

// A Committee is a list of one or more networks with the same input and the same outputs.
type Committee []Member

// Load reads networks. It returns an error that names the difference if two do not have the same input and outputs.
func Load(paths []string) (Committee, error) {
	var c Committee
	for _, path := range paths {
		m, err := model.Load(path)
		if err != nil {
			return nil, err
		}
		c = append(c, Member{path, m})
		if what := difference(c[0].Model, m); what != "" {
			return nil, fmt.Errorf("%s and %s cannot form a committee: %s", c[0].Path, path, what)
		}
	}
	return c, nil
}

// Name returns the names of the files, separated by commas.
func (c Committee) Name() string {
	var list []string
	for _, m := range c {
		list = append(list, m.Path)
	}
	return strings.Join(list, ",")
}

// difference says how the input or the outputs of two networks differ, or returns "".
func difference(a, b *model.Model) string {
	x, y := a.About.Form, b.About.Form
	// The size of the training set, and where the test set is, do not change the input.
	x.Limit, y.Limit, x.TestData, y.TestData = 0, 0, "", ""
	scales := !reflect.DeepEqual(x.Scale, y.Scale)
	x.Scale, y.Scale = nil, nil
	switch {
	case a.About.Numbers != b.About.Numbers:
		return "one is for images, the other for rows of numbers"
	case a.Width != b.Width || a.Height != b.Height:
		return fmt.Sprintf("the input of the first is %d×%d, that of the other %d×%d", a.Width, a.Height, b.Width, b.Height)
	case a.Network.Regression != b.Network.Regression:
		return "one is for classes, the other for numeric targets"
	case a.Network.Outputs() != b.Network.Outputs():
		return fmt.Sprintf("the first has %d outputs, the other %d", a.Network.Outputs(), b.Network.Outputs())
	case a.Network.Loss != b.Network.Loss || a.Network.Output != b.Network.Output:
		return fmt.Sprintf("the outputs of the first are %s for the loss %s, those of the other %s for %s",
			a.Network.Output, a.Network.Loss, b.Network.Output, b.Network.Loss)
	case a.Network.Off != b.Network.Off || a.Network.On != b.Network.On:
		return fmt.Sprintf("the targets of the first are %g and %g, those of the other %g and %g", a.Network.Off, a.Network.On, b.Network.Off, b.Network.On)
	}
	for i := range max(len(a.About.ClassNames), len(b.About.ClassNames)) {
		if p, q := nameAt(a, i), nameAt(b, i); p != q {
			return fmt.Sprintf("class %d is %q in the first and %q in the other", i, p, q)
		}
	}
	for i := range max(len(a.About.Features), len(b.About.Features)) {
		if p, q := featureAt(a, i), featureAt(b, i); p != q {
			return fmt.Sprintf("input %d is column %q in the first and %q in the other", i+1, p, q)
		}
	}
	switch {
	case !reflect.DeepEqual(x, y) || a.About.Unpadded != b.About.Unpadded:
		return "their data were prepared differently (-pad, -resize, -standardise or columns of the table)"
	case scales:
		return "their inputs were standardised by the figures of different training sets"
	}
	return ""
}

func nameAt(m *model.Model, i int) string    { return at(m.About.ClassNames, i) }
func featureAt(m *model.Model, i int) string { return at(m.About.Features, i) }

// at returns an element, or "" after the last one.
func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

// OutputsOf returns the mean outputs for each sample of a set. The outputs of a single network are not changed.
func (c Committee) OutputsOf(b compute.Backend, d *dataset.Set) ([][]float32, error) {
	return c.outputs(b, d, func(Member, [][]float32) {})
}

// Scores are the results of a committee, and those of its members without their confusion matrices.
type Scores struct {
	train.Scores
	Members []train.Scores
}

// Evaluate tests a committee on a set. Each network computes its outputs once.
func (c Committee) Evaluate(b compute.Backend, d *dataset.Set) (*Scores, error) {
	if err := d.CheckLabels(max(c[0].Network.Outputs(), 2)); err != nil {
		return nil, err
	}
	s := &Scores{}
	mean, err := c.outputs(b, d, func(m Member, list [][]float32) { s.Members = append(s.Members, scoresOf(m.Network, list, d)) })
	if err != nil {
		return nil, err
	}
	s.Scores = scoresOf(c[0].Network, mean, d)
	if c[0].Network.Regression {
		return s, nil
	}
	classes := max(c[0].Network.Outputs(), 2)
	for range classes {
		s.Confusion = append(s.Confusion, make([]int, classes))
	}
	for i, label := range d.Labels {
		s.Confusion[label][train.Class(c[0].Network, mean[i])]++
	}
	return s, nil
}

// outputs returns the mean outputs, and calls each with those of each network.
func (c Committee) outputs(b compute.Backend, d *dataset.Set, each func(Member, [][]float32)) (mean [][]float32, err error) {
	sums := [][]float64(nil)
	for _, m := range c {
		list, err := train.OutputsOf(b, m.Network, m.Values, d)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.Path, err)
		}
		each(m, list)
		if len(c) == 1 {
			return list, nil
		}
		if sums == nil {
			sums = make([][]float64, len(list))
		}
		for i, y := range list {
			if sums[i] == nil {
				sums[i] = make([]float64, len(y))
			}
			for j, v := range y {
				sums[i][j] += float64(v)
			}
		}
	}
	mean = make([][]float32, len(sums))
	for i, y := range sums {
		for _, v := range y {
			mean[i] = append(mean[i], float32(v/float64(len(c))))
		}
	}
	return mean, nil
}

// scoresOf compares outputs with the labels or targets of a set.
func scoresOf(c mlp.Config, outputs [][]float32, d *dataset.Set) train.Scores {
	s := train.Scores{Samples: len(outputs)}
	hits := 0
	for i, y := range outputs {
		s.Loss += lossOf(c, y, train.TargetOf(c, d, i)) / float64(len(outputs))
		if !c.Regression && train.Class(c, y) == int(d.Labels[i]) {
			hits++
		}
	}
	if !c.Regression {
		s.Acc = float64(hits) / float64(len(outputs))
	}
	return s
}

// lossOf returns the loss of the outputs y for targets t, as package compute defines it.
func lossOf(c mlp.Config, y, t []float32) float64 {
	sum := 0.
	for j, v := range y {
		p, q := float64(v), float64(t[j])
		switch {
		case c.Loss == compute.SquaredError:
			sum += (p - q) * (p - q)
		case c.Output == compute.Softmax:
			sum -= q * logOf(p)
		default:
			sum -= q*logOf(p) + (1-q)*logOf(1-p)
		}
	}
	switch {
	case c.Loss != compute.SquaredError || c.Reduction == mlp.ReduceSum:
		return sum
	case c.Reduction == mlp.ReduceHalf:
		return sum / 2
	}
	return sum / float64(len(y))
}

// logOf is the logarithm of a probability. A float32 that was rounded to 0 counts as the smallest one.
func logOf(p float64) float64 { return math.Log(max(p, math.SmallestNonzeroFloat32)) }
