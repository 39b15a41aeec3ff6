package cases

import (
	"shadegrad/compute"
	"shadegrad/compute/judge"
)

// trainedNetworks returns steps with the options of a training, one at a time and several
// together.
func trainedNetworks() []network {
	const relu, softmax, tanh, identity = compute.ReLU, compute.Softmax, compute.Tanh, compute.Identity
	adam := compute.Update{Rule: compute.Adam, Rho: 0.999, Epsilon: 1e-7}
	adamW, clipped := adam, adam
	adamW.Decay = 0.05
	clipped.L2, clipped.Clip = 0.01, 0.1
	base := network{sizes: []int{30, 21, 10}, hidden: relu, output: softmax, batch: 9, biases: true, indexed: true,
		scratch: true, sparse: true, runs: 3, training: training{backFirst: true}}
	with := func(n network, t training) network {
		t.backFirst = true
		n.training = t
		return n
	}
	momentum, wide, deep, whole := base, base, base, base
	momentum.momentum = true
	wide.sizes, wide.batch, wide.runs, wide.momentum = []int{784, 128, 10}, 64, 2, true
	deep.sizes, deep.hidden = []int{40, 36, 33, 20, 10}, compute.ScaledTanh
	whole.sparse, whole.hidden = false, compute.LeakyReLU
	list := []network{
		base, momentum,
		with(base, training{dropIn: 0.2}), with(base, training{drop: 0.5}), with(momentum, training{dropIn: 0.2, drop: 0.5}),
		with(momentum, training{dropIn: 0.2, update: compute.Update{Clip: 0.05, L2: 0.01}}),
		with(wide, training{dropIn: 0.2, drop: 0.5}), with(deep, training{drop: 0.3}),
		with(momentum, training{update: compute.Update{Rule: compute.Nesterov}}),
		with(base, training{update: compute.Update{Rule: compute.RMSProp, Rho: 0.9, Epsilon: 1e-7}}),
		with(base, training{update: adam}), with(wide, training{update: adam}), with(whole, training{update: adam}),
		with(base, training{update: adamW}), with(base, training{update: clipped}), with(wide, training{update: clipped}),
		with(deep, training{update: clipped}), with(whole, training{update: clipped, drop: 0.5, dropIn: 0.1}),
		with(momentum, training{update: compute.Update{L2: 0.01, L1: 0.002, Clip: 0.05}}),
		with(base, training{update: compute.Update{L1: 0.01}}), with(momentum, training{update: compute.Update{Decay: 0.1}}),
		with(base, training{limit: 0.5}), with(wide, training{limit: 1, dropIn: 0.2, drop: 0.5}),
		with(base, training{average: 0.99}), with(wide, training{update: adam, average: 0.999}),
	}
	regression := base
	regression.output, regression.kind, regression.hidden = identity, compute.SquaredError, tanh
	list = append(list, with(regression, training{numbers: true, regression: true}),
		with(regression, training{regression: true, update: adam}), with(regression, training{numbers: true, regression: true, drop: 0.25}))
	spiral := base
	spiral.sizes, spiral.hidden, spiral.batch = []int{2, 100, 3}, relu, 50
	list = append(list, with(spiral, training{numbers: true, update: compute.Update{L2: 1e-3}}))

	turned := compute.Warp{Rotation: 0.26, Scaling: 0.15, Shear: 0.1, Translation: 1, Calm: 1<<1 | 1<<7}
	elastic := turned
	elastic.Alpha = [2]float32{8, 9}
	// Small images, and images of MNIST's size.
	for _, size := range []shape{{9, 7}, {28, 28}} {
		turned.Width, turned.Height = size.m, size.n
		elastic.Width, elastic.Height = size.m, size.n
		n := momentum
		n.sizes, n.batch, n.sparse = []int{size.m * size.n, 20, 10}, 12, false
		list = append(list, with(n, training{warp: turned}), with(n, training{warp: elastic, elastic: true}),
			with(n, training{warp: elastic, elastic: true, dropIn: 0.2, drop: 0.5, update: adam, average: 0.9}),
			with(n, training{warp: turned, update: clipped, limit: 2}))
		n.sparse, n.batch = true, 1
		list = append(list, with(n, training{warp: elastic, elastic: true}))
	}

	// Matrices so large that backends split them, and batches so large that backends sum the gradient
	// in parts.
	for _, u := range []compute.Update{adamW, clipped, {Rule: compute.RMSProp, Rho: 0.9, Epsilon: 1e-7, L2: 0.01}, {Rule: compute.Nesterov, L1: 0.002}} {
		n := base
		n.runs, n.momentum = 2, u.Rule == compute.Nesterov
		large, long := n, n
		large.sizes, large.batch, large.sparse = []int{36, 370, 370, 10}, 5, false
		long.sizes, long.batch = []int{40, 130, 10}, 520
		list = append(list, with(large, training{update: u}), with(long, training{update: u}))
	}
	// The average must use the limited weights, even if another worker limits them.
	wide.sizes = []int{784, 100, 10}
	list = append(list, with(wide, training{limit: 0.5, average: 0.9}))

	// Outputs of scaled tanh and leaky ReLU, with targets of −1 and 1 and with numbers, and with other ops that a backend may
	// fuse with the loss. The last is the network of 2010 at a smaller size.
	for _, f := range []compute.Activation{compute.ScaledTanh, compute.LeakyReLU} {
		n := momentum
		n.hidden, n.output, n.kind, n.on, n.off, n.weight = f, f, compute.SquaredError, 1, -1, 0.5
		list = append(list, with(n, training{dropIn: 0.2, drop: 0.5}), with(n, training{update: adam}), with(n, training{update: clipped, drop: 0.25}),
			with(n, training{numbers: true, regression: true, update: compute.Update{L2: 0.01}}))
	}
	warped := base
	warped.hidden, warped.output, warped.kind, warped.on, warped.off, warped.weight = compute.ScaledTanh, compute.ScaledTanh, compute.SquaredError, 1, -1, 0.5
	warped.sizes, warped.batch, warped.sparse, warped.shift = []int{28 * 28, 24, 20, 16, 12, 10}, 1, false, -1
	elastic.Width, elastic.Height = 28, 28
	return append(list, with(warped, training{warp: elastic, elastic: true}))
}

// quickNetwork returns a small step for the self-test, with Adam and with numbers as targets. It is deep, so that a backend fuses dropout
// with layers and with their errors. Most of its layers allow loads of four values, and one does not. It has one batch, because
// each further batch widens the bounds.
func quickNetwork() network {
	return network{sizes: []int{16, 12, 9, 8, 4}, hidden: compute.Tanh, output: compute.Identity, kind: compute.SquaredError, batch: 32,
		biases: true, indexed: true, scratch: true, sparse: true, runs: 1, training: training{dropIn: 0.2, drop: 0.4, regression: true,
			backFirst: true, update: compute.Update{Rule: compute.Adam, Rho: 0.999, Epsilon: 1e-7}}}
}

// trainings adds each step with and without scratch.
func (l *caseList) trainings() {
	list := trainedNetworks()
	if l.quick {
		list = list[4:5]
		list = append(list, trainedNetworks()[17], trainedNetworks()[30], quickNetwork())
	}
	for _, n := range list {
		for _, scratch := range both {
			if n.scratch = scratch; scratch || !l.quick {
				l.add("program", "step", []string{n.String()}, func(p *judge.Problem) { newStep(p, n).train() })
			}
		}
	}
}
