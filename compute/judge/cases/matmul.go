package cases

import (
	"fmt"

	"shadegrad/compute"
	"shadegrad/compute/judge"
)

// A size is the size of a product: m×n sums of k terms.
type size struct{ m, n, k int }

func (s size) String() string { return fmt.Sprintf("m=%d,n=%d,k=%d", s.m, s.n, s.k) }

// sizesAround returns sizes in which every two of m, n and k have every pair of
// sizes around t: a Latin square.
func sizesAround(t, turn int) []size {
	d := around(t)
	var list []size
	for i := range d {
		for j := range d {
			list = append(list, size{d[i], d[j], d[(i+2*j+turn)%len(d)]})
		}
	}
	return list
}

// vectorSizes are multiples of 4, so that a kernel may load four values together.
// Some fill its tiles and some do not.
var vectorSizes = []size{
	{4, 4, 4}, {12, 20, 28}, {8, 32, 16}, {16, 16, 16}, {36, 44, 52}, {32, 64, 128}, {64, 64, 64},
	{68, 72, 100}, {60, 84, 124}, {128, 64, 32}, {64, 128, 20},
}

// networkSizes are the products of a network 784-128-10 and of one for 29×29 pixels:
// forward, gradients of weights and gradients of inputs, for whole batches, for the
// last batch of an epoch, and for a batch of one.
var networkSizes = []size{
	{64, 128, 784}, {128, 784, 64}, {64, 784, 128}, {64, 10, 128}, {10, 128, 64}, {64, 128, 10},
	{32, 128, 784}, {32, 10, 128}, {10, 128, 32}, {1, 128, 784}, {128, 784, 1}, {1, 10, 128}, {10, 128, 1},
	{5, 7, 841}, {3, 841, 2}, {841, 3, 5}, {64, 1, 128}, {1, 128, 64}, {7, 3, 2500},
}

func (l *caseList) matmuls() {
	for turn, form := range []struct {
		name           string
		transA, transB bool
	}{{"nn", false, false}, {"nt", false, true}, {"tn", true, false}, {"tt", true, true}} {
		kernel := "matmul_" + form.name
		if l.quick {
			l.matmul(kernel, size{67, 35, 33}, form.transA, form.transB)
			l.matmul(kernel, size{9, 11, 301}, form.transA, form.transB) // long sums, which kernels split
			continue
		}
		for _, t := range tiles {
			for _, s := range sizesAround(t, turn) {
				l.matmul(kernel, s, form.transA, form.transB)
			}
		}
		for _, s := range networkSizes {
			l.matmul(kernel, s, form.transA, form.transB)
		}
		for _, s := range vectorSizes {
			l.matmul(kernel, s, form.transA, form.transB)
		}
	}
}

func (l *caseList) matmul(kernel string, s size, transA, transB bool) {
	l.add("matmul", kernel, []string{s.String()}, func(p *judge.Problem) {
		a, b := shape{s.m, s.k}, shape{s.k, s.n}
		if transA {
			a = shape{s.k, s.m}
		}
		if transB {
			b = shape{s.n, s.k}
		}
		if s.m%4 == 0 && s.n%4 == 0 && s.k%4 == 0 {
			p.Lead = 16
		}
		p.Add(compute.MatMul{
			A:   p.Input("A", a.m, a.n, p.Random(1)),
			B:   p.Input("B", b.m, b.n, p.Random(1)),
			Dst: p.Output("Dst", s.m, s.n), TransA: transA, TransB: transB,
		})
	})
}
