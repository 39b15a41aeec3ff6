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
	base := network{Step: Step{Sizes: []int{30, 21, 10}, Hidden: relu, Output: softmax, Batch: 9, Biases: true},
		indexed: true, scratch: true, sparse: true, runs: 3, backFirst: true}
	with := func(n network, t Step) network {
		n.Update, n.MaxNorm, n.Average, n.DropInput, n.Drop = t.Update, t.MaxNorm, t.Average, t.DropInput, t.Drop
		n.Warp, n.Numbers, n.Regression = t.Warp, t.Numbers, t.Regression
		return n
	}
	momentum, wide, deep, whole := base, base, base, base
	momentum.Momentum = true
	wide.Sizes, wide.Batch, wide.runs, wide.Momentum = []int{784, 128, 10}, 64, 2, true
	deep.Sizes, deep.Hidden = []int{40, 36, 33, 20, 10}, compute.ScaledTanh
	whole.sparse, whole.Hidden = false, compute.LeakyReLU
	list := []network{
		base, momentum,
		with(base, Step{DropInput: 0.2}), with(base, Step{Drop: 0.5}), with(momentum, Step{DropInput: 0.2, Drop: 0.5}),
		with(momentum, Step{DropInput: 0.2, Update: compute.Update{Clip: 0.05, L2: 0.01}}),
		with(wide, Step{DropInput: 0.2, Drop: 0.5}), with(deep, Step{Drop: 0.3}),
		with(momentum, Step{Update: compute.Update{Rule: compute.Nesterov}}),
		with(base, Step{Update: compute.Update{Rule: compute.RMSProp, Rho: 0.9, Epsilon: 1e-7}}),
		with(base, Step{Update: adam}), with(wide, Step{Update: adam}), with(whole, Step{Update: adam}),
		with(base, Step{Update: adamW}), with(base, Step{Update: clipped}), with(wide, Step{Update: clipped}),
		with(deep, Step{Update: clipped}), with(whole, Step{Update: clipped, Drop: 0.5, DropInput: 0.1}),
		with(momentum, Step{Update: compute.Update{L2: 0.01, L1: 0.002, Clip: 0.05}}),
		with(base, Step{Update: compute.Update{L1: 0.01}}), with(momentum, Step{Update: compute.Update{Decay: 0.1}}),
		with(base, Step{MaxNorm: 0.5}), with(wide, Step{MaxNorm: 1, DropInput: 0.2, Drop: 0.5}),
		with(base, Step{Average: 0.99}), with(wide, Step{Update: adam, Average: 0.999}),
	}
	regression := base
	regression.Output, regression.Loss, regression.Hidden = identity, compute.SquaredError, tanh
	list = append(list, with(regression, Step{Numbers: true, Regression: true}),
		with(regression, Step{Regression: true, Update: adam}), with(regression, Step{Numbers: true, Regression: true, Drop: 0.25}))
	spiral := base
	spiral.Sizes, spiral.Hidden, spiral.Batch = []int{2, 100, 3}, relu, 50
	list = append(list, with(spiral, Step{Numbers: true, Update: compute.Update{L2: 1e-3}}))

	turned := compute.Warp{Rotation: 0.26, Scaling: 0.15, Shear: 0.1, Translation: 1, Calm: 1<<1 | 1<<7}
	elastic := turned
	elastic.Alpha = [2]float32{8, 9}
	// Small images, and images of MNIST's size.
	for _, size := range []shape{{9, 7}, {28, 28}} {
		turned.Width, turned.Height = size.m, size.n
		elastic.Width, elastic.Height = size.m, size.n
		n := momentum
		n.Sizes, n.Batch, n.sparse = []int{size.m * size.n, 20, 10}, 12, false
		list = append(list, with(n, Step{Warp: turned}), with(n, Step{Warp: elastic}),
			with(n, Step{Warp: elastic, DropInput: 0.2, Drop: 0.5, Update: adam, Average: 0.9}),
			with(n, Step{Warp: turned, Update: clipped, MaxNorm: 2}))
		n.sparse, n.Batch = true, 1
		list = append(list, with(n, Step{Warp: elastic}))
	}

	// Matrices so large that backends split them, and batches so large that backends sum the gradient
	// in parts.
	for _, u := range []compute.Update{adamW, clipped, {Rule: compute.RMSProp, Rho: 0.9, Epsilon: 1e-7, L2: 0.01}, {Rule: compute.Nesterov, L1: 0.002}} {
		n := base
		n.runs, n.Momentum = 2, u.Rule == compute.Nesterov
		large, long := n, n
		large.Sizes, large.Batch, large.sparse = []int{36, 370, 370, 10}, 5, false
		long.Sizes, long.Batch = []int{40, 130, 10}, 520
		list = append(list, with(large, Step{Update: u}), with(long, Step{Update: u}))
	}
	// The average must use the limited weights, even if another worker limits them.
	wide.Sizes = []int{784, 100, 10}
	list = append(list, with(wide, Step{MaxNorm: 0.5, Average: 0.9}))

	// Outputs of scaled tanh and leaky ReLU, with targets of −1 and 1 and with numbers, and with other ops that a backend may
	// fuse with the loss. The last is the network of 2010 at a smaller size.
	for _, f := range []compute.Activation{compute.ScaledTanh, compute.LeakyReLU} {
		n := momentum
		n.Hidden, n.Output, n.Loss, n.on, n.off, n.weight = f, f, compute.SquaredError, 1, -1, 0.5
		list = append(list, with(n, Step{DropInput: 0.2, Drop: 0.5}), with(n, Step{Update: adam}), with(n, Step{Update: clipped, Drop: 0.25}),
			with(n, Step{Numbers: true, Regression: true, Update: compute.Update{L2: 0.01}}))
	}
	warped := base
	warped.Hidden, warped.Output, warped.Loss, warped.on, warped.off, warped.weight = compute.ScaledTanh, compute.ScaledTanh, compute.SquaredError, 1, -1, 0.5
	warped.Sizes, warped.Batch, warped.sparse, warped.shift = []int{28 * 28, 24, 20, 16, 12, 10}, 1, false, -1
	elastic.Width, elastic.Height = 28, 28
	return append(list, with(warped, Step{Warp: elastic}))
}

// quickNetwork returns a small step for the self-test, with Adam and with numbers as targets. It is deep, so that a backend fuses dropout
// with layers and with their errors. Most of its layers allow loads of four values, and one does not. It has one batch, because
// each further batch widens the bounds.
func quickNetwork() network {
	return network{Step: Step{Sizes: []int{16, 12, 9, 8, 4}, Hidden: compute.Tanh, Output: compute.Identity, Loss: compute.SquaredError, Batch: 32, Biases: true, DropInput: 0.2, Drop: 0.4, Regression: true, Update: compute.Update{Rule: compute.Adam, Rho: 0.999, Epsilon: 1e-7}}, indexed: true, scratch: true, sparse: true, runs: 1, backFirst: true}
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
