package cpu

import (
	"math"

	"shadegrad/compute"
	"shadegrad/internal/simd"
)

func init() { register((*plan).lossNode) }

// loss is compute.Loss.
type loss struct {
	compute.Loss
	delta, stats, z, bias []float32
	targets               []float32 // nil if there are labels
	labels                []byte
	index                 []uint32
	perWorker             []lossScratch
	classes               bool // cross-entropy of softmax with a target for the labelled class alone
}

func (l *plan) lossNode(_ int, o compute.Loss) *node {
	s := &loss{Loss: o, delta: data(o.Delta), stats: data(o.Stats), z: data(o.Z), bias: data(o.Bias), targets: data(o.Targets)}
	if s.targets == nil {
		s.labels, s.index = o.Labels.Buf.(*buffer[byte]).data, rowNumbers(o.Index)
	}
	s.classes = s.targets == nil && o.Kind == compute.CrossEntropy && o.F == compute.Softmax && o.Off == 0 && o.Z.Cols > 1
	for range l.backend.engines {
		n := min(chunk, o.Z.Rows) * o.Z.Cols
		s.perWorker = append(s.perWorker, lossScratch{z: make([]float32, n), y: make([]float32, n)})
	}
	// Only the batch's rows of Stats are written, but a run decides which.
	return &node{row: s, rows: o.Z.Rows, cost: 64 * float64(o.Z.Len()),
		in: append(localSpans(o.Z, o.Targets), spans(o.Bias)...), out: append(localSpans(o.Delta), spans(o.Stats)...)}
}

// lossScratch is a worker's z and y of a chunk of rows.
type lossScratch struct{ z, y []float32 }

func (l *loss) rows(worker, lo, hi int, args *compute.Args) {
	n := l.Z.Cols
	z, y := l.perWorker[worker].z[:(hi-lo)*n], l.perWorker[worker].y[:(hi-lo)*n]
	copy(z, l.z[lo*n:hi*n])
	if l.bias != nil {
		simd.AddBias(z, l.bias)
	}
	copy(y, z)
	apply(l.F, y, n)
	for i := lo; i < hi; i++ {
		at, end := (i-lo)*n, (i-lo+1)*n
		r := lossRow{loss: l, z: z[at:end], y: y[at:end]}
		if l.targets != nil {
			r.targets, r.valid = l.targets[i*n:(i+1)*n], true
		} else {
			r.class = int(l.labels[rowNumber(l.index, args.Row+i)])
			r.valid = r.class < max(n, 2)
		}
		if l.classes && r.valid && l.classify(r, i, args.Row+i) {
			continue
		}
		e, hit := r.value(), r.hit()
		l.stats[2*(args.Row+i)], l.stats[2*(args.Row+i)+1] = float32(e), hit
		if l.delta != nil {
			r.gradient(l.delta[i*n : (i+1)*n])
		}
	}
}

// leastProbability is the smallest output whose logarithm is used. Smaller ones lose digits, and 0
// loses all.
const leastProbability = 1e-30

// classify does row i of the batch, row at of the statistics, if the loss is
//
//	E = −Weight·On·ln y[class]
//
// It computes the results of value, hit and gradient in one pass. It does nothing and reports
// false if y[class] is below leastProbability or NaN.
func (l *loss) classify(r lossRow, i, at int) bool {
	y := r.y[r.class]
	if !(y >= leastProbability) {
		return false
	}
	hit, z := float32(1), r.z[r.class]
	for j, other := range r.z {
		if other > z || other == z && j < r.class {
			hit = 0
		}
	}
	stats := l.stats[2*at : 2*at+2]
	stats[0], stats[1] = float32(-math.Log(float64(y))*float64(l.Weight)*float64(l.On)), hit
	if l.delta != nil {
		factor := l.Scale * l.Weight * l.On
		delta := l.delta[i*len(r.y) : (i+1)*len(r.y)]
		for j, y := range r.y {
			delta[j] = factor * y
		}
		delta[r.class] = factor * (y - 1)
	}
	return true
}

// A lossRow is one sample: its sums z, its outputs y and its class or targets.
type lossRow struct {
	*loss
	z, y    []float32
	targets []float32 // nil if there is a class
	class   int
	valid   bool // the label is a class, or there are targets
}

// target returns t[j].
func (r lossRow) target(j int) float64 {
	if r.targets != nil {
		return float64(r.targets[j])
	}
	on := j == r.class
	if len(r.z) == 1 {
		on = r.class == 1
	}
	if on {
		return float64(r.On)
	}
	return float64(r.Off)
}

// value returns E, summed in float64.
func (r lossRow) value() float64 {
	if !r.valid {
		return math.NaN()
	}
	e := 0.0
	switch {
	case r.Kind == compute.SquaredError:
		for j, y := range r.y {
			d := float64(y) - r.target(j)
			e += d * d
		}
	case r.F == compute.Softmax:
		// ln y[j] = z[j] − z[k] + ln y[k]. For the largest z[k] the last term
		// is between −ln n and 0, so a tiny y[j] loses no digits.
		k := largest(r.z)
		norm := float64(r.z[k]) - math.Log(float64(r.y[k]))
		for j, z := range r.z {
			if t := r.target(j); t != 0 {
				e += t * (norm - float64(z))
			}
		}
	default:
		// −ln y = softplus(−z) and −ln(1−y) = softplus(z).
		for j, z := range r.z {
			t := r.target(j)
			e += t*softplus(-float64(z)) + (1-t)*softplus(float64(z))
		}
	}
	return float64(r.Weight) * e
}

// largest returns the index of the first of the largest values.
func largest(z []float32) int {
	k := 0
	for j, v := range z {
		if v > z[k] {
			k = j
		}
	}
	return k
}

// softplus returns ln(1+e^z) without overflow.
func softplus(z float64) float64 { return max(z, 0) + math.Log1p(math.Exp(-math.Abs(z))) }

// hit returns 1 if the largest output is that of the label's class, else 0. It returns 0 for
// targets, and if an output is NaN: the comparisons are written so that NaN fails them.
func (r lossRow) hit() float32 {
	if !r.valid || r.targets != nil {
		return 0
	}
	if len(r.z) == 1 {
		side := float64(r.y[0]) - (float64(r.On)+float64(r.Off))/2
		if r.On < r.Off {
			side = -side
		}
		if r.class == 1 && side >= 0 || r.class == 0 && side < 0 {
			return 1
		}
		return 0
	}
	if y := r.y[r.class]; y != y { // softmax of an infinite sum is NaN
		return 0
	}
	labelled := r.rank(r.class)
	for j := range r.z {
		if other := r.rank(j); !(other < labelled || other == labelled && j >= r.class) {
			return 0
		}
	}
	return 1
}

// rank returns a number that orders the outputs as y does. Rounding makes large y equal, so rank
// uses z, except for ReLU, which makes different z equal itself.
func (r lossRow) rank(j int) float32 {
	if r.F == compute.ReLU {
		return r.y[j]
	}
	return r.z[j]
}

// gradient writes Scale·∂E/∂z.
func (r lossRow) gradient(dst []float32) {
	factor := float64(r.Scale) * float64(r.Weight)
	if !r.valid {
		factor = math.NaN()
	}
	switch {
	case r.Kind == compute.SquaredError && r.F == compute.Softmax:
		// ∂y[k]/∂z[j] = y[k]·([j = k] − y[j])
		inner := 0.0
		for k, y := range r.y {
			inner += 2 * (float64(y) - r.target(k)) * float64(y)
		}
		for j, y := range r.y {
			dst[j] = float32(factor * float64(y) * (2*(float64(y)-r.target(j)) - inner))
		}
	case r.Kind == compute.SquaredError:
		for j, y := range r.y {
			dst[j] = float32(factor * 2 * (float64(y) - r.target(j)) * derivative(r.F, float64(y)))
		}
	case r.F == compute.Softmax:
		total := 0.0
		for j := range r.y {
			total += r.target(j)
		}
		for j, y := range r.y {
			dst[j] = float32(factor * (float64(y)*total - r.target(j)))
		}
	default:
		for j, y := range r.y {
			dst[j] = float32(factor * (float64(y) - r.target(j)))
		}
	}
}

// derivative returns F′ as a function of the output y.
func derivative(f compute.Activation, y float64) float64 {
	switch f {
	case compute.Sigmoid:
		return y * (1 - y)
	case compute.Tanh:
		return 1 - y*y
	case compute.ScaledTanh:
		return (compute.TanhAmplitude - y) * (compute.TanhAmplitude + y) * (compute.TanhSlope / compute.TanhAmplitude)
	case compute.LeakyReLU:
		if y > 0 {
			return 1
		}
		return compute.Leak
	case compute.ReLU:
		if y > 0 {
			return 1
		}
		return 0
	}
	return 1
}
