package reference

import (
	"math"
	"slices"

	"shadegrad/compute"
)

func init() { register(loss) }

func loss(o compute.Loss, args compute.Args, m Memory) {
	delta, stats := NewMatrix(o.Z.Rows, o.Z.Cols), NewMatrix(o.Z.Rows, 2)
	for i, r := range LossRows(o, args, m) {
		if !r.Valid() {
			for j := range r.Z {
				delta.Row(i)[j] = math.NaN()
			}
			stats.Row(i)[0] = math.NaN()
			continue
		}
		for j, d := range r.Gradient() {
			delta.Row(i)[j] = float64(o.Scale) * float64(o.Weight) * d
		}
		stats.Row(i)[0] = float64(o.Weight) * r.Loss()
		if r.Hit() {
			stats.Row(i)[1] = 1
		}
	}
	if !o.Delta.IsZero() {
		m.Store(o.Delta, delta)
	}
	m.Store(o.Stats.RowRange(args.Row, o.Z.Rows), stats)
}

// A LossRow is op Loss for one row of the batch.
type LossRow struct {
	Op    compute.Loss
	Class int       // of the label, or −1 if there are targets
	T     []float64 // targets, or nil if the label is not a class
	Z     []float64 // weighted sums with the bias
	Y     []float64 // outputs F(Z)
}

// LossRows returns the rows of a batch.
func LossRows(o compute.Loss, args compute.Args, m Memory) []*LossRow {
	z, bias, targets := m.Load(o.Z), m.Load(o.Bias), m.Load(o.Targets)
	labels, index := m.Bytes(o.Labels), m.Index(o.Index)
	rows := make([]*LossRow, z.Rows)
	for i := range rows {
		r := &LossRow{Op: o, Class: -1, Z: Biased(z, bias, i)}
		r.Y = Outputs(o.F, r.Z)
		if targets != nil {
			r.T = targets.Row(i)
		} else {
			r.label(labels[visited(index, args.Row+i)])
		}
		rows[i] = r
	}
	return rows
}

// label sets the targets of a label, if it is a class.
func (r *LossRow) label(label byte) {
	n := len(r.Z)
	if r.Class = int(label); r.Class >= max(n, 2) {
		return
	}
	r.T = make([]float64, n)
	for j := range r.T {
		r.T[j] = float64(r.Op.Off)
		if n > 1 && j == r.Class || n == 1 && r.Class == 1 {
			r.T[j] = float64(r.Op.On)
		}
	}
}

// Valid reports whether the row has targets: its label is a class.
func (r *LossRow) Valid() bool { return r.T != nil }

// Loss returns E without Weight.
func (r *LossRow) Loss() (e float64) {
	logSum := LogSumExp(r.Z)
	for j, t := range r.T {
		switch {
		case r.Op.Kind == compute.SquaredError:
			e += (r.Y[j] - t) * (r.Y[j] - t)
		case r.Op.F == compute.Softmax:
			if t != 0 { // 0·ln y is 0, also where y is 0
				e += t * (logSum - r.Z[j])
			}
		default:
			// −ln σ(z) = softplus(−z) and −ln(1−σ(z)) = softplus(z).
			e += t*softplus(-r.Z[j]) + (1-t)*softplus(r.Z[j])
		}
	}
	return e
}

// Gradient returns ∂E/∂z without Weight and Scale.
func (r *LossRow) Gradient() []float64 {
	d := make([]float64, len(r.Z))
	sum, inner := 0., 0.
	for j, t := range r.T {
		sum += t
		inner += r.Y[j] * (r.Y[j] - t)
	}
	for j, t := range r.T {
		switch {
		case r.Op.Kind == compute.CrossEntropy && r.Op.F == compute.Softmax:
			// ∂(−ln y[k])/∂z[j] = y[j] − (1 where j = k).
			d[j] = r.Y[j]*sum - t
		case r.Op.Kind == compute.CrossEntropy:
			d[j] = r.Y[j] - t
		case r.Op.F == compute.Softmax:
			// ∂y[k]/∂z[j] = y[k]·((1 where j = k) − y[j]).
			d[j] = 2 * r.Y[j] * (r.Y[j] - t - inner)
		default:
			d[j] = 2 * (r.Y[j] - t) * Derivative(r.Op.F, r.Y[j])
		}
	}
	return d
}

// Hit reports whether the label's class is the network's answer. It is false if the loss has targets instead of labels.
func (r *LossRow) Hit() bool {
	if r.Class < 0 {
		return false
	}
	if len(r.Y) == 1 {
		side := r.Side()
		return r.Class == 1 && side >= 0 || r.Class == 0 && side < 0 // neither if side is NaN
	}
	for j, y := range r.Y {
		if below := y < r.Y[r.Class] || j >= r.Class && y == r.Y[r.Class]; !below {
			return false // as with a NaN anywhere
		}
	}
	return true
}

// Side returns how far the only output is from the middle of On and Off, on On's side.
func (r *LossRow) Side() float64 {
	side := r.Y[0] - (float64(r.Op.On)+float64(r.Op.Off))/2
	if r.Op.On < r.Op.Off {
		return -side
	}
	return side
}

// LogSumExp returns ln Σ e^z.
func LogSumExp(z []float64) float64 {
	top, sum := slices.Max(z), 0.
	for _, v := range z {
		sum += math.Exp(v - top)
	}
	return top + math.Log(sum)
}

// softplus returns ln(1 + e^z).
func softplus(z float64) float64 { return math.Max(z, 0) + math.Log1p(math.Exp(-math.Abs(z))) }
