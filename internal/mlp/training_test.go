package mlp_test

import (
	"fmt"
	"math"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/philox"
	"shadegrad/compute/reference"
	"shadegrad/cpu"
	"shadegrad/internal/mlp"
	"shadegrad/internal/mlp/mlptest"
)

// seed is that of the steps' random numbers.
const seed = 0x123456789ABCDEF

// put makes a network on a backend, with first values, and a set of samples that is visited
// from the last to the first.
func put(t *testing.T, b compute.Backend, c mlp.Config, rows int, tr mlp.Training, values [][]float32, list []mlptest.Sample) (*mlp.Network, mlp.Set) {
	t.Helper()
	fail := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	n, err := mlp.New(b, c, rows, tr)
	fail(err)
	fail(n.Load(n.Parameters(), values))
	if tr.Average > 0 {
		fail(n.Load(n.Averages(), values))
	}
	var s mlp.Set
	var pixels, labels []byte
	var numbers, targets []float32
	order := make([]uint32, len(list))
	for i := range list {
		x := list[len(list)-1-i]
		pixels, labels = append(pixels, x.Pixels...), append(labels, x.Label)
		numbers, targets = append(numbers, x.Values...), append(targets, x.Targets...)
		order[i] = uint32(len(list) - 1 - i)
	}
	if pixels != nil {
		s.Images, err = b.ShareBytes(len(list), c.Sizes[0], pixels)
		fail(err)
	} else {
		s.Values, err = b.Alloc(len(list), c.Sizes[0])
		fail(err)
		fail(b.Write(s.Values, numbers))
	}
	if c.Regression {
		s.Targets, err = b.Alloc(len(list), c.Outputs())
		fail(err)
		fail(b.Write(s.Targets, targets))
	} else {
		s.Labels, err = b.ShareBytes(len(list), 1, labels)
		fail(err)
	}
	s.Order, err = b.AllocIndex(len(list), len(list))
	fail(err)
	fail(b.WriteIndex(s.Order, order))
	s.Stats, err = b.Alloc(len(list), 2)
	fail(err)
	return n, s
}

func compiled(t *testing.T, b compute.Backend, p compute.Program, err error) compute.Executable {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	x, err := b.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func valuesOf(t *testing.T, n *mlp.Network, mats []compute.Mat) [][]float32 {
	t.Helper()
	v, err := n.Values(mats)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// dropped returns the samples of a batch with the dropout masks of a step. The mask of the inputs of
// layer l takes its random numbers from stream 2 + l, row by row.
func dropped(c mlp.Config, tr mlp.Training, step uint32, batch []mlptest.Sample) []mlptest.Sample {
	list := make([]mlptest.Sample, len(batch))
	for i, s := range batch {
		s.Keep = make([][]float64, c.Layers())
		for l, width := range c.Sizes[:c.Layers()] {
			rate := tr.Drop
			if l == 0 {
				rate = tr.DropInput
			}
			if rate == 0 {
				continue
			}
			r := philox.Stream{Seed: seed, ID: (16+2+uint64(l))<<32 | uint64(step)}
			s.Keep[l] = make([]float64, width)
			left := 65536 - math.Round(float64(rate)*65536) // of the numbers that a draw may be
			for j := range width {
				if float64(r.Half(uint64(i*width+j))) >= 65536-left {
					s.Keep[l][j] = 65536 / left
				}
			}
		}
		list[i] = s
	}
	return list
}

// An optimiser trains a plain network with the options of a Training in float64, by the equations
// of the papers.
type optimiser struct {
	t       mlp.Training
	v, s, a [][]float64
}

func newOptimiser(t mlp.Training, n *mlptest.Network) *optimiser {
	o := &optimiser{t, n.Zeros(), n.Zeros(), n.Zeros()}
	for i, list := range n.Params {
		copy(o.a[i], list)
	}
	return o
}

// step takes a step, counted from 1.
func (o *optimiser) step(n *mlptest.Network, batch []mlptest.Sample, rate, momentum float64, number int) {
	t, g := o.t, n.Gradient(batch)
	squares := 0.
	for _, list := range g {
		for j := range list {
			if t.Sum {
				list[j] *= float64(len(batch))
			}
			squares += list[j] * list[j]
		}
	}
	clip := 1.
	if norm := math.Sqrt(squares); t.Clip > 0 && norm > float64(t.Clip) {
		clip = float64(t.Clip) / norm
	}
	time := float64(number)
	for i, shape := range n.Config.Shapes() {
		for j, w := range n.Params[i] {
			d, decay := clip*g[i][j], 0.
			if !shape.Bias {
				d += float64(t.L2) * w
				if w != 0 {
					d += math.Copysign(float64(t.L1), w)
				}
				decay = rate * float64(t.Decay) * w
			}
			v, s := &o.v[i][j], &o.s[i][j]
			rho := float64(t.Rho)
			switch t.Rule {
			case compute.SGD:
				*v = momentum**v + d
				if !t.Velocity {
					*v = d
				}
				d = *v
			case compute.Nesterov:
				*v = momentum**v + d
				d += momentum * *v
			case compute.RMSProp:
				*s = rho**s + (1-rho)*d*d
				d /= math.Sqrt(*s) + float64(t.Epsilon)
			case compute.Adam:
				*v = momentum**v + (1-momentum)*d
				*s = rho**s + (1-rho)*d*d
				d = *v / (1 - math.Pow(momentum, time)) / (math.Sqrt(*s/(1-math.Pow(rho, time))) + float64(t.Epsilon))
			}
			n.Params[i][j] = w - rate*d - decay
		}
		if t.MaxNorm > 0 && !shape.Bias {
			bound(n.Params[i], shape.Cols, float64(t.MaxNorm))
		}
		for j, w := range n.Params[i] {
			beta := min(float64(t.Average), time/(9+time))
			o.a[i][j] = beta*o.a[i][j] + (1-beta)*w
		}
	}
}

// bound shortens the rows whose squared norm is beyond a limit.
func bound(w []float64, cols int, limit float64) {
	for ; len(w) > 0; w = w[cols:] {
		sum := 0.
		for _, v := range w[:cols] {
			sum += v * v
		}
		for j := range w[:cols] {
			w[j] *= min(1, math.Sqrt(limit/sum))
		}
	}
}

// trainings lists each part of a training, with each rule, and some together.
func trainings() map[string]mlp.Training {
	list := map[string]mlp.Training{}
	for _, rule := range compute.Rules() {
		base := mlp.Training{Rule: rule}
		if base.Squares() {
			// A large ε avoids dividing rounding errors by values near 0.
			base.Rho, base.Epsilon = 0.9, 0.01
		}
		for name, change := range map[string]func(*mlp.Training){
			"plain":     func(t *mlp.Training) {},
			"velocity":  func(t *mlp.Training) { t.Velocity = true },
			"L2":        func(t *mlp.Training) { t.L2 = 0.1 },
			"L1":        func(t *mlp.Training) { t.L1 = 0.05 },
			"decay":     func(t *mlp.Training) { t.Decay = 0.3 },
			"clip":      func(t *mlp.Training) { t.Clip = 0.1 },
			"wide clip": func(t *mlp.Training) { t.Clip = 1000 },
			"max-norm":  func(t *mlp.Training) { t.MaxNorm = 0.8 },
			"dropout":   func(t *mlp.Training) { t.DropInput, t.Drop = 0.2, 0.5 },
			"average":   func(t *mlp.Training) { t.Average = 0.15 },
			"sum":       func(t *mlp.Training) { t.Sum = true },
			"all": func(t *mlp.Training) {
				*t = mlp.Training{Rule: t.Rule, Rho: t.Rho, Epsilon: t.Epsilon, Velocity: true, L2: 0.01, L1: 0.02, Decay: 0.1,
					Clip: 0.3, MaxNorm: 1, DropInput: 0.1, Drop: 0.4, Average: 0.9}
			},
		} {
			tr := base
			change(&tr)
			list[fmt.Sprint(rule, ", ", name)] = tr
		}
	}
	return list
}

// TestTrainings takes three steps with each option of a training on the CPU and on the judge's
// reference. It compares parameters, velocities, squares and averages with those of the plain
// network.
func TestTrainings(t *testing.T) {
	for name, tr := range trainings() {
		t.Run(name, func(t *testing.T) {
			c := mlp.Config{Sizes: []int{6, 7, 5, 3}, Hidden: compute.Tanh, Output: compute.Softmax, Init: mlp.Xavier, Scale: 1. / 255, On: 1,
				NoBias: tr.Rule == compute.RMSProp && tr.Clip == 0}
			const rows, steps, rate, momentum = 4, 3, 0.125, 0.75
			bound := 2e-6
			if tr.Squares() { // where g ≪ ε a step is rate/ε times the gradient, with its roundings
				bound = steps * rate / float64(tr.Epsilon) * 0x1p-22
			}
			values, list := c.InitialParameters(5), samples(c, rows*steps)
			plain := mlptest.New(c, values)
			o := newOptimiser(tr, plain)
			for k := range steps {
				o.step(plain, dropped(c, tr, uint32(k), list[k*rows:(k+1)*rows]), rate, momentum, k+1)
			}
			for _, b := range []compute.Backend{cpu.New(), reference.New()} {
				n, set := put(t, b, c, rows+1, tr, values, list)
				p, err := n.TrainStep(set, rows)
				x, averages := compiled(t, b, p, err), compiled(t, b, n.AverageStep(1), nil)
				for k := range steps {
					args := compute.Args{Row: k * rows, LearningRate: rate, Momentum: momentum, Step: uint32(k), Seed: seed}
					x.Run(args)
					averages.Run(args)
				}
				near := func(what string, mats []compute.Mat, want [][]float64) {
					for i, got := range valuesOf(t, n, mats) {
						for j, v := range got {
							if math.Abs(float64(v)-want[i][j]) > bound*max(1, math.Abs(want[i][j])) {
								t.Fatalf("%s: element %d of the %s of %s is %v, want %v", b.Info().Backend, j, what, c.Shapes()[i].Name, v, want[i][j])
							}
						}
					}
				}
				near("values", n.Parameters(), plain.Params)
				near("velocities", n.Velocities(), o.v)
				near("squares", n.Squares(), o.s)
				near("averages", n.Averages(), o.a)
				kinds := map[bool]int{true: len(n.Parameters())}
				if len(n.Velocities()) != kinds[tr.Velocities()] || len(n.Squares()) != kinds[tr.Squares()] || len(n.Averages()) != kinds[tr.Average > 0] {
					t.Errorf("%d velocities, %d squares, %d averages", len(n.Velocities()), len(n.Squares()), len(n.Averages()))
				}
				b.Close()
			}
		})
	}
}

// TestDropoutGradients compares the gradients of networks with dropout with differences of
// their loss.
func TestDropoutGradients(t *testing.T) {
	for _, hidden := range []compute.Activation{compute.Identity, compute.Sigmoid, compute.Tanh, compute.ScaledTanh, compute.LeakyReLU} {
		for _, tr := range []mlp.Training{{DropInput: 0.3}, {Drop: 0.5}, {DropInput: 0.2, Drop: 0.4, Clip: 0.1}} {
			c := mlp.Config{Sizes: []int{6, 7, 5, 3}, Hidden: hidden, Output: compute.Softmax, Init: mlp.Uniform, Scale: 1. / 255, On: 0.9, Off: 0.05}
			values, list := c.InitialParameters(5), samples(c, 6)
			const step = 1234567
			thinned := dropped(c, tr, step, list)
			plain := mlptest.New(c, values)
			want := plain.Gradient(thinned)
			differences(t, plain, thinned, want)
			b := cpu.New()
			n, set := put(t, b, c, len(list), tr, values, list)
			p, err := n.GradientStep(set, len(list))
			compiled(t, b, p, err).Run(compute.Args{Step: step, Seed: seed})
			compare(t, c, valuesOf(t, n, n.Gradients()), want)
			b.Close()
		}
	}
}

// TestPenalties compares the direction of a step with differences of the loss including its
// penalties.
func TestPenalties(t *testing.T) {
	const l2, l1, h = 0.3, 0.2, 1e-5
	c := mlp.Config{Sizes: []int{6, 5, 3}, Hidden: compute.ScaledTanh, Output: compute.Sigmoid, Init: mlp.Uniform, Scale: 1. / 255, On: 1}
	values, list := c.InitialParameters(5), samples(c, 6)
	b := cpu.New()
	defer b.Close()
	n, set := put(t, b, c, len(list), mlp.Training{L2: l2, L1: l1}, values, list)
	p, err := n.TrainStep(set, len(list))
	compiled(t, b, p, err).Run(compute.Args{LearningRate: 1})
	after := valuesOf(t, n, n.Parameters())
	plain := mlptest.New(c, values)
	loss := func() float64 {
		e := plain.MeanLoss(list)
		for i, s := range c.Shapes() {
			for _, w := range plain.Params[i] {
				if !s.Bias {
					e += l2/2*w*w + l1*math.Abs(w)
				}
			}
		}
		return e
	}
	for i, s := range c.Shapes() {
		for j, w := range plain.Params[i] {
			plain.Params[i][j] = w + h
			up := loss()
			plain.Params[i][j] = w - h
			down := loss()
			plain.Params[i][j] = w
			if went, want := w-float64(after[i][j]), (up-down)/(2*h); math.Abs(went-want) > 2e-6 {
				t.Errorf("%s, element %d went down by %v, the slope is %v", s.Name, j, went, want)
			}
		}
	}
}

// TestRegression learns two lines y = a·x + b together and checks the outputs.
func TestRegression(t *testing.T) {
	c := mlp.Config{Sizes: []int{1, 2}, Output: compute.Identity, Loss: compute.SquaredError, Init: mlp.Xavier, Regression: true}
	var list []mlptest.Sample
	for i := range 20 {
		x := float32(i)/10 - 1
		list = append(list, mlptest.Sample{Values: []float32{x}, Targets: []float32{3*x - 2, -0.5*x + 7}})
	}
	b := cpu.New()
	defer b.Close()
	n, set := put(t, b, c, 20, mlp.Training{Rule: compute.Nesterov}, c.InitialParameters(1), list)
	p, err := n.TrainStep(set, 20)
	x := compiled(t, b, p, err)
	for range 200 {
		x.Run(compute.Args{LearningRate: 0.2, Momentum: 0.9})
	}
	v := valuesOf(t, n, n.Parameters())
	for i, want := range []float64{3, -0.5} {
		if math.Abs(float64(v[0][i])-want) > 1e-4 {
			t.Errorf("the slope of line %d is %v, want %v", i, v[0][i], want)
		}
	}
	p, err = n.EvalStep(set, 20)
	compiled(t, b, p, err).Run(compute.Args{})
	stats := make([]float32, 40)
	if err := b.Read(stats, set.Stats); err != nil {
		t.Fatal(err)
	}
	for i := range list {
		if stats[2*i] > 1e-6 || stats[2*i+1] != 0 {
			t.Errorf("sample %d has loss %v and %v hits", i, stats[2*i], stats[2*i+1])
		}
	}
	p, y, err := n.PredictStep(set, 7)
	compiled(t, b, p, err).Run(compute.Args{Row: 3})
	got := make([]float32, 14)
	if err := b.Read(got, y); err != nil {
		t.Fatal(err)
	}
	for i := range 7 {
		for j, want := range list[3+i].Targets {
			if math.Abs(float64(got[2*i+j]-want)) > 1e-3 {
				t.Errorf("output %d of sample %d is %v, want %v", j, i, got[2*i+j], want)
			}
		}
	}
}

// TestXOR learns XOR, which no single layer can represent.
func TestXOR(t *testing.T) {
	c := mlp.Config{Sizes: []int{2, 4, 1}, Hidden: compute.Tanh, Output: compute.Sigmoid, Loss: compute.SquaredError,
		Init: mlp.Xavier, On: 1, Reduction: mlp.ReduceHalf}
	var list []mlptest.Sample
	for i := range 4 {
		x, y := i%2, i/2
		list = append(list, mlptest.Sample{Values: []float32{float32(x), float32(y)}, Label: byte(x ^ y)})
	}
	b := cpu.New()
	defer b.Close()
	n, set := put(t, b, c, 4, mlp.Training{Sum: true, Rule: compute.Adam, Rho: 0.999, Epsilon: 1e-8}, c.InitialParameters(3), list)
	p, err := n.TrainStep(set, 4)
	x := compiled(t, b, p, err)
	for step := range 500 {
		x.Run(compute.Args{LearningRate: 0.05, Momentum: 0.9, Step: uint32(step)})
	}
	stats := make([]float32, 8)
	if err := b.Read(stats, set.Stats); err != nil {
		t.Fatal(err)
	}
	for i := range list {
		if stats[2*i] > 0.01 || stats[2*i+1] != 1 {
			t.Errorf("sample %d has loss %v and %v hits", i, stats[2*i], stats[2*i+1])
		}
	}
}

// TestAveraged evaluates the averages in the network's own memory. Its parameters must not
// change.
func TestAveraged(t *testing.T) {
	c := deep
	c.Scale, c.Init = 1./255, mlp.Uniform
	values, other, list := c.InitialParameters(5), c.InitialParameters(6), samples(c, 6)
	b := cpu.New()
	defer b.Close()
	n, set := put(t, b, c, 6, mlp.Training{Average: 0.9}, values, list)
	if err := n.Load(n.Averages(), other); err != nil {
		t.Fatal(err)
	}
	a := n.Averaged()
	p, err := a.EvalStep(set, 6)
	compiled(t, b, p, err).Run(compute.Args{})
	stats := make([]float32, 12)
	if err := b.Read(stats, set.Stats); err != nil {
		t.Fatal(err)
	}
	plain := mlptest.New(c, other)
	for i, s := range list {
		if want := plain.Loss(s); math.Abs(float64(stats[2*i])-want) > 1e-5 {
			t.Errorf("sample %d has loss %v, want %v", i, stats[2*i], want)
		}
	}
	for i, v := range valuesOf(t, n, n.Parameters()) {
		for j := range v {
			if v[j] != values[i][j] {
				t.Fatalf("%s has changed", c.Shapes()[i].Name)
			}
		}
	}
	for _, op := range ofOps[compute.Average](n.AverageStep(3)) {
		if math.Abs(float64(op.Decay)-0.729) > 1e-6 {
			t.Errorf("the decay of three steps is %v, want 0.9³", op.Decay)
		}
	}
	a.Free() // owns nothing
	if err := n.Load(n.Averages(), values); err != nil {
		t.Errorf("the averages are gone: %v", err)
	}
	if same, _ := put(t, b, c, 6, mlp.Training{}, values, list); same.Averaged() != same {
		t.Error("a network without averages is another one averaged")
	}
}
