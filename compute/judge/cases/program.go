package cases

import (
	"slices"

	"shadegrad/compute"
	"shadegrad/compute/judge"
)

// networks returns training steps of networks with one, two and three layers of weights. Some of them
// occur twice, without scratch and with most matrices scratch.
func networks() []network {
	list := keptNetworks()
	for _, n := range list[3:15] {
		n.scratch = true
		list = append(list, n)
	}
	return slices.Concat(list, sparseNetworks(), signedNetworks())
}

// sparseNetworks returns steps on data that is mostly 0, like MNIST. A backend may have a
// special path for their first layer.
func sparseNetworks() []network {
	const relu, softmax, sigmoid, tanh = compute.ReLU, compute.Softmax, compute.Sigmoid, compute.Tanh
	base := network{Step: Step{Hidden: relu, Output: softmax, Biases: true}, indexed: true, runs: 3, scratch: true, sparse: true}
	var list []network
	for _, c := range []struct {
		sizes    []int
		batch    int
		momentum bool
	}{
		{[]int{784, 128, 10}, 64, true}, {[]int{784, 128, 10}, 64, false}, {[]int{784, 300, 10}, 65, true},
		{[]int{784, 20, 10}, 1, false}, {[]int{784, 20, 10}, 1, true}, {[]int{841, 33, 17, 10}, 3, false},
		{[]int{30, 10}, 7, true}, {[]int{30, 1}, 7, false}, {[]int{9, 600, 5}, 130, true}, {[]int{25, 40, 30, 10}, 100, false},
	} {
		n := base
		n.Sizes, n.Batch, n.Momentum = c.sizes, c.batch, c.momentum
		if n.Sizes[len(n.Sizes)-1] == 1 {
			n.Output = sigmoid
		}
		list = append(list, n)
	}
	odd := base
	odd.Sizes, odd.Batch, odd.Hidden, odd.Momentum = []int{50, 21, 10}, 11, tanh, true
	noBias, natural, kept, inPlace, shifted := odd, odd, odd, odd, odd
	noBias.Biases, natural.indexed, kept.scratch, inPlace.inPlace = false, false, false, true
	shifted.shift = -0.5
	even := shifted // allows loads of four values
	even.Sizes, even.Batch, even.indexed = []int{52, 24, 12, 8, 4}, 12, false
	deep := base
	deep.Sizes, deep.Batch, deep.Momentum, deep.Hidden = []int{40, 36, 33, 20, 28, 10}, 24, true, tanh
	// Sums of more terms than a kernel adds in one piece, forward and backward.
	long := base
	long.Sizes, long.Batch = []int{300, 150, 3}, 200
	return append(list, odd, noBias, natural, kept, inPlace, shifted, even, deep, long)
}

// signedNetworks returns steps with targets of −1 and 1, outputs of scaled tanh or leaky ReLU, and half the sum of
// squared errors as the loss, like networks published in 1998 and 2010.
func signedNetworks() []network {
	const scaled, leaky = compute.ScaledTanh, compute.LeakyReLU
	base := network{Step: Step{Sizes: []int{50, 21, 10}, Hidden: scaled, Output: scaled, Loss: compute.SquaredError, Batch: 16, Biases: true}, indexed: true, shift: -0.5, sparse: true, runs: 3, on: 1, off: -1, weight: 0.5}
	deep, single, vectors, noBias, leaking, rectified, one := base, base, base, base, base, base, base
	// deep and vectors have short steps: if outputs were near ±1.7159, rounding would dominate the slope.
	deep.Sizes, deep.Batch, deep.shift, deep.rate, deep.runs = []int{841, 33, 26, 21, 10}, 1, -1, 0.001, 2
	single.Sizes, single.Batch, single.shift, single.runs = []int{30, 10}, 5, 0, 2
	vectors.Sizes, vectors.Batch, vectors.Momentum, vectors.indexed, vectors.rate = []int{52, 24, 12, 8, 4}, 12, true, false, 0.02
	noBias.Biases, noBias.sparse, noBias.inPlace = false, false, true
	leaking.Hidden, leaking.Output, leaking.shift, leaking.Momentum = leaky, leaky, 0, true
	rectified.Hidden, rectified.Output, rectified.sparse, rectified.weight = compute.ReLU, leaky, false, 0.1
	one.Sizes, one.Batch, one.shift, one.sparse = []int{12, 8, 1}, 7, 0, false
	oneLeaking := one
	oneLeaking.Output, oneLeaking.shift = leaky, -0.5
	var list []network
	for _, n := range []network{base, deep, single, vectors, noBias, leaking, rectified, one, oneLeaking} {
		for _, n.scratch = range both {
			list = append(list, n)
		}
	}
	return list
}

func keptNetworks() []network {
	const (
		relu, sigmoid, tanh, softmax, identity = compute.ReLU, compute.Sigmoid, compute.Tanh, compute.Softmax, compute.Identity
		entropy, squares                       = compute.CrossEntropy, compute.SquaredError
	)
	return []network{
		{Step: Step{Sizes: []int{9, 4}, Output: softmax, Loss: entropy, Batch: 5, Biases: true}, runs: 2},
		{Step: Step{Sizes: []int{7, 1}, Output: sigmoid, Loss: entropy, Batch: 5, Biases: true, Momentum: true}, runs: 2},
		{Step: Step{Sizes: []int{11, 3}, Output: identity, Loss: squares, Batch: 1}, indexed: true, runs: 3},
		{Step: Step{Sizes: []int{2, 2, 1}, Hidden: sigmoid, Output: sigmoid, Loss: squares, Batch: 4, Biases: true}, runs: 3},
		{Step: Step{Sizes: []int{13, 17, 10}, Hidden: relu, Output: softmax, Loss: entropy, Batch: 5, Biases: true, Momentum: true}, indexed: true, runs: 3},
		{Step: Step{Sizes: []int{13, 17, 10}, Hidden: relu, Output: softmax, Loss: entropy, Batch: 1, Biases: true}, indexed: true, inPlace: true, runs: 3},
		{Step: Step{Sizes: []int{16, 32, 8}, Hidden: tanh, Output: softmax, Loss: entropy, Batch: 16, Biases: true, Momentum: true}, indexed: true, shared: true, runs: 2},
		{Step: Step{Sizes: []int{25, 20, 10}, Hidden: sigmoid, Output: sigmoid, Loss: squares, Batch: 7}, indexed: true, inPlace: true, runs: 2},
		{Step: Step{Sizes: []int{25, 33, 10}, Hidden: tanh, Output: tanh, Loss: squares, Batch: 33, Biases: true}, shared: true, inPlace: true, runs: 2},
		{Step: Step{Sizes: []int{19, 12, 6}, Hidden: relu, Output: softmax, Loss: squares, Batch: 9, Biases: true, Momentum: true}, runs: 2},
		{Step: Step{Sizes: []int{15, 21, 9, 5}, Hidden: relu, Output: softmax, Loss: entropy, Batch: 17, Biases: true, Momentum: true}, indexed: true, runs: 3},
		{Step: Step{Sizes: []int{15, 21, 9, 5}, Hidden: tanh, Output: softmax, Loss: entropy, Batch: 3, Biases: true}, indexed: true, shared: true, inPlace: true, runs: 2},
		{Step: Step{Sizes: []int{12, 8, 8, 1}, Hidden: sigmoid, Output: sigmoid, Loss: entropy, Batch: 8, Biases: true, Momentum: true}, shared: true, runs: 2},
		{Step: Step{Sizes: []int{10, 14, 11, 4}, Hidden: identity, Output: relu, Loss: squares, Batch: 6}, runs: 2, rate: 0.01},
		{Step: Step{Sizes: []int{784, 128, 10}, Hidden: relu, Output: softmax, Loss: entropy, Batch: 64, Biases: true, Momentum: true}, indexed: true, runs: 2},
		{Step: Step{Sizes: []int{784, 128, 10}, Hidden: relu, Output: softmax, Loss: entropy, Batch: 32, Biases: true, Momentum: true}, indexed: true, shared: true, runs: 1},
		{Step: Step{Sizes: []int{841, 30, 20, 10}, Hidden: tanh, Output: softmax, Loss: entropy, Batch: 1, Biases: true}, indexed: true, runs: 2},
	}
}

func (l *caseList) programs() {
	l.add("program", "chain", []string{"m=9,n=9"}, chain)
	if l.quick {
		n := networks()[4]
		l.add("program", "step", []string{n.String()}, func(p *judge.Problem) { newStep(p, n).train() })
		return
	}
	for _, n := range networks() {
		l.add("program", "step", []string{n.String()}, func(p *judge.Problem) { newStep(p, n).train() })
	}
	// An evaluation has no gradients, and sums Stats.
	for _, n := range append(networks()[3:7], signedNetworks()...) {
		l.add("program", "eval", []string{n.String()}, func(p *judge.Problem) {
			s := newStep(p, n)
			s.forward(false)
			s.p.Add(compute.ColumnSum{Dst: p.Output("Sum", 1, 2), Src: s.stats})
			for i := range s.runs {
				p.AddRun(compute.Args{Row: i * s.Batch})
			}
		})
	}
}

// chain is a program in which each op reads what the op before it wrote, in matrices that are
// written several times. So a wrong order shows.
func chain(p *judge.Problem) {
	a, b := p.State("A", 9, 9, p.Random(0.3)), p.Input("B", 9, 9, p.Random(0.3))
	c, sum := p.Output("C", 9, 9), p.Output("Sum", 1, 9)
	p.Add(compute.MatMul{Dst: c, A: a, B: b})
	p.Add(compute.ColumnSum{Dst: sum, Src: c})
	p.Add(compute.Activate{Dst: a, Src: c, Bias: sum, F: compute.Tanh})
	p.Add(compute.Fill{Dst: c, Value: 0.5})
	p.Add(compute.Delta{Dst: c, Back: c, Y: a, F: compute.Tanh})
	p.Add(compute.Update{W: a, G: c})
	p.Add(compute.Fill{Dst: sum, Value: -0.25})
	p.Add(compute.Activate{Dst: c, Src: a, Bias: sum, F: compute.ReLU})
	p.Add(compute.MatMul{Dst: a, A: c, B: b, TransA: true})
	for i := range 3 {
		p.AddRun(compute.Args{LearningRate: 0.1 * float32(i+1)})
	}
}
