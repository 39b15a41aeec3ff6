package cases

import (
	"fmt"
	"strings"

	"shadegrad/compute"
	"shadegrad/compute/judge"
)

// All returns the cases a backend must pass, the same ones every time. Their
// sizes lie around the tile sizes that kernels use, and are those of networks
// for MNIST. Not every combination is there, but every two dimensions of a
// product meet in every way around one tile size, for each transpose.
func All() []judge.Case {
	var list caseList
	list.all()
	return list.cases
}

// SelfTest returns a few small cases: each form of each op at an odd size, its
// edges, and a training step. It is what a program should ask of a backend that
// it has just opened.
func SelfTest() []judge.Case {
	list := caseList{quick: true}
	list.all()
	return list.cases
}

// A caseList collects cases. Of two with one name the first stays.
type caseList struct {
	cases []judge.Case
	names map[string]bool
	quick bool // only the self-test's
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
	l.overflows()
	l.squareSums()
	l.maxNorms()
	l.averages()
	l.fills()
	l.takes()
	l.dropouts()
	l.noises()
	l.warps()
	l.programs()
	l.trainings()
	l.orderings()
	l.randoms()
}

// add adds a case of an op. kernel is the op's name and form; params are the
// parameters, as "m=3", or "" for one to leave out.
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

// The tile sizes that cases are made around.
var tiles = []int{4, 8, 16, 32, 64}

// around returns the sizes at which a kernel with tiles of t goes wrong.
func around(t int) []int { return []int{1, t - 1, t, t + 1, 2*t + 3} }

// A shape is the size of a matrix.
type shape struct{ m, n int }

func (s shape) String() string { return fmt.Sprintf("m=%d,n=%d", s.m, s.n) }

// shapesAround returns shapes in which each size around t is once the number of
// rows and once that of columns.
func shapesAround(t int) []shape {
	d := around(t)
	var list []shape
	for i := range d {
		list = append(list, shape{d[i], d[(2*i+1)%len(d)]})
	}
	return list
}

// shapes returns the shapes around all tile sizes, and those of batches of
// MNIST's networks, the last, smaller batch of an epoch among them.
func shapes() []shape {
	var list []shape
	for _, t := range tiles {
		list = append(list, shapesAround(t)...)
	}
	return append(list, shape{64, 128}, shape{64, 10}, shape{32, 10}, shape{1, 784}, shape{3, 841}, shape{12, 20}, shape{100, 36})
}

// oddShape is the shape of the self-test's cases.
var oddShape = shape{17, 35}

// some returns every step-th shape, beginning with one that depends on turn, or
// only the odd one for the self-test.
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

// flag returns name if on is true, for a case's parameters.
func flag(on bool, name string) string {
	if on {
		return name
	}
	return ""
}

var both = []bool{false, true}

// suffix gives a kernel's form: "activate_relu".
func suffix(op string, forms ...fmt.Stringer) string {
	for _, f := range forms {
		op += "_" + f.String()
	}
	return op
}

// elementwise lists the activations that work on each element.
func elementwise() []compute.Activation {
	return []compute.Activation{compute.Identity, compute.Sigmoid, compute.Tanh, compute.ReLU, compute.ScaledTanh, compute.LeakyReLU}
}
