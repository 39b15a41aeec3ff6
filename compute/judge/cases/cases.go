// Package cases has the cases that package judge compares backends with: single ops at sizes around the tile sizes of kernels, training
// steps of networks for MNIST, and programs whose ops must keep their order.
//
// To add an op, write a file with a method of caseList that adds its cases, and call it in caseList.all.
package cases

import (
	"fmt"
	"strings"

	"shadegrad/compute"
	"shadegrad/compute/judge"
)

// All returns the cases that a backend must pass, the same ones every time. Their sizes are those of networks for
// MNIST and sizes around the tile sizes of kernels. They do not include every combination. But at each tile size and
// transpose, any two dimensions of a product take every pair of sizes.
func All() []judge.Case {
	var list caseList
	list.all()
	return list.cases
}

// SelfTest returns a few small cases: each variant of each op at an odd size, its
// edge cases, and a training step. A program should check them on a backend that
// it has just opened.
func SelfTest() []judge.Case {
	list := caseList{quick: true}
	list.all()
	return list.cases
}

// A caseList collects cases. Of two cases with the same name it keeps the first.
type caseList struct {
	cases []judge.Case
	names map[string]bool
	quick bool // only those of the self-test
}

func (l *caseList) all() {
	l.gathers()
	l.matmuls()
	l.activations()
	l.deltas()
	l.losses()
	l.columnSums()
	l.updates()
	l.rules()
	l.specials()
	l.overflows()
	l.squareSums()
	l.maxNorms()
	l.averages()
	l.elementwise()
	l.takes()
	l.dropouts()
	l.noises()
	l.warps()
	l.programs()
	l.trainings()
	l.orderings()
	l.randoms()
}

// add adds a case of an op. kernel is the op with its variant. params are the
// parameters, such as "m=3"; empty ones are omitted.
func (l *caseList) add(op, kernel string, params []string, build func(p *judge.Problem)) {
	var kept []string
	for _, s := range params {
		if s != "" {
			kept = append(kept, s)
		}
	}
	name := kernel + "/" + strings.Join(kept, ",")
	if l.names[name] {
		return
	}
	if l.names == nil {
		l.names = make(map[string]bool)
	}
	l.names[name] = true
	l.cases = append(l.cases, judge.Case{Name: name, Op: op, Kernel: kernel, Build: build})
}

// tiles are the tile sizes of kernels.
var tiles = []int{4, 8, 16, 32, 64}

// around returns sizes at the edges of tiles of t.
func around(t int) []int { return []int{1, t - 1, t, t + 1, 2*t + 3} }

// A shape is the size of a matrix.
type shape struct{ m, n int }

func (s shape) String() string { return fmt.Sprintf("m=%d,n=%d", s.m, s.n) }

// shapesAround returns shapes in which each size around t is the number of
// rows once and the number of columns once.
func shapesAround(t int) []shape {
	d := around(t)
	var list []shape
	for i := range d {
		list = append(list, shape{d[i], d[(2*i+1)%len(d)]})
	}
	return list
}

// shapes returns shapes around all tile sizes, and those of batches of networks for MNIST,
// including the smaller last batch of an epoch.
func shapes() []shape {
	var list []shape
	for _, t := range tiles {
		list = append(list, shapesAround(t)...)
	}
	return append(list, shape{64, 128}, shape{64, 10}, shape{32, 10}, shape{1, 784}, shape{3, 841}, shape{12, 20}, shape{100, 36})
}

// oddShape is the shape of the cases of the self-test.
var oddShape = shape{17, 35}

// some returns every step-th shape; turn decides the first. For the self-test it returns only
// oddShape.
func (l *caseList) some(turn, step int) []shape {
	if l.quick {
		return []shape{oddShape}
	}
	var list []shape
	for i, s := range shapes() {
		if (i+turn)%step == 0 {
			list = append(list, s)
		}
	}
	return list
}

// flag returns name if on is true, and otherwise "".
func flag(on bool, name string) string {
	if on {
		return name
	}
	return ""
}

var both = []bool{false, true}

// suffix returns an op with its variant: "activate_relu".
func suffix(op string, forms ...fmt.Stringer) string {
	for _, f := range forms {
		op += "_" + f.String()
	}
	return op
}

// elementwise lists the activations that work on single elements.
func elementwise() []compute.Activation {
	return []compute.Activation{compute.Identity, compute.Sigmoid, compute.Tanh, compute.ReLU, compute.ScaledTanh, compute.LeakyReLU}
}

// operands adds Dst and Src of one shape to a problem. In place they are the same matrix.
func operands(p *judge.Problem, src string, s shape, inPlace bool, value func(int) float32) (compute.Mat, compute.Mat) {
	if inPlace {
		m := p.State("Dst", s.m, s.n, value)
		return m, m
	}
	m := p.Input(src, s.m, s.n, value)
	return p.Output("Dst", s.m, s.n), m
}
